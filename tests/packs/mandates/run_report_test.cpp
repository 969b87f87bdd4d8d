#include "packs/mandates/run_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/markdown.hpp"
#include "packs/mandates/pdf.hpp"
#include "packs/mandates/sandbox_fixture.hpp"
#include "packs/mandates/scripted_world.hpp"
#include "support/process.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::HasSubstr;
using testing::Not;

class RunReport : public testing::Test {
 protected:
  RunReport() {
    MandateSpec spec{.goal = "Greet\n```\n# all", .workspace = "/w"};
    spec.run_calls = 7;
    spec.mandate_tokens = 900;
    mandate_ = create_mandate(*engine_->store, "greeter", spec_text(spec)).value();
  }
  std::int64_t begin() {
    const auto run = engine_->runs().create(mandate_.n, "a <b>test</b>").value();
    finish();
    return run;
  }
  void finish() {
    while (engine_->work()) {
    }
  }
  std::string report(std::int64_t run) {
    const auto text = run_report(*engine_->store, *engine_->ledger, engine_->run(run).id);
    return text ? *text : text.error().message;
  }

  const test::ScratchDirectory directory_{"mandates-report"};
  test::HeldClock clock_;
  test::ScriptedWorld world_{directory_ / "world"};
  std::unique_ptr<test::Engine> engine_ =
      test::Engine::open(directory_ / "state", clock_, world_).value();
  Mandate mandate_;
};

TEST_F(RunReport, TellsWhatARunWasForDidAndCost) {
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto run = begin();
  EXPECT_THAT(report(run), HasSubstr("- state: blocked\n"));
  EXPECT_THAT(report(run), HasSubstr("pending; digest "));
  const std::string proposal = engine_->approvals().pending().value().front();
  ASSERT_TRUE(engine_->approvals().decide(proposal, Verdict::approve, "Ada", "fine"));
  finish();
  const std::string text = report(run);
  EXPECT_THAT(text, HasSubstr("# Run "));
  EXPECT_THAT(text, HasSubstr("- mandate: greeter ("));
  EXPECT_THAT(text, HasSubstr("- state: ended, succeeded\n"));
  EXPECT_THAT(text, HasSubstr("- begun by: a \\<b\\>test\\</b\\>\n"));
  EXPECT_THAT(text, HasSubstr("- spent: 3 calls of the model, 300 tokens, cost 0.006000, "));
  EXPECT_THAT(text, HasSubstr("- may spend: 7 calls a run, 900 tokens in all\n"));
  EXPECT_THAT(text, HasSubstr("## Goal\n\n````\nGreet\n```\n# all\n````\n"));
  EXPECT_THAT(text, HasSubstr("## Cycle 1\n\n### Observed\n"));
  EXPECT_THAT(text, HasSubstr("```\ncycle 1\n```\n"));
  EXPECT_THAT(text, HasSubstr("### Acted\n"));
  EXPECT_THAT(text, HasSubstr("- a: done\n"));
  EXPECT_THAT(text, HasSubstr("used; approved by Ada at "));
  EXPECT_THAT(text, HasSubstr(" (fine); digest "));
  EXPECT_THAT(text, HasSubstr("## Effects\n\n- "));
  const auto head = engine_->store->audit().value().head;
  EXPECT_THAT(text, HasSubstr("the last with the hash " + hex(head.hash)));
  EXPECT_THAT(text, HasSubstr(" proposal_decided proposal=" + proposal));
  EXPECT_THAT(text, HasSubstr(" run_ended run="));
}

TEST_F(RunReport, SaysWhatIsLeftOutAndWhatDoesNotHold) {
  const auto run = begin();
  const auto other = begin();
  EXPECT_THAT(report(run), Not(HasSubstr(engine_->run(other).id)));
  EXPECT_EQ(run_report(*engine_->store, *engine_->ledger, "none").error().code, Errc::not_found);
  const std::string journal = directory_ / "state/journal";
  std::string bytes = test::read_file(journal);
  bytes[bytes.size() / 2] ^= 1;
  test::write_file(journal, bytes);
  EXPECT_THAT(report(run), HasSubstr("It does not hold: "));
}

// ---- As PDF ---------------------------------------------------------------------------------

class ReportAsPdf : public RunReport, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override { HEARTH_NEEDS_SANDBOX(); }
  static Result<Pdf> pdf_of(const std::string& markdown) {
    return to_pdf(**test_sandbox(), markdown, {}, GetParam());
  }
  // What a reader of the PDF sees.
  std::string text_of(const std::string& pdf) {
    test::write_file(directory_ / "report.pdf", pdf);
    const auto done =
        test::run({.words = {"/usr/bin/pdftotext", "-layout", directory_ / "report.pdf", "-"}},
                  std::chrono::seconds(60));
    EXPECT_EQ(done.exit_code, 0) << done.describe();
    return done.out;
  }
};

#define HEARTH_NEEDS_PDF(pdf)                              \
  if (!(pdf) && (pdf).error().code == Errc::unsupported) { \
    GTEST_SKIP() << (pdf).error().message;                 \
  }                                                        \
  ASSERT_TRUE(pdf) << (pdf).error().message

TEST_P(ReportAsPdf, IsReadAsTheMarkdownIs) {
  const auto run = begin();
  const auto pdf = pdf_of(report(run));
  HEARTH_NEEDS_PDF(pdf);
  const std::string seen = text_of(pdf->bytes);
  EXPECT_THAT(seen, HasSubstr("mandate: greeter ("));
  EXPECT_THAT(seen, HasSubstr("begun by: a <b>test</b>"));
  EXPECT_THAT(seen, HasSubstr("# all"));
}

// Neither HTML, nor TeX, nor groff's requests, nor anything that would be loaded.
TEST_P(ReportAsPdf, AttackTextsThatWantToBeMore) {
  test::write_file(directory_ / "secret", "the-secret-itself");
  const std::string path = directory_ / "secret";
  Markdown text;
  for (const std::string& attack :
       {"<iframe src=\"file://" + path + "\"></iframe><script>x</script>",
        "\n.so " + path + "\n.sy cat " + path + "\n'pso cat " + path,
        "\\X'pdf: xxx' \\input{" + path + "} $\\input{" + path + "}$",
        "![x](file://" + path + ") [l](http://127.0.0.1:1/)",
        std::string("~~~{=html}\n<b>raw</b>\n~~~\n```{=ms}\n.so ") + path + "\n```"}) {
    text.paragraph(attack);
    text.item(attack, attack);
    text.block(attack);
  }
  const auto pdf = pdf_of(text.text());
  HEARTH_NEEDS_PDF(pdf);
  const std::string seen = text_of(pdf->bytes);
  EXPECT_THAT(seen, Not(HasSubstr("the-secret-itself")));
  EXPECT_THAT(seen, HasSubstr(".so /"));
  EXPECT_THAT(seen, HasSubstr("<iframe src="));
  EXPECT_THAT(pdf->bytes, Not(HasSubstr("/URI"))) << "no link";
}

TEST_P(ReportAsPdf, SaysWhichCharactersItLacks) {
  const auto pdf = pdf_of("é 漢 →\n");
  HEARTH_NEEDS_PDF(pdf);
  const bool is_groff = std::string_view(GetParam()) == "groff";
  EXPECT_EQ(pdf->missing, is_groff ? "U+6F22" : "");
  EXPECT_THAT(text_of(pdf->bytes), HasSubstr("é"));
}

TEST_P(ReportAsPdf, IsStopped) {
  std::stop_source source;
  source.request_stop();
  const auto pdf = to_pdf(**test_sandbox(), "x", source.get_token());
  ASSERT_FALSE(pdf);
  EXPECT_EQ(pdf.error().code, Errc::cancelled);
}

INSTANTIATE_TEST_SUITE_P(Setters, ReportAsPdf, testing::Values("weasyprint", "groff"));

TEST_F(RunReport, NamesTheProgramThatIsMissing) {
  HEARTH_NEEDS_SANDBOX();
  const auto pdf = to_pdf(**test_sandbox(), "x", {}, "no such program");
  ASSERT_FALSE(pdf);
  EXPECT_EQ(pdf.error().code, Errc::unsupported);
  EXPECT_THAT(pdf.error().suggestions.front(), HasSubstr("apt install pandoc"));
}

}  // namespace
}  // namespace hearth::packs::mandates
