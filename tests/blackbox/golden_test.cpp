// Every verb of a pack three ways: as an MCP tool behind the bridge, on the
// command line, and in the request language; those of issues also without the shared daemon. All
// have to answer as it is recorded (tests/data/golden/README.md), in good and in bad.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.hpp"
#include "support/http_server.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/scratch_directory.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;

const std::string data = std::string(HEARTH_SOURCE_DIR) + "/tests/data/golden/";

std::string script_of(const std::string& pack) {
  return data + pack + ".jsonl";
}

// {"result": …} or {"error": {"code": …, "message": …, "suggestions": […]}}
using Answer = json::Object;

Answer failed(const json::Value& error) {
  const json::Value* suggestions = json::find(error, "suggestions");
  return {{"error",
           {{"code", json::string_or(error, "code", "")},
            {"message", json::string_or(error, "message", "")},
            {"suggestions", suggestions == nullptr ? json::Array() : suggestions->as_array()}}}};
}

// No answer of the verb at all; differs from every recorded one.
Answer broken(const std::string& why) {
  ADD_FAILURE() << why;
  return {{"broken", why}};
}

// ---- The ways ---------------------------------------------------------------------------------

using Call = std::function<Answer(const std::string& verb, const json::Object& args)>;
// A way into a pack of the daemon of a home, for a caller in a project; with options for all
// commands.
struct Caller {
  const TempHome& home;
  std::string project;
  std::string pack;
  std::vector<std::string> options;
};
using Way = std::function<Call(const Caller& caller)>;

Outcome run_in(const Caller& caller, std::vector<std::string> words) {
  words.insert(words.end(), caller.options.begin(), caller.options.end());
  Plan plan = caller.home.plan(std::move(words));
  plan.cwd = caller.project;
  return run(plan, seconds(60));
}

Call by_mcp(const Caller& caller) {
  std::vector<std::string> words{"mcp"};
  words.insert(words.end(), caller.options.begin(), caller.options.end());
  Plan plan = caller.home.plan(std::move(words));
  plan.cwd = caller.project;
  plan.has_input = plan.pipes_output = true;
  auto client = std::make_shared<McpStdioClient>(plan);
  EXPECT_TRUE(client->initialize(seconds(30)));
  return [client, pack = caller.pack](const std::string& verb, const json::Object& args) -> Answer {
    const auto reply = client->request(
        "tools/call", {{"name", pack + "_" + verb}, {"arguments", args}}, seconds(60));
    if (!reply) return broken(reply.error().message);
    const json::Value* content = json::find(*reply, "structuredContent");
    if (content == nullptr) return broken(json::dump(*reply));
    if (!json::bool_or(*reply, "isError", false)) return {{"result", *content}};
    const json::Value* error = json::find(*content, "error");
    return error == nullptr ? broken(json::dump(*reply)) : failed(*error);
  };
}

void add_option(std::vector<std::string>& words, std::string_view name, const json::Value& value) {
  std::string option = "--" + std::string(name);
  std::ranges::replace(option, '_', '-');
  const std::string text = value.is_string() ? std::string(value.get_string()) : json::dump(value);
  words.push_back(option + "=" + text);
}

Call by_command_line(const Caller& caller) {
  return [caller](const std::string& verb, const json::Object& args) -> Answer {
    std::string command = verb;
    std::ranges::replace(command, '_', '-');
    std::vector<std::string> words{caller.pack, command, "--json"};
    for (const auto& each : args) {
      if (each.value().is_array() && !each.value().as_array().empty()) {
        for (const json::Value& item : each.value().as_array()) add_option(words, each.key(), item);
      } else {
        add_option(words, each.key(), each.value());
      }
    }
    const Outcome outcome = run_in(caller, std::move(words));
    // A check that found something wrong fails with its answer on standard output.
    const bool is_ok = outcome.exit_code == 0 || !outcome.out.empty();
    const auto envelope = json::parse(is_ok ? outcome.out : outcome.err);
    const json::Value* found = envelope ? json::find(*envelope, is_ok ? "data" : "error") : nullptr;
    if (found == nullptr) return broken(outcome.describe());
    if (is_ok) return {{"result", *found}};
    json::Value error = *found;
    if (const json::Value* details = json::find(error, "details")) {
      error.get_object()["suggestions"] = json::Value(*json::find(*details, "suggestions"));
    }
    return failed(error);
  };
}

Call by_request(const Caller& caller) {
  return [caller](const std::string& verb, const json::Object& args) -> Answer {
    const json::Value operation{{"verb", caller.pack + "_" + verb}, {"args", args}};
    const Outcome outcome = run_in(caller, {"do", "--json", json::dump(operation)});
    const auto envelope = json::parse(outcome.out);
    const json::Value* found = envelope ? json::find(*envelope, "data") : nullptr;
    if (found != nullptr) found = json::find(*found, "results");
    if (found == nullptr || found->as_array().size() != 1) return broken(outcome.describe());
    const json::Value& first = found->as_array().front();
    if (json::bool_or(first, "ok", false)) return {{"result", *json::find(first, "result")}};
    return failed(*json::find(first, "error"));
  };
}

// ---- What differs from run to run -------------------------------------------------------------

// Names for ids, cursors and places, in the order in which they appear; times are all alike.
class Placeholders {
 public:
  Placeholders(std::string home, std::string files)
      : places_{{std::move(files), "<files>"}, {std::move(home), "<home>"}} {}

  json::Value hide(const json::Value& value, std::string_view member = "") {
    if (value.is_array()) {
      json::Array list;
      for (const json::Value& each : value.get_array()) list.push_back(hide(each));
      return list;
    }
    if (value.is_object()) {
      json::Object object;
      for (const auto& each : value.get_object()) {
        object[each.key()] = hide(each.value(), each.key());
      }
      return object;
    }
    if (value.is_number() && member == "bytes") return "<bytes>";
    if (value.is_number() && member == "pid") return "<pid>";
    if (value.is_number() && member == "lateness_ms") return "<lateness>";
    if (value.is_number() && member == "seconds") return "<seconds>";
    const bool is_time = member == "ts" || member.ends_with("_ts") || member.ends_with("unix_ms");
    if (value.is_number() && is_time) return "<time>";
    if (!value.is_string()) return value;
    const std::string text(value.get_string());
    if (member == "cursor" || member == "next_cursor") return json::Value(name(text, "cursor"));
    return json::Value(hide_text(text));
  }

  json::Value show(const json::Value& value) const {
    std::string text = json::dump(value);
    for (const auto& [real, hidden] : names_) replace(text, hidden, real);
    for (const auto& [real, hidden] : places_) replace(text, hidden, real);
    return json::parse(text).value();
  }

 private:
  static void replace(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  }
  std::string name(const std::string& real, const std::string& what) {
    for (const auto& [known, hidden] : names_) {
      if (known == real) return hidden;
    }
    std::string hidden = "<" + what + " " + std::to_string(++counts_[what]) + ">";
    names_.emplace_back(real, hidden);
    return hidden;
  }
  std::string hide_text(std::string text) {
    static const std::regex id(
        "[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|prop_[0-9a-f]{32}");
    static const std::regex hash(R"(\b([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b)");
    static const std::regex short_hash(R"(\b[0-9a-f]{8}\b)");
    static const std::regex time(R"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z)");
    for (std::smatch match; std::regex_search(text, match, id);) {
      const std::string real = match.str();
      replace(text, real, name(real, "id"));
    }
    for (std::smatch match; std::regex_search(text, match, hash);) {
      const std::string real = match.str();
      replace(text, real, name(real, "hash"));
      shorts_[real.substr(0, 8)] = real;
    }
    // The beginning of one that was told before.
    for (std::smatch match; std::regex_search(text, match, short_hash);) {
      const std::string real = match.str();
      const auto whole = shorts_.find(real);
      const std::string of = whole == shorts_.end() ? "" : name(whole->second, "hash");
      replace(text, real,
              name(real, of.empty() ? "short" : "beginning of " + of.substr(1, of.size() - 2)));
    }
    static const std::regex milliseconds(R"(\b1[0-9]{12}\b)");
    text = std::regex_replace(text, time, "<time>");
    text = std::regex_replace(text, milliseconds, "<ms>");
    for (const auto& [real, hidden] : places_) replace(text, real, hidden);
    return text;
  }

  std::vector<std::pair<std::string, std::string>> names_;
  std::vector<std::pair<std::string, std::string>> places_;
  std::map<std::string, int> counts_;
  std::map<std::string, std::string> shorts_;
};

// ---- The script -------------------------------------------------------------------------------

struct Step {
  std::string verb;
  json::Object args;
  bool is_schema_error = false;  // each way refuses it in its own words
  // Members of the answer: what goes on in the background is asked about until it has them.
  json::Object until;
  Answer recorded;
};

std::vector<Step> read_script(const std::string& script_path) {
  std::vector<Step> steps;
  std::ifstream file(script_path);
  for (std::string line; std::getline(file, line);) {
    const auto value = json::parse(line);
    if (!value) ADD_FAILURE() << line << ": " << value.error().message;
    if (!value) continue;
    Step step;
    step.verb = json::string_or(*value, "verb", "");
    if (const json::Value* args = json::find(*value, "args")) step.args = args->as_object();
    step.is_schema_error = json::bool_or(*value, "schema", false);
    if (const json::Value* until = json::find(*value, "until")) step.until = until->as_object();
    for (const char* member : {"result", "error"}) {
      if (const json::Value* found = json::find(*value, member)) step.recorded[member] = *found;
    }
    steps.push_back(std::move(step));
  }
  EXPECT_FALSE(steps.empty()) << script_path;
  return steps;
}

void write_script(const std::string& script_path, const std::vector<Step>& steps) {
  std::ofstream file(script_path);
  for (const Step& step : steps) {
    json::Object line{{"verb", step.verb}};
    if (!step.args.empty()) line["args"] = step.args;
    if (step.is_schema_error) line["schema"] = true;
    if (!step.until.empty()) line["until"] = step.until;
    for (const auto& member : step.recorded) line[member.key()] = member.value();
    file << json::dump(line) << "\n";
  }
}

// A project, or nothing in it may be imported.
void write_corpus(const std::string& files, const std::string& pack) {
  std::filesystem::create_directories(files + "/.git");
  if (pack == "sql") {
    write_file(files + "/trips.csv", "day,passengers\n2024-05-01,120\n2024-05-02,80\n");
    std::filesystem::create_directory(files + "/inbox");
    return;
  }
  write_file(files + "/guide.md",
             "# Guide\n\nHow the ferry runs.\n\n## Timetable\n\nEvery hour from the west pier.\n");
  write_file(files + "/notes.txt", "The winch of the ferry was oiled in spring.\n");
  std::filesystem::create_directory(files + "/src");
  write_file(files + "/src/winch.cpp",
             "// Pulls the ferry.\nint pull(int rope) { return rope; }\n");
}

// The corpus as a git repository with a bare one as its origin.
void make_repositories(const std::string& directory, const std::string& files) {
  std::filesystem::remove_all(files + "/.git");
  const auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "/usr/bin/git");
    const Outcome outcome = run({.words = std::move(words),
                                 .environment = {{"GIT_CONFIG_NOSYSTEM", "1"}, {"HOME", directory}},
                                 .cwd = directory},
                                seconds(30));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  };
  git({"init", "-q", files});
  git({"init", "-q", "--bare", "origin"});
  git({"-C", files, "remote", "add", "origin", "../origin"});
  git({"-C", files, "add", "."});
}

// A model server with a socket of its own, and no sandbox: what a machine has shall not differ.
std::vector<std::string> prepare_model(const TempHome& home, const std::string& directory) {
  const std::string socket = directory + "/model.sock";
  write_file(directory + "/model.json", R"({
    "orient": ["The ferry needs a name."],
    "decide": [{"reasoning": "It is written nowhere", "steps": [
      {"id": "name", "kind": "change", "changes": [
        {"path": "name.txt", "action": "create", "content": "Astrid\n"}]}]}],
    "reflect": [{"goal_reached": true, "summary": "There is nothing left to do."}]})");
  write_file(home.file("config.toml"),
             "[mandates]\nbubblewrap = \"/nonexistent/bwrap\"\n[mandates.model]\nurl = "
             "\"http://model/v1\"\nname = \"scripted\"\nsocket = \"" +
                 socket + "\"\n");
  return {"--socket", socket, "--script", directory + "/model.json"};
}

bool has_members(const Answer& answer, const json::Object& wanted) {
  const json::Value* result = answer.if_contains("result");
  if (result == nullptr) return true;
  return std::ranges::all_of(wanted, [&](const auto& member) {
    const json::Value* found = json::find(*result, member.key());
    return found != nullptr && *found == member.value();
  });
}

Answer answer_to(const Call& call, const Step& step, const Placeholders& placeholders) {
  const json::Object args = placeholders.show(step.args).as_object();
  Answer answer;
  (void)eventually(
      [&] {
        answer = call(step.verb, args);
        return has_members(answer, step.until);
      },
      seconds(60));
  return answer;
}

struct Transcript {
  std::vector<Answer> answers;
  std::set<std::string> verbs;  // that the daemon has
};

std::set<std::string> verbs_of(const TempHome& home, const std::string& pack) {
  std::set<std::string> verbs;
  const Outcome outcome = home.hearth({"tools", "--json"});
  const auto envelope = json::parse(outcome.out);
  EXPECT_TRUE(envelope) << outcome.describe();
  for (const json::Value& tool : envelope->at("data").at("tools").as_array()) {
    const std::string name(json::string_or(tool, "name", ""));
    if (name.starts_with(pack + "_")) verbs.insert(name.substr(pack.size() + 1));
  }
  return verbs;
}

Transcript play(const std::vector<Step>& steps,
                const std::string& pack,
                const Way& way,
                const std::vector<std::string>& options) {
  const TempHome home;
  const ScratchDirectory scratch("golden");
  const std::string files = scratch / "ferry";
  write_corpus(files, pack);
  if (pack == "issues") make_repositories(scratch.path(), files);
  std::optional<HttpServer> model;
  if (pack == "mandates") model.emplace(prepare_model(home, scratch.path()));
  const Call call = way({home, files, pack, options});
  Placeholders placeholders(home.path(), files);
  Transcript transcript;
  for (const Step& step : steps) {
    Answer hidden = placeholders.hide(answer_to(call, step, placeholders)).as_object();
    if (step.is_schema_error && hidden.contains("error")) {
      hidden = {{"error", {{"code", json::string_or(hidden.at("error"), "code", "")}}}};
    }
    transcript.answers.push_back(std::move(hidden));
  }
  transcript.verbs = verbs_of(home, pack);
  return transcript;
}

struct Case {
  std::string name;
  std::string pack;
  Way way;
  std::vector<std::string> options = {};
};

class Golden : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().pack == "sql" && !has_duckdb()) GTEST_SKIP() << "DuckDB is missing";
  }
  // CI has it.
  static bool has_duckdb() {
    return std::getenv("CI") != nullptr ||
           std::filesystem::exists(std::string(HEARTH_BIN_DIR) + "/../lib/hearth/libduckdb.so");
  }
};

// The first of each pack may record what the others have to answer, too.
TEST_P(Golden, AnswersAsRecorded) {
  const Case& test = GetParam();
  std::vector<Step> steps = read_script(script_of(test.pack));
  const Transcript transcript = play(steps, test.pack, test.way, test.options);
  if (std::getenv("HEARTH_RECORD") != nullptr && test.name.ends_with("ByMcp")) {
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i].recorded = transcript.answers[i];
    write_script(script_of(test.pack), steps);
  }
  std::set<std::string> left = transcript.verbs;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(json::dump(transcript.answers[i]), json::dump(steps[i].recorded))
        << "line " << i + 1 << ": " << steps[i].verb << " " << json::dump(steps[i].args);
    if (steps[i].recorded.contains("result")) left.erase(steps[i].verb);
  }
  for (const std::string& verb : left) {
    // These need grammars that not every machine has; tests/packs/issues covers them.
    if (test.pack == "issues" && verb.starts_with("context_")) continue;
    // This needs a person; tests/blackbox/mandates_elicitation_test.cpp plays one.
    if (test.pack == "mandates" && verb == "approval_ask") continue;
    ADD_FAILURE() << test.pack << "_" << verb << " has no step in " << script_of(test.pack)
                  << " that succeeds; see the README beside it";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Packs,
    Golden,
    testing::Values(
        Case{"KnowledgeByMcp", "knowledge", by_mcp},
        Case{"KnowledgeByCommandLine", "knowledge", by_command_line},
        Case{"KnowledgeByRequestLanguage", "knowledge", by_request},
        Case{"SqlByMcp", "sql", by_mcp},
        Case{"SqlByCommandLine", "sql", by_command_line},
        Case{"SqlByRequestLanguage", "sql", by_request},
        Case{"IssuesByMcp", "issues", by_mcp},
        Case{"IssuesByCommandLine", "issues", by_command_line},
        Case{"IssuesByRequestLanguage", "issues", by_request},
        Case{"MandatesByMcp", "mandates", by_mcp},
        Case{"MandatesByCommandLine", "mandates", by_command_line},
        Case{"MandatesByRequestLanguage", "mandates", by_request},
        Case{"IssuesByMcpWithoutDaemon", "issues", by_mcp, {"--no-daemon"}},
        Case{"IssuesByCommandLineWithoutDaemon", "issues", by_command_line, {"--no-daemon"}}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace hearth::test
