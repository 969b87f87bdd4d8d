#include "cli/run_log.hpp"

#include <algorithm>

#include "base/terminal_text.hpp"

namespace hearth::cli {
namespace {

constexpr std::size_t most_lines = 12;

std::string text_of(const json::Value& object, std::string_view name) {
  return printable(json::string_or(object, name, ""), Lines::join);
}

// The first lines, and how many there are more.
std::string indented(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string out;
  std::size_t count = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (++count <= most_lines) out += "    " + printable(text.substr(0, end), Lines::join) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (count > most_lines)
    out +=
        "    (" + std::to_string(count - most_lines) + " lines more: hearth mandates run-report)\n";
  return out;
}

}  // namespace

void RunLog::add(std::vector<json::Object>& news, const json::Value& entry, std::string_view kind) {
  if (!told_.insert(std::string(kind) + json::dump(entry)).second) return;
  json::Object told = entry.as_object();
  told["kind"] = kind;
  news.push_back(std::move(told));
}

void RunLog::add_steps(std::vector<json::Object>& news,
                       const json::Value& logs,
                       std::int64_t cycle) {
  for (const json::Value& each : logs.at("steps").as_array()) {
    if (json::int_or(each, "cycle", 0) == cycle) add(news, each, "step");
  }
}

std::vector<json::Object> RunLog::news(const json::Value& logs) {
  std::vector<json::Object> news;
  std::int64_t cycle = 1;
  for (const json::Value& each : logs.at("phases").as_array()) {
    // What a cycle did stands before what it made of that.
    const bool is_reflection = json::string_or(each, "phase", "") == "reflect";
    cycle = json::int_or(each, "cycle", cycle);
    if (is_reflection) add_steps(news, logs, cycle);
    if (json::string_or(each, "state", "") != "open") add(news, each, "phase");
  }
  add_steps(news, logs, cycle);
  const json::Value& run = logs.at("run");
  const auto state = json::string_or(run, "state", "");
  // Running is what the phases say.
  if (state == "blocked" || state == "ended") add(news, run, "run");
  has_ended_ = state == "ended";
  outcome_ = json::string_or(run, "outcome", "");
  return news;
}

std::string log_lines(const json::Object& entry) {
  const json::Value value(entry);
  const auto kind = json::string_or(value, "kind", "");
  if (kind == "run") {
    const std::string outcome = text_of(value, "outcome");
    return "run " + text_of(value, "state") + (outcome.empty() ? "" : ", " + outcome) + ": " +
           text_of(value, "reason") + "\n";
  }
  const bool is_step = kind == "step";
  return "cycle " + std::to_string(json::int_or(value, "cycle", 0)) + "  " +
         (is_step ? "step " + text_of(value, "step") : text_of(value, "phase")) + "  " +
         text_of(value, "state") + "\n" +
         indented(json::string_or(value, is_step ? "output" : "text", ""));
}

}  // namespace hearth::cli
