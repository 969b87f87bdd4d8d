#include "daemon/status.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/version.hpp"

namespace hearth::daemon {
namespace {

double to_ms(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

json::Array list_sessions(const Server& server) {
  json::Array list;
  for (const Session* session : server.sessions()) {
    if (!session->is_greeted()) continue;
    list.push_back(describe_session(session->mcp(), session->queued_bytes(), session->opened()));
  }
  return list;
}

json::Object list_tools(const mcp::Catalog& catalog) {
  json::Object tools;
  for (const auto& tool : catalog.entries()) {
    if (tool->latency.count() == 0 && tool->in_flight == 0) continue;
    tools[tool->name] = {{"calls", tool->latency.count()},
                         {"errors", tool->errors},
                         {"in_flight", tool->in_flight},
                         {"p50_ms", to_ms(tool->latency.percentile(50))},
                         {"p90_ms", to_ms(tool->latency.percentile(90))},
                         {"p99_ms", to_ms(tool->latency.percentile(99))},
                         {"max_ms", to_ms(tool->latency.max())}};
  }
  return tools;
}

json::Object list_packs(const std::vector<const pack::Pack*>& packs) {
  json::Object list;
  for (const pack::Pack* pack : packs) {
    const pack::PackStatus status = pack->status();
    json::Array stores;
    for (const auto& store : pack->stores()) {
      stores.push_back(
          {{"namespace", store.name_space}, {"path", store.path}, {"bytes", store.bytes}});
    }
    json::Object entry{{"warmth", pack::warmth_name(status.warmth)}, {"stores", std::move(stores)}};
    if (!status.reason.empty()) entry["reason"] = status.reason;
    if (const std::string activity = pack->activity(); !activity.empty()) {
      entry["activity"] = activity;
    }
    list[std::string(pack->name())] = std::move(entry);
  }
  return list;
}

// Clients that fell back to private mode could not tell a daemon; they left a line with the reason
// as first word.
json::Object count_fallbacks(const std::string& path) {
  std::map<std::string, std::int64_t> counts;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};  // to open a FIFO is to wait
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto end = line.find(' ');
    if (end != std::string::npos && end > 0) ++counts[line.substr(0, end)];
  }
  json::Object list;
  for (const auto& [reason, count] : counts) list[reason] = count;
  return list;
}

}  // namespace

// From /proc/self/statm (second field, in pages).
std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  statm >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

json::Object describe_session(const mcp::Session& session,
                              std::size_t queued_bytes,
                              WallTime opened) {
  const pack::Caller& caller = session.caller();
  const std::string& mcp_name = session.client_name();
  return {{"session", caller.session},
          {"client", mcp_name.empty() ? caller.client_name : mcp_name},
          {"kind", caller.kind},
          {"pid", caller.pid},
          {"cwd", caller.cwd},
          {"namespace", caller.name_space},
          {"read_only", caller.read_only},
          {"in_flight", session.in_flight()},
          {"queued_bytes", queued_bytes},
          {"opened_at", format_rfc3339(opened)}};
}

json::Object make_status(const StatusInput& input) {
  json::Object refusals;
  for (const auto& [reason, count] : input.server.refusals()) refusals[reason] = count;
  json::Object status{
      {"state", input.state},
      {"pid", ::getpid()},
      {"version", version()},
      {"mode", input.is_private ? "private" : "shared"},
      {"config_id", input.config_id},
      {"started_at", format_rfc3339(input.started)},
      {"uptime_s", std::chrono::duration<double>(input.now - input.started).count()},
      {"resident_bytes", resident_bytes()},
      {"requests_in_flight", input.server.requests_in_flight()},
      {"sessions_served", input.server.sessions_served()},
      {"sessions", list_sessions(input.server)},
      {"tools", list_tools(input.catalog)},
      {"packs", list_packs(input.packs)},
      {"refusals", std::move(refusals)},
      {"fallbacks", count_fallbacks(input.paths.fallbacks())},
      {"paths",
       {{"socket", input.paths.socket()},
        {"data", input.paths.data},
        {"log", input.paths.log()},
        {"config", input.paths.config}}}};
  if (!input.store_owner.empty()) status["store_owner"] = input.store_owner;
  if (!input.last_reload_error.empty()) status["config_error"] = input.last_reload_error;
  return status;
}

}  // namespace hearth::daemon
