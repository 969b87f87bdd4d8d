// A mandate with the real programs: a model server on loopback, a git repository, a person at a
// terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "json/json.hpp"
#include "support/http_server.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;

constexpr const char* script = R"({
  "orient": ["The greeting is wrong."],
  "decide": [{"reasoning": "Correct it", "steps": [
    {"id": "edit", "kind": "change", "changes": [
      {"path": "greeting.txt", "replacements": [{"before": "helo", "after": "hello"}]}]},
    {"id": "keep", "kind": "commit", "needs": ["edit"], "branch": "hearth/greeting",
     "message": "Correct the greeting", "paths": ["greeting.txt"]}]}],
  "reflect": [{"goal_reached": true, "summary": "The greeting is right."}]
})";

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}
std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Mandates : public testing::Test {
 protected:
  Mandates() {
    write_file(script_.path() + "/script.json", script);
    write_file(repository_.path() + "/greeting.txt", "helo\n");
    git({"init", "-q", "-b", "main"});
    git({"add", "."});
    git({"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "begin"});
    server_.emplace(std::vector<std::string>{"--script", script_.path() + "/script.json"});
    write_file(home_.file("config.toml"),
               "[mandates.model]\nurl = \"" + server_->url("/v1") + "\"\nname = \"test\"\n");
  }
  std::string git(std::vector<std::string> words) {
    words.insert(words.begin(), {"/usr/bin/git", "-C", repository_.path()});
    const Outcome done =
        run({.words = words, .environment = {{"HOME", script_.path()}}}, seconds(30));
    EXPECT_EQ(done.exit_code, 0) << done.describe();
    return done.out;
  }
  json::Value ask(std::vector<std::string> words) {
    words.insert(words.begin(), "mandates");
    words.emplace_back("--json");
    Plan plan = home_.plan(std::move(words));
    plan.cwd = repository_.path();
    const Outcome outcome = run(plan, seconds(60));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.describe() << home_.log_text();
    const auto envelope = json::parse(outcome.out);
    return envelope && envelope->is_object() && envelope->as_object().contains("data")
               ? envelope->at("data")
               : json::Value(json::Object{});
  }
  // script(1) gives the command a terminal of its own, and types what comes in.
  Outcome at_terminal(const std::vector<std::string>& words, const std::string& typed) {
    Plan plan = home_.plan(words);
    std::string command;
    for (const std::string& word : plan.words) command += "'" + word + "' ";
    plan.words = {"/bin/sh", "-c",
                  "printf '" + typed + "\\n' | /usr/bin/script -qec \"" + command + "\" /dev/null"};
    plan.cwd = repository_.path();
    return run(plan, seconds(60));
  }
  json::Value wait_for(const std::string& run, const std::string& state) {
    json::Value row;
    const auto end = std::chrono::steady_clock::now() + seconds(60);
    do {
      row = ask({"run-show", run});
      if (json::string_or(row, "state", "") == state) return row;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } while (std::chrono::steady_clock::now() < end);
    ADD_FAILURE() << "not " << state << ": " << json::dump(row)
                  << json::dump(ask({"run-logs", run})) << home_.log_text();
    return row;
  }

  // The one that is pending.
  std::string wait_for_proposal() {
    std::string id;
    const auto is_there = [&] {
      const json::Value waiting = ask({"approvals"});
      const json::Array& all = waiting.at("approvals").as_array();
      if (all.size() == 1) id = json::string_or(all.front(), "id", "");
      return !id.empty();
    };
    EXPECT_TRUE(eventually(is_there, seconds(60))) << home_.log_text();
    return id;
  }

  TempHome home_;
  ScratchDirectory repository_{"mandates"};
  ScratchDirectory script_{"script"};
  std::optional<HttpServer> server_;
};

TEST_F(Mandates, AToolCallCannotAllowItselfWhatWrites) {
  const std::vector<std::vector<std::string>> greedy{
      {"--commits", "auto"},
      {R"(--paths={"glob":"**","scope":"auto"})"},
      {R"(--commands={"rule":"make ...","scope":"auto"})"},
      {R"(--tools={"tool":"issues_create","scope":"auto"})"}};
  for (const auto& options : greedy) {
    std::vector<std::string> words{"mandates", "create", "greedy", "Do anything"};
    words.insert(words.end(), options.begin(), options.end());
    Plan plan = home_.plan(std::move(words));
    plan.cwd = repository_.path();
    const Outcome refused = run(plan, seconds(60));
    EXPECT_NE(refused.exit_code, 0) << options.front();
    EXPECT_THAT(refused.err, testing::HasSubstr("agents_may")) << refused.describe();
  }
  const json::Value made =
      ask({"create", "reader", "Read", R"(--paths={"glob":"**","actions":["read"],"scope":"auto"})",
           R"(--tools={"tool":"issues_list","scope":"auto"})"});
  EXPECT_NE(json::string_or(made, "id", ""), "");
}

TEST_F(Mandates, AProposalWaitsForAPersonAndIsCommittedOnABranch) {
  const json::Value made = ask({"create", "greeting", "Correct the greeting", "--start",
                                R"(--observe={"files":["*.txt"]})"});
  const std::string run_id(json::string_or(made, "run", ""));
  const json::Value blocked = wait_for(run_id, "blocked");
  EXPECT_EQ(json::string_or(blocked, "reason", ""), "waiting_approval");
  EXPECT_EQ(read_file(repository_.path() + "/greeting.txt"), "helo\n");
  const std::string proposal = wait_for_proposal();

  Plan plan = home_.plan({"mandates", "approve", proposal});
  plan.before_exec = [] { (void)::setsid(); };
  EXPECT_NE(run(plan, seconds(30)).exit_code, 0) << "nobody is there";
  EXPECT_EQ(json::string_or(ask({"run-show", run_id}), "state", ""), "blocked");

  const Outcome approved = at_terminal({"mandates", "approve", proposal}, "yes");
  EXPECT_EQ(approved.exit_code, 0) << approved.describe();
  const std::string commit = wait_for_proposal();
  EXPECT_NE(commit, proposal);
  const Outcome kept = at_terminal({"mandates", "approve", commit}, "yes");
  EXPECT_EQ(kept.exit_code, 0) << kept.describe();
  const json::Value ended = wait_for(run_id, "ended");
  EXPECT_EQ(json::string_or(ended, "outcome", ""), "succeeded") << json::dump(ended);
  EXPECT_EQ(read_file(repository_.path() + "/greeting.txt"), "hello\n");
  EXPECT_EQ(git({"show", "hearth/greeting:greeting.txt"}), "hello\n");
  EXPECT_EQ(git({"rev-parse", "--abbrev-ref", "HEAD"}), "main\n");
  EXPECT_TRUE(json::bool_or(ask({"audit"}), "intact", false));
}

}  // namespace
}  // namespace hearth::test
