#include "cli/status_page.hpp"

#include <vector>

#include "base/terminal_text.hpp"
#include "cli/human.hpp"

namespace hearth::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = json::find(object, name);
  if (value == nullptr) return {};
  return value->is_string() ? printable(value->get_string(), Lines::join) : json::dump(*value);
}

double number_of(const json::Value& object, std::string_view name) {
  const json::Value* value = json::find(object, name);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

std::string bytes_of(const json::Value& object, std::string_view name) {
  return human_bytes(static_cast<std::uint64_t>(number_of(object, name)));
}

const json::Object* object_of(const json::Value& status, std::string_view name) {
  const json::Value* value = json::find(status, name);
  const bool is_filled = value != nullptr && value->is_object() && !value->get_object().empty();
  return is_filled ? &value->get_object() : nullptr;
}

void append_section(std::string& page,
                    const std::string& heading,
                    const std::vector<std::string>& columns,
                    const Rows& rows,
                    const Look& look) {
  if (rows.empty()) return;
  page += "\n" + heading + "\n" + render_table(columns, rows, look);
}

std::string head_of(const json::Value& status) {
  std::string page = "hearthd " + text_of(status, "version") + " is " + text_of(status, "state") +
                     " (" + text_of(status, "mode") + "), pid " + text_of(status, "pid") + ", up " +
                     human_duration(number_of(status, "uptime_s")) + ", " +
                     bytes_of(status, "resident_bytes") + " resident\n";
  if (const std::string owner = text_of(status, "store_owner"); !owner.empty())
    page += "reading only: the stores belong to " + owner + "\n";
  if (const std::string error = text_of(status, "config_error"); !error.empty())
    page += "configuration not taken: " + error + "\n";
  if (const json::Value* http = json::find(status, "http"))
    page += "http    " + text_of(*http, "url") + "\n";
  const json::Value* paths = json::find(status, "paths");
  if (paths == nullptr) return page;
  for (const std::string_view name : {"socket", "data", "log", "config"})
    page += std::string(name) + std::string(8 - name.size(), ' ') + text_of(*paths, name) + "\n";
  return page;
}

void append_sessions(std::string& page, const json::Value& status, const Look& look) {
  const json::Value* sessions = json::find(status, "sessions");
  if (sessions == nullptr || !sessions->is_array()) return;
  Rows rows;
  for (const json::Value& session : sessions->get_array()) {
    rows.push_back({text_of(session, "client"), text_of(session, "kind"), text_of(session, "pid"),
                    text_of(session, "namespace"), text_of(session, "in_flight"),
                    text_of(session, "cwd")});
  }
  append_section(page,
                 "sessions: " + std::to_string(rows.size()) + " open, " +
                     text_of(status, "sessions_served") + " served, " +
                     text_of(status, "requests_in_flight") + " requests in flight",
                 {"client", "kind", "pid", "namespace", "in flight", "directory"}, rows, look);
}

void append_packs(std::string& page, const json::Value& status, const Look& look) {
  const json::Object* packs = object_of(status, "packs");
  if (packs == nullptr) return;
  Rows rows;
  for (const auto& pack : *packs) {
    const std::string warmth = text_of(pack.value(), "warmth");
    const std::string reason = text_of(pack.value(), "reason");
    const std::string state = reason.empty() ? warmth : warmth + ": " + reason;
    const json::Value* stores = json::find(pack.value(), "stores");
    if (stores == nullptr || !stores->is_array() || stores->get_array().empty()) {
      rows.push_back({pack.key(), state, "-", "-"});
      continue;
    }
    for (const json::Value& store : stores->get_array())
      rows.push_back({pack.key(), state, text_of(store, "namespace"), bytes_of(store, "bytes")});
  }
  append_section(page, "packs", {"pack", "state", "namespace", "size"}, rows, look);
}

void append_tools(std::string& page, const json::Value& status, const Look& look) {
  const json::Object* tools = object_of(status, "tools");
  if (tools == nullptr) return;
  Rows rows;
  for (const auto& tool : *tools) {
    rows.push_back({tool.key(), text_of(tool.value(), "calls"), text_of(tool.value(), "errors"),
                    human_milliseconds(number_of(tool.value(), "p50_ms")),
                    human_milliseconds(number_of(tool.value(), "p99_ms")),
                    human_milliseconds(number_of(tool.value(), "max_ms"))});
  }
  append_section(page, "tools", {"tool", "calls", "errors", "p50 ms", "p99 ms", "max ms"}, rows,
                 look);
}

void append_counts(std::string& page,
                   const json::Value& status,
                   const char* name,
                   const std::string& heading,
                   const Look& look) {
  const json::Object* counts = object_of(status, name);
  if (counts == nullptr) return;
  Rows rows;
  for (const auto& count : *counts) rows.push_back({count.key(), json::dump(count.value())});
  append_section(page, heading, {"reason", "count"}, rows, look);
}

}  // namespace

std::string status_page(const json::Value& status, const Look& look) {
  std::string page = head_of(status);
  append_sessions(page, status, look);
  append_packs(page, status, look);
  append_tools(page, status, look);
  append_counts(page, status, "fallbacks", "clients that fell back to a private daemon", look);
  append_counts(page, status, "refusals", "clients refused", look);
  return page;
}

}  // namespace hearth::cli
