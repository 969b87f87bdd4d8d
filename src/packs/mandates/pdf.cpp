#include "packs/mandates/pdf.hpp"

#include <array>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "packs/mandates/markdown.hpp"
#include "packs/mandates/observer.hpp"
#include "store/private_directory.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t columns = 60;  // of a page
constexpr std::size_t most_bytes = std::size_t{32} << 20;
constexpr std::chrono::minutes most_time{1};
constexpr const char* remedy =
    "install pandoc, and weasyprint or groff (Debian: apt install pandoc groff)";

// Long lines are broken also where the text has no space.
constexpr const char* style =
    "header-includes=<style>@page{size:A4;margin:2cm}body{max-width:none;padding:0;"
    "font-family:sans-serif;font-size:10pt}pre{white-space:pre-wrap;overflow-wrap:anywhere;"
    "font-size:8pt;background:#f4f4f4;padding:.5em}</style>";

struct Setter {
  std::vector<std::string> form;   // for pandoc
  std::vector<std::string> words;  // reads that form, prints the PDF
};

std::array<Setter, 2> setters() {
  return {Setter{.form = {"-t", "html5", "-M", "pagetitle=Run", "-V", style},
                 .words = {"weasyprint", "--quiet", "-e", "utf-8", "-", "-"}},
          // A font that needs none of Ghostscript's.
          Setter{.form = {"-t", "ms", "-V", "fontfamily=T"},
                 .words = {"groff", "-Kutf8", "-ms", "-dpaper=a4", "-P-pa4", "-Tpdf"}}};
}

class Press final {
 public:
  Press(const sandbox::Sandbox& sandbox, std::string directory, const std::stop_token& stop)
      : sandbox_(sandbox), directory_(std::move(directory)), stop_(stop) {}

  // `not_found`: there is no such program.
  [[nodiscard]] Result<sandbox::Outcome> run(std::vector<std::string> words,
                                             std::string input) const {
    sandbox::Plan plan;
    const std::string program = words.front();
    plan.words = std::move(words);
    plan.workspace = directory_;
    plan.may_write = false;
    plan.input = std::move(input);
    plan.limits.output_bytes = most_bytes;
    plan.limits.time = most_time;
    auto ran = sandbox_.run(plan, stop_);
    if (!ran) return ran;
    if (ran->end == sandbox::Outcome::End::stopped) return fail(Errc::cancelled, "stopped");
    if (ran->is_success()) return ran;
    return fail(Errc::unavailable,
                program + " " + ran->describe() + ": " + clipped(std::move(ran->err), 1'000),
                {remedy});
  }

 private:
  const sandbox::Sandbox& sandbox_;
  const std::string directory_;
  const std::stop_token& stop_;
};

std::unexpected<Error> lacks(const std::string& program) {
  return fail(Errc::unsupported, "a PDF needs " + program + ", which is not on this machine",
              {remedy, "without it a report can be had as Markdown"});
}

// groff: "warning: can't find special character 'u23CE'".
std::string missing_in(std::string_view said) {
  constexpr std::string_view mark = "can't find special character 'u";
  std::set<std::string> all;
  for (auto at = said.find(mark); at != std::string_view::npos; at = said.find(mark)) {
    said.remove_prefix(at + mark.size());
    all.insert("U+" + std::string(said.substr(0, said.find('\''))));
  }
  std::string text;
  for (const std::string& each : all) text += (text.empty() ? "" : " ") + each;
  return clipped(std::move(text), 500);
}

}  // namespace

Result<Pdf> to_pdf(const sandbox::Sandbox& sandbox,
                   std::string_view markdown,
                   const std::stop_token& stop,
                   std::string_view setter) {
  const auto directory = store::PrivateDirectory::make("hearth-report-");
  if (!directory) return std::unexpected(directory.error());
  std::error_code error;
  const std::string real = std::filesystem::canonical(directory->path(), error).string();
  if (error) return fail_errno("find " + directory->path(), error.value());
  const Press press(sandbox, real, stop);
  for (const Setter& each : setters()) {
    if (!setter.empty() && each.words.front() != setter) continue;
    std::vector<std::string> words{"pandoc", "--quiet", "--sandbox",
                                   "-s",     "-f",      "commonmark-raw_html"};
    words.insert(words.end(), each.form.begin(), each.form.end());
    auto source = press.run(std::move(words), broken_blocks(markdown, columns));
    if (!source && source.error().code == Errc::not_found) return lacks("pandoc");
    if (!source) return std::unexpected(std::move(source.error()));
    auto printed = press.run(each.words, std::move(source->out));
    if (!printed && printed.error().code == Errc::not_found) continue;
    if (!printed) return std::unexpected(std::move(printed.error()));
    if (!printed->out.starts_with("%PDF-"))
      return fail(Errc::unavailable, each.words.front() + " printed no PDF", {remedy});
    return Pdf{.bytes = std::move(printed->out), .missing = missing_in(printed->err)};
  }
  return lacks("weasyprint or groff");
}

}  // namespace hearth::packs::mandates
