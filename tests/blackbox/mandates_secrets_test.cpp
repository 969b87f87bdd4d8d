// Secrets with the real programs: a mistake in one is refused, what cannot be read is named, none
// is in a prompt or an answer, and one that takes its time keeps nobody waiting but runs.
#include <gmock/gmock.h>

#include <filesystem>

#include "blackbox/mandates_fixture.hpp"

namespace hearth::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* secret = "tok-7f3a9c51e2b84d06";

class MandatesSecrets : public MandatesTest {
 protected:
  // A model that wants nothing done; `secrets` are sections, `model` more of [mandates.model].
  void serve_idle(const std::string& secrets, const std::string& model = "") {
    serve(R"({"orient": ["o"], "decide": [{"reasoning": "r", "steps": []}],
              "reflect": [{"goal_reached": true, "summary": "s"}]})",
          "", secrets);
    write_file(config(), read_file(config()) + model);
  }
  [[nodiscard]] std::string config() const { return home_.file("config.toml"); }
  [[nodiscard]] static std::string section(const std::string& name, const std::string& source) {
    return "[mandates.secrets." + name + "]\n" + source + "\n";
  }
  // Begins a run that looks at a file with the secret in it.
  std::string begin() {
    write_file(file("notes.txt"), std::string("use ") + secret + " now\n");
    const json::Value made = mandates(
        {"create", "look", "Look at the notes", "--start", R"(--observe={"files":["notes.txt"]})"});
    return std::string(json::string_or(made, "run", ""));
  }
  // What the model was asked from question number `first` on.
  std::string prompts(std::size_t first = 0) {
    std::string all;
    for (const json::Value& each : questions()) {
      if (first == 0)
        all += json::dump(each);
      else
        --first;
    }
    return all;
  }
  // "good" or "bad" and the details of the doctor's findings about secrets.
  std::string diagnosis() {
    const Outcome done = hearth({"mandates", "doctor", "--json"});
    const auto said = json::parse(done.out);
    if (!said) return done.describe();
    std::string text;
    bool is_good = true;
    for (const json::Value& each : said->at("data").at("findings").as_array()) {
      if (json::string_or(each, "check", "") != "secrets") continue;
      is_good = is_good && json::bool_or(each, "good", false);
      text += "; " + std::string(json::string_or(each, "detail", ""));
    }
    if (!is_good) EXPECT_NE(done.exit_code, 0);
    return (is_good ? "good" : "bad") + text;
  }
};

TEST_F(MandatesSecrets, AMistakeInOneIsRefusedWithItsLine) {
  write_file(scratch_ / "token", std::string(secret) + "\n");
  const std::string good = section("token", "file = \"" + (scratch_ / "token") + "\"");
  serve_idle(good);
  mandates({"status"});
  write_file(config(), "[mandates]\n" + good + section("other", "tools = [\"echo\"]"));
  const Outcome reload = hearth({"daemon", "reload"});
  EXPECT_NE(reload.exit_code, 0);
  EXPECT_THAT(reload.describe(), HasSubstr("config.toml:5:1: mandates.secrets.other.tools: the "
                                           "secret other has no source"));
  const std::string run = begin();
  EXPECT_EQ(json::string_or(wait_for(run, "ended"), "outcome", ""), "succeeded");
  EXPECT_THAT(prompts(), Not(HasSubstr(secret))) << "the old settings stay";
  EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  const Outcome start = hearth({"daemon", "start"});
  EXPECT_NE(start.exit_code, 0);
  EXPECT_THAT(start.describe(), HasSubstr("has no source"));
}

TEST_F(MandatesSecrets, TheDoctorNamesEachThatCannotBeRead) {
  const std::string missing = scratch_ / "missing";
  serve_idle(section("here", "env = \"PATH\"") + section("gone", "file = \"" + missing + "\"") +
                 section("unset", "env = \"HEARTH_TEST_NO_SUCH\""),
             "key_file = \"" + (scratch_ / "key") + "\"\n");
  const std::string bad = diagnosis();
  EXPECT_THAT(bad, testing::StartsWith("bad"));
  for (const char* const each : {"secret gone", "secret unset", "the model's key"})
    EXPECT_THAT(bad, HasSubstr(each));
  EXPECT_THAT(bad, Not(HasSubstr("secret here")));
  write_file(missing, std::string(secret) + "\n");
  EXPECT_THAT(diagnosis(), Not(HasSubstr("secret gone"))) << "it is tried again";
}

TEST_F(MandatesSecrets, TheModelsOwnKeyIsShownNowhere) {
  write_file(scratch_ / "key", std::string(secret) + "\n");
  serve_idle("", "key_file = \"" + (scratch_ / "key") + "\"\n");
  const std::string run = begin();
  EXPECT_EQ(json::string_or(wait_for(run, "ended"), "outcome", ""), "succeeded");
  EXPECT_THAT(prompts(), HasSubstr("use [secret model.key] now"));
  EXPECT_THAT(prompts(), Not(HasSubstr(std::string("use ") + secret)));
  EXPECT_THAT(json::dump(mandates({"run-logs", run})), Not(HasSubstr(secret)));
  EXPECT_THAT(home_.log_text(), Not(HasSubstr(secret)));
}

TEST_F(MandatesSecrets, ASlowOneKeepsNobodyWaitingButRuns) {
  const std::string gate = scratch_ / "gate";
  write_file(scratch_ / "ask", "until [ -e '" + gate + "' ]; do sleep 0.05; done\necho " +
                                   std::string(secret) + "\n");
  serve_idle(section("slow", "command = [\"/bin/sh\", \"" + (scratch_ / "ask") + "\"]"));
  const std::string run = begin();
  EXPECT_EQ(json::string_or(wait_for(run, "blocked"), "reason", ""),
            "waiting_secrets: the secret slow is being read");
  for (int i = 0; i < 8; ++i) mandates({"status"});
  EXPECT_TRUE(questions().empty());
  write_file(gate, "");
  EXPECT_EQ(json::string_or(wait_for(run, "ended"), "outcome", ""), "succeeded");
  EXPECT_THAT(prompts(), HasSubstr("use [secret slow] now"));
  EXPECT_THAT(prompts(), Not(HasSubstr(secret)));
}

TEST_F(MandatesSecrets, ADaemonThatLeavesEndsWhatReadsOne) {
  const std::string file = scratch_ / "pid";
  serve_idle(section("slow", "command = [\"/bin/sh\", \"-c\", \"echo $$ > " + file + ".new; mv " +
                                 file + ".new " + file + "; exec sleep 600\"]"));
  (void)begin();
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(file); }, seconds(30)));
  const pid_t reader = std::stoi(read_file(file));
  EXPECT_TRUE(is_alive(reader));
  EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  EXPECT_TRUE(eventually([&] { return home_.daemons().empty(); }, seconds(30)));
  EXPECT_FALSE(is_alive(reader));
}

// What was kept before it was known is not shown any more, and the next prompt does not have it.
TEST_F(MandatesSecrets, AReloadReadsAgainWhatCouldNotBeRead) {
  const std::string token = scratch_ / "token";
  serve_idle(section("token", "file = \"" + token + "\""));
  const std::string first = begin();
  EXPECT_EQ(json::string_or(wait_for(first, "ended"), "outcome", ""), "succeeded");
  EXPECT_THAT(json::dump(mandates({"run-logs", first})), HasSubstr(secret)) << "nobody knows it";
  const std::size_t asked = questions().size();
  write_file(token, std::string(secret) + "\n");
  EXPECT_EQ(hearth({"daemon", "reload"}).exit_code, 0) << "the file is as it was";
  const std::string second(json::string_or(mandates({"run", "look"}), "id", ""));
  EXPECT_EQ(json::string_or(wait_for(second, "ended"), "outcome", ""), "succeeded");
  ASSERT_GT(questions().size(), asked);
  EXPECT_THAT(prompts(asked), HasSubstr("use [secret token] now"));
  EXPECT_THAT(prompts(asked), Not(HasSubstr(secret)));
  for (const char* const tool : {"run-logs", "run-report"})
    EXPECT_THAT(json::dump(mandates({tool, first})), Not(HasSubstr(secret))) << tool;
}

}  // namespace
}  // namespace hearth::test
