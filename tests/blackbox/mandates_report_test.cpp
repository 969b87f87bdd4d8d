// Reports of runs with the real programs: to read, into a file of the project, and as a step.
#include <gmock/gmock.h>

#include <filesystem>

#include "blackbox/mandates_fixture.hpp"

namespace hearth::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* plan = R"({"orient": ["o"], "decide": [{"reasoning": "r", "steps": [
  {"id": "report", "kind": "report", "paths": ["report.md"]}]}],
  "reflect": [{"goal_reached": true, "summary": "s"}]})";

class MandatesReport : public MandatesTest {
 protected:
  std::string ended_run() {
    serve(plan, "", "agents_may = \"auto\"\n");
    const std::string run(
        json::string_or(mandates({"create", "writer", "Tell what you do", "--start",
                                  R"(--paths={"glob":"*.md","scope":"auto"})"}),
                        "run", ""));
    (void)wait_for(run, "ended");
    return run;
  }
};

TEST_F(MandatesReport, IsReadAndIsAStepOfItsRun) {
  const std::string run = ended_run();
  const std::string text(json::string_or(mandates({"run-report", run}), "markdown", ""));
  EXPECT_THAT(text, StartsWith("# Run " + run));
  EXPECT_THAT(text, HasSubstr("- state: ended, succeeded\n"));
  EXPECT_THAT(text, HasSubstr("Tell what you do"));
  EXPECT_THAT(text, HasSubstr("report report.md"));
  // Written while the run was at it.
  const std::string written = read_file(file("report.md"));
  EXPECT_THAT(written, StartsWith("# Run " + run));
  EXPECT_THAT(written, HasSubstr("- state: running\n"));
}

TEST_F(MandatesReport, IsWrittenIntoAFileOfTheProject) {
  const std::string run = ended_run();
  const auto write = [&](const std::string& path) {
    return hearth({"mandates", "run-report-file", run, "--path", path, "--json"});
  };
  EXPECT_EQ(write("copy.md").exit_code, 0);
  EXPECT_THAT(read_file(file("copy.md")), StartsWith("# Run " + run));
  EXPECT_EQ(write("copy.md").exit_code, 4) << "it is there";
  EXPECT_EQ(write("copy.txt").exit_code, 2);
  EXPECT_NE(write("/etc/report.md").exit_code, 0);
  // What programs obey, also where it is there to be overwritten.
  std::filesystem::create_directories(file(".github/workflows"));
  for (const char* const path : {"CLAUDE.md", ".git/hooks/x.md", ".github/workflows/x.md"}) {
    const Outcome refused =
        hearth({"mandates", "run-report-file", run, "--path", path, "--overwrite"});
    EXPECT_THAT(refused.err, HasSubstr("is protected")) << path;
    EXPECT_FALSE(std::filesystem::exists(file(path))) << path;
  }
  const Outcome pdf = write("report.pdf");
  if (pdf.exit_code == 0) {
    EXPECT_THAT(read_file(file("report.pdf")), StartsWith("%PDF-"));
  } else {
    EXPECT_THAT(pdf.err, HasSubstr("apt install pandoc"));
    EXPECT_FALSE(std::filesystem::exists(file("report.pdf")));
  }
}

}  // namespace
}  // namespace hearth::test
