// kill -9 of a daemon that carries out mandates, at any moment: each occurrence has one run, no
// completed phase is asked for again, no effect happens twice, and the journal holds.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <random>

#include "blackbox/mandates_fixture.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"

namespace hearth::test {
namespace {

using std::chrono::milliseconds;

// Later ones would hit a daemon that has nothing to do any more.
constexpr int kills_in_a_round = 6;

constexpr const char* script = R"({
  "orient": ["A mark is missing."],
  "decide": [{"reasoning": "Set it, and say so", "steps": [
    {"id": "mark", "kind": "change", "changes": [
      {"path": "marks.txt", "replacements": [{"before": "begin\n", "after": "begin\nmark\n"}]},
      {"path": "new.txt", "action": "create", "content": "new\n"}]},
    {"id": "tell", "kind": "tool", "needs": ["mark"], "tool": "issues_create",
     "arguments": "{\"title\":\"A mark was set\"}"}]}],
  "reflect": [{"goal_reached": true, "summary": "It is there."}]
})";

class MandatesKill : public MandatesTest {
 protected:
  MandatesKill() {
    // Slow enough to be hit in the middle of an answer.
    serve(script, "/wait-0.03", "agents_may = \"auto\"\n");
    ask({"issues", "init"});
  }
  // A mandate with a directory of its own below the repository, named like it.
  void make(const std::string& name, const std::vector<std::string>& timing = {}) {
    std::filesystem::create_directories(file(name));
    write_file(file(name + "/marks.txt"), "begin\n");
    std::vector<std::string> words{"create",
                                   name,
                                   "Set the mark of " + name + ".",
                                   "--workspace=" + file(name),
                                   R"(--observe={"files":["*.txt"]})",
                                   R"(--paths={"glob":"**","scope":"auto"})",
                                   R"(--tools={"tool":"issues_create","scope":"auto"})"};
    words.insert(words.end(), timing.begin(), timing.end());
    mandates(std::move(words));
    names_.push_back(name);
  }
  // Whether all runs have ended; false also while nobody can be asked.
  bool has_ended() {
    const auto runs = try_ask({"mandates", "runs", "--state=ended", "--limit=500"});
    return runs && json::int_or(*runs, "total", 0) >= static_cast<std::int64_t>(names_.size());
  }
  void check(const std::string& name, const json::Array& questions) {
    SCOPED_TRACE(name);
    EXPECT_EQ(read_file(file(name + "/marks.txt")), "begin\nmark\n");
    EXPECT_EQ(read_file(file(name + "/new.txt")), "new\n");
    const json::Value runs = mandates({"runs", "--mandate=" + name});
    ASSERT_EQ(json::int_or(runs, "total", 0), 1) << json::dump(runs);
    const json::Value& run = runs.at("runs").as_array().front();
    EXPECT_EQ(json::string_or(run, "outcome", ""), "succeeded") << json::dump(run);
    const json::Value logs = mandates({"run-logs", std::string(json::string_or(run, "id", ""))});
    for (const json::Value& phase : logs.at("phases").as_array()) {
      const std::string kind(json::string_or(phase, "phase", ""));
      const auto ended = parse_rfc3339(json::string_or(phase, "ended", ""));
      ASSERT_TRUE(ended) << json::dump(phase);
      for (const json::Value& question : questions) {
        if (!is_about(question, name, kind)) continue;
        EXPECT_LE(json::int_or(question, "at_ms", 0), ended->time_since_epoch().count())
            << kind << " was asked for again after it was complete";
      }
    }
  }
  static bool is_about(const json::Value& question,
                       const std::string& name,
                       std::string_view kind) {
    const auto body = json::parse(json::string_or(question, "body", ""));
    if (!body || body->at("messages").as_array().size() < 2) return false;
    const auto order = json::string_or(body->at("messages").as_array()[1], "content", "");
    const json::Value* tools = json::find(*body, "tools");
    const std::string asked =
        tools == nullptr
            ? "orient"
            : std::string(json::string_or(tools->as_array().front().at("function"), "name", ""));
    return asked == kind && order.find("the mark of " + name + ".") != std::string_view::npos;
  }

  std::vector<std::string> names_;
};

TEST_F(MandatesKill, EachOccurrenceRunsOnceAndNothingHappensTwice) {
  std::mt19937 random(9);
  int kills = 0;
  int rounds = 0;
  for (; kills < sizes().mandate_kills && !HasFailure(); ++rounds) {
    const std::string round = std::to_string(rounds);
    const WallTime soon = SystemClock().wall() + milliseconds(700);
    make("scheduled" + round, {"--timing=at " + format_rfc3339(soon)});
    make("triggered" + round);
    // The bridge sends the call again, under the same key, when its daemon is gone.
    std::jthread trigger([this, round] {
      McpStdioClient bridge([&] {
        Plan plan = home_.plan({"mcp"});
        plan.cwd = repository_.path();
        plan.has_input = plan.pipes_output = true;
        return plan;
      }());
      EXPECT_TRUE(bridge.initialize(patience)) << bridge.process().errors();
      const auto run = bridge.call("mandates_run", {{"mandate", "triggered" + round}}, patience);
      EXPECT_TRUE(run) << run.error().message;
      EXPECT_EQ(bridge.finish().exit_code, 0);
    });
    const int most = std::min(kills + kills_in_a_round, sizes().mandate_kills);
    const auto end = std::chrono::steady_clock::now() + seconds(120);
    while (!has_ended() && std::chrono::steady_clock::now() < end && !HasFailure()) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 250'000));
      const std::vector<pid_t> daemons = home_.daemons();
      if (daemons.empty() || kills >= most) continue;
      ::kill(daemons.front(), SIGKILL);
      ++kills;
      EXPECT_TRUE(eventually([&] { return !is_alive(daemons.front()); }, patience));
    }
    trigger.join();
    ASSERT_TRUE(eventually([&] { return has_ended(); }, seconds(60)));
  }
  const json::Array asked = questions();
  for (const std::string& name : names_) check(name, asked);
  EXPECT_EQ(json::int_or(ask({"issues", "list"}), "total", 0),
            static_cast<std::int64_t>(names_.size()));
  const json::Value audit = mandates({"audit"});
  EXPECT_TRUE(json::bool_or(audit, "intact", false)) << json::dump(audit);
  EXPECT_EQ(home_.sanitizer_reports(), "");
  std::printf("%d kills in %d rounds, %zu questions for %zu runs\n", kills, rounds, asked.size(),
              names_.size());
}

}  // namespace
}  // namespace hearth::test
