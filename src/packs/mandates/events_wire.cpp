#include "packs/mandates/events_wire.hpp"

#include <algorithm>

#include "json/json.hpp"

namespace hearth::packs::mandates {
namespace {

// One field of what fields_text() wrote, taken from the front: NAME=VALUE or NAME="VALUE".
std::pair<std::string, std::string> take_field(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto equals = std::min(text.find('='), text.size());
  std::string name(text.substr(0, equals));
  text.remove_prefix(std::min(equals + 1, text.size()));
  std::string value;
  if (!text.starts_with('"')) {
    const auto end = std::min(text.find(' '), text.size());
    value = text.substr(0, end);
    text.remove_prefix(end);
    return {std::move(name), std::move(value)};
  }
  std::size_t at = 1;
  for (; at < text.size() && text[at] != '"'; ++at) {
    const bool is_escape = text[at] == '\\' && at + 1 < text.size();
    if (is_escape) ++at;
    value += is_escape && text[at] == 'n' ? '\n' : text[at];
  }
  text.remove_prefix(std::min(at + 1, text.size()));
  return {std::move(name), std::move(value)};
}

std::string text_of(const json::Object& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : std::string(found->value().as_string());
}

// "phase_begun" with cycle=1 and phase=decide: "phase begun: cycle 1, decide".
std::string said_of(std::string_view kind, const json::Object& fields) {
  std::string text(kind);
  std::ranges::replace(text, '_', ' ');
  std::string_view separator = ": ";
  const auto add = [&](std::string_view before, std::string_view name) {
    const auto found = fields.find(name);
    if (found == fields.end() || found->value().as_string().empty()) return;
    text.append(separator).append(before).append(found->value().as_string());
    separator = ", ";
  };
  add("cycle ", "cycle");
  for (const std::string_view name : {"phase", "step", "state", "outcome", "reason", "error"})
    add("", name);
  return text;
}

}  // namespace

RecordEvent event_of(const JournalEntry& entry) {
  RecordEvent event{.data = {},
                    .resources = {"hearth://mandates/status"},
                    .run = {},
                    .said = {},
                    .ended_effect = {}};
  json::Object fields;
  std::string_view rest = entry.text;
  while (!rest.empty()) {
    auto [name, value] = take_field(rest);
    if (name == "run") {
      event.resources.push_back("hearth://mandates/runs/" + value);
      event.run = value;
    }
    fields[name] = value;
  }
  if (entry.kind == "step_ended")
    event.ended_effect = event.run + "/" + text_of(fields, "cycle") + "/" + text_of(fields, "step");
  if (entry.kind == "reviewed") event.ended_effect = text_of(fields, "effect");
  event.said = said_of(entry.kind, fields);
  // One that has not begun is ended by who stops or replaces it.
  event.may_end_runs = entry.kind == "run_ended" || entry.kind == "run_stop" ||
                       entry.kind == "runs_replaced" || entry.kind == "mandate_state";
  event.data = json::dump(json::Value(std::move(fields)));
  return event;
}

}  // namespace hearth::packs::mandates
