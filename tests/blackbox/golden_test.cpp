// Every verb of the knowledge pack three ways: as an MCP tool behind the bridge, on the command
// line, and in the request language. All three have to answer as it is recorded
// (tests/data/golden/README.md), in good and in bad.
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
#include "support/mcp_stdio_client.hpp"
#include "support/scratch_directory.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;

const std::string data = std::string(HEARTH_SOURCE_DIR) + "/tests/data/golden/";
const std::string script_path = data + "knowledge.jsonl";

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
// A way into the daemon of a home, for a caller in a project.
using Way = std::function<Call(const TempHome& home, const std::string& project)>;

Outcome run_in(const TempHome& home, const std::string& project, std::vector<std::string> words) {
  Plan plan = home.plan(std::move(words));
  plan.cwd = project;
  return run(plan, seconds(60));
}

Call by_mcp(const TempHome& home, const std::string& project) {
  Plan plan = home.plan({"mcp"});
  plan.cwd = project;
  plan.has_input = plan.pipes_output = true;
  auto client = std::make_shared<McpStdioClient>(plan);
  EXPECT_TRUE(client->initialize(seconds(30)));
  return [client](const std::string& verb, const json::Object& args) -> Answer {
    const auto reply = client->request(
        "tools/call", {{"name", "knowledge_" + verb}, {"arguments", args}}, seconds(60));
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

Call by_command_line(const TempHome& home, const std::string& project) {
  return [&home, project](const std::string& verb, const json::Object& args) -> Answer {
    std::string command = verb;
    std::ranges::replace(command, '_', '-');
    std::vector<std::string> words{"knowledge", command, "--json"};
    for (const auto& each : args) {
      if (each.value().is_array() && !each.value().as_array().empty()) {
        for (const json::Value& item : each.value().as_array()) add_option(words, each.key(), item);
      } else {
        add_option(words, each.key(), each.value());
      }
    }
    const Outcome outcome = run_in(home, project, std::move(words));
    const bool is_ok = outcome.exit_code == 0;
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

Call by_request(const TempHome& home, const std::string& project) {
  return [&home, project](const std::string& verb, const json::Object& args) -> Answer {
    const json::Value operation{{"verb", "knowledge_" + verb}, {"args", args}};
    const Outcome outcome = run_in(home, project, {"do", "--json", json::dump(operation)});
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
    static const std::regex id("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}");
    static const std::regex time(R"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z)");
    for (std::smatch match; std::regex_search(text, match, id);) {
      const std::string real = match.str();
      replace(text, real, name(real, "id"));
    }
    text = std::regex_replace(text, time, "<time>");
    for (const auto& [real, hidden] : places_) replace(text, real, hidden);
    return text;
  }

  std::vector<std::pair<std::string, std::string>> names_;
  std::vector<std::pair<std::string, std::string>> places_;
  std::map<std::string, int> counts_;
};

// ---- The script -------------------------------------------------------------------------------

struct Step {
  std::string verb;
  json::Object args;
  bool is_schema_error = false;  // each way refuses it in its own words
  Answer recorded;
};

std::vector<Step> read_script() {
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
    for (const char* member : {"result", "error"}) {
      if (const json::Value* found = json::find(*value, member)) step.recorded[member] = *found;
    }
    steps.push_back(std::move(step));
  }
  EXPECT_FALSE(steps.empty()) << script_path;
  return steps;
}

void write_script(const std::vector<Step>& steps) {
  std::ofstream file(script_path);
  for (const Step& step : steps) {
    json::Object line{{"verb", step.verb}};
    if (!step.args.empty()) line["args"] = step.args;
    if (step.is_schema_error) line["schema"] = true;
    for (const auto& member : step.recorded) line[member.key()] = member.value();
    file << json::dump(line) << "\n";
  }
}

// A project, or nothing in it may be imported.
void write_corpus(const std::string& files) {
  std::filesystem::create_directories(files + "/.git");
  write_file(files + "/guide.md",
             "# Guide\n\nHow the ferry runs.\n\n## Timetable\n\nEvery hour from the west pier.\n");
  write_file(files + "/notes.txt", "The winch of the ferry was oiled in spring.\n");
  std::filesystem::create_directory(files + "/src");
  write_file(files + "/src/winch.cpp",
             "// Pulls the ferry.\nint pull(int rope) { return rope; }\n");
}

struct Transcript {
  std::vector<Answer> answers;
  std::set<std::string> verbs;  // that the daemon has
};

std::set<std::string> verbs_of(const TempHome& home) {
  std::set<std::string> verbs;
  const Outcome outcome = home.hearth({"tools", "--json"});
  const auto envelope = json::parse(outcome.out);
  EXPECT_TRUE(envelope) << outcome.describe();
  for (const json::Value& tool : envelope->at("data").at("tools").as_array()) {
    const std::string name(json::string_or(tool, "name", ""));
    if (name.starts_with("knowledge_")) verbs.insert(name.substr(sizeof "knowledge_" - 1));
  }
  return verbs;
}

Transcript play(const std::vector<Step>& steps, const Way& way) {
  const TempHome home;
  const ScratchDirectory scratch("golden");
  const std::string files = scratch / "ferry";
  write_corpus(files);
  const Call call = way(home, files);
  Placeholders placeholders(home.path(), files);
  Transcript transcript;
  for (const Step& step : steps) {
    const Answer answer = call(step.verb, placeholders.show(step.args).as_object());
    Answer hidden = placeholders.hide(answer).as_object();
    if (step.is_schema_error && hidden.contains("error")) {
      hidden = {{"error", {{"code", json::string_or(hidden.at("error"), "code", "")}}}};
    }
    transcript.answers.push_back(std::move(hidden));
  }
  transcript.verbs = verbs_of(home);
  return transcript;
}

class Golden : public testing::Test {
 protected:
  void expect_recorded(const Way& way) {
    const Transcript transcript = play(steps_, way);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      EXPECT_EQ(json::dump(transcript.answers[i]), json::dump(steps_[i].recorded))
          << "line " << i + 1 << ": " << steps_[i].verb << " " << json::dump(steps_[i].args);
    }
    std::set<std::string> left = transcript.verbs;
    for (const Step& step : steps_) {
      if (step.recorded.contains("result")) left.erase(step.verb);
    }
    for (const std::string& verb : left) {
      ADD_FAILURE() << "knowledge_" << verb << " has no step in " << script_path
                    << " that succeeds; see the README beside it";
    }
  }

  std::vector<Step> steps_ = read_script();
};

TEST_F(Golden, ByMcp) {
  if (std::getenv("HEARTH_RECORD") != nullptr) {
    const Transcript transcript = play(steps_, by_mcp);
    for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i].recorded = transcript.answers[i];
    write_script(steps_);
  }
  expect_recorded(by_mcp);
}

TEST_F(Golden, ByCommandLine) {
  expect_recorded(by_command_line);
}

TEST_F(Golden, ByRequestLanguage) {
  expect_recorded(by_request);
}

}  // namespace
}  // namespace hearth::test
