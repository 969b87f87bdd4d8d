// Mandates with the real programs: a model server on loopback that answers by a script, a git
// repository, and a person at a terminal.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "json/json.hpp"
#include "support/http_client.hpp"
#include "support/http_server.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {

using std::chrono::seconds;

class MandatesTest : public testing::Test {
 protected:
  MandatesTest() {
    write_file(file("greeting.txt"), "helo\n");
    git({"init", "-q", "-b", "main"});
    keep("begin");
  }
  ~MandatesTest() override {
    // A test that has failed says what the daemon saw.
    if (HasFailure()) GTEST_LOG_(INFO) << home_.log_text();
  }

  [[nodiscard]] std::string file(const std::string& name) const {
    return repository_.path() + "/" + name;
  }
  // What the model says, by phase; `way` is a path of tests/support/http_server.py before /v1,
  // `settings` stand in [mandates].
  void serve(const std::string& script,
             const std::string& way = "",
             const std::string& settings = "") {
    write_file(scratch_ / "script.json", script);
    server_.emplace(std::vector<std::string>{"--script", scratch_ / "script.json"});
    write_file(home_.file("config.toml"), "[mandates]\n" + settings + "[mandates.model]\nurl = \"" +
                                              server_->url(way + "/v1") + "\"\nname = \"test\"\n");
  }
  // What the model was asked until now: at, path, body.
  json::Array questions() {
    const std::string address = server_->url("");
    HttpClient client(
        static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    const auto seen = json::parse(client.ask("GET", "/seen").body);
    return seen ? seen->at("requests").as_array() : json::Array();
  }

  std::string git(std::vector<std::string> words) {
    words.insert(words.begin(), {"/usr/bin/git", "-C", repository_.path()});
    const Outcome done =
        run({.words = words, .environment = {{"HOME", scratch_.path()}}}, seconds(30));
    EXPECT_EQ(done.exit_code, 0) << done.describe();
    return done.out;
  }
  void keep(const std::string& message) {
    git({"add", "."});
    git({"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", message});
  }

  // `hearth PACK WORDS…` in the repository.
  Outcome hearth(std::vector<std::string> words) {
    Plan plan = home_.plan(std::move(words));
    plan.cwd = repository_.path();
    return run(plan, seconds(60));
  }
  // The data of its answer; empty, and a failure, when there is none.
  json::Value ask(std::vector<std::string> words) {
    auto data = try_ask(std::move(words));
    EXPECT_TRUE(data) << (data ? "" : data.error().message);
    return data.value_or(json::Value(json::Object{}));
  }
  Result<json::Value> try_ask(std::vector<std::string> words) {
    words.emplace_back("--json");
    const Outcome outcome = hearth(std::move(words));
    const auto envelope = json::parse(outcome.out);
    if (outcome.exit_code != 0 || !envelope || json::find(*envelope, "data") == nullptr)
      return fail(Errc::unavailable, outcome.describe());
    return envelope->at("data");
  }
  json::Value mandates(std::vector<std::string> words) {
    words.insert(words.begin(), "mandates");
    return ask(std::move(words));
  }

  // What is missing here, and nothing else, excuses.
  [[nodiscard]] bool has_sandbox() {
    // Fails where anything is missing, with an answer all the same.
    const auto said = json::parse(hearth({"mandates", "doctor", "--json"}).out);
    if (!said) return ADD_FAILURE() << said.error().message, false;
    const json::Value& found = said->at("data");
    for (const json::Value& each : found.at("findings").as_array()) {
      if (json::string_or(each, "check", "") != "sandbox" || json::bool_or(each, "good", false))
        continue;
      const auto why = json::string_or(each, "detail", "");
      EXPECT_TRUE(why.find("bwrap") != std::string_view::npos ||
                  why.find("bubblewrap exited") != std::string_view::npos)
          << why;
      return false;
    }
    return true;
  }
  void kill_daemon() {
    const std::vector<pid_t> daemons = home_.daemons();
    ASSERT_EQ(daemons.size(), 1U);
    ::kill(daemons.front(), SIGKILL);
    ASSERT_TRUE(eventually([&] { return !is_alive(daemons.front()); }, seconds(30)));
  }

  // script(1) gives the command a terminal of its own; what is typed comes once it asks. `before`
  // it: the words of a program that starts it.
  Outcome at_terminal(const std::vector<std::string>& words,
                      const std::string& typed,
                      const std::vector<std::string>& before = {}) {
    Plan plan = home_.plan(words);
    std::string command;
    for (const std::string& word : before) command += "'" + word + "' ";
    for (const std::string& word : plan.words) command += "'" + word + "' ";
    plan.words = {"/usr/bin/script", "-qec", command, "/dev/null"};
    plan.cwd = repository_.path();
    plan.has_input = plan.pipes_output = true;
    Process process(plan);
    std::string seen;
    bool has_typed = false;
    char bytes[4096];
    pollfd entry{process.output(), POLLIN, 0};
    while (::poll(&entry, 1, 60'000) == 1) {
      const ssize_t count = ::read(process.output(), bytes, sizeof bytes);
      if (count <= 0) break;
      seen.append(bytes, static_cast<std::size_t>(count));
      if (has_typed || !seen.ends_with("Type yes: ")) continue;
      has_typed = true;
      const std::string line = typed + "\n";
      EXPECT_EQ(::write(process.input(), line.data(), line.size()), std::ssize(line));
    }
    Outcome outcome = process.wait(seconds(60));
    outcome.out = std::move(seen);
    return outcome;
  }

  json::Value wait_for(const std::string& run, const std::string& state) {
    json::Value row;
    const auto is_there = [&] {
      row = mandates({"run-show", run});
      return json::string_or(row, "state", "") == state;
    };
    EXPECT_TRUE(eventually(is_there, seconds(60)))
        << "not " << state << ": " << json::dump(row) << json::dump(mandates({"run-logs", run}));
    return row;
  }
  // The one that is pending.
  std::string wait_for_proposal() {
    std::string id;
    const auto is_there = [&] {
      const json::Value waiting = mandates({"approvals"});
      const json::Array& all = waiting.at("approvals").as_array();
      if (all.size() == 1) id = json::string_or(all.front(), "id", "");
      return !id.empty();
    };
    EXPECT_TRUE(eventually(is_there, seconds(60)));
    return id;
  }
  // The output of the effect that ends in `step`, of a run.
  std::string output_of(const std::string& run, const std::string& step) {
    const json::Value logs = mandates({"run-logs", run});
    for (const json::Value& each : logs.at("effects").as_array()) {
      if (json::string_or(each, "key", "").ends_with("/" + step))
        return std::string(json::string_or(each, "output", ""));
    }
    return {};
  }

  TempHome home_;
  ScratchDirectory repository_{"mandates"};
  ScratchDirectory scratch_{"script"};
  std::optional<HttpServer> server_;
};

}  // namespace hearth::test
