#include "mcp/reports.hpp"

#include "json/json.hpp"
#include "mcp/era.hpp"
#include "mcp/messages.hpp"

namespace hearth::mcp {
namespace {

std::string notification(std::string_view method, std::string params, std::string_view meta) {
  if (!meta.empty()) params.append(R"(,"_meta":)").append(meta);
  params.push_back('}');
  return make_notification(method, params);
}

}  // namespace

bool ReportPace::is_due(double done, std::optional<double> total) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  auto last = last_.load();
  const bool is_last = total && done >= *total;
  constexpr auto pause = std::chrono::nanoseconds(std::chrono::milliseconds(50)).count();
  if (!is_last && now - last < pause) return false;
  return last_.compare_exchange_strong(last, now) || is_last;
}

std::string progress_report(std::string_view token,
                            double done,
                            std::optional<double> total,
                            std::string_view message,
                            std::string_view meta) {
  std::string params = R"({"progressToken":)" + std::string(token) + R"(,"progress":)";
  json::append(params, json::Value(done));
  if (total) {
    params.append(R"(,"total":)");
    json::append(params, json::Value(*total));
  }
  if (!message.empty()) params.append(R"(,"message":)").append(json::quoted(message));
  return notification("notifications/progress", std::move(params), meta);
}

std::string log_report(pack::LogLevel level, std::string_view message, std::string_view meta) {
  std::string params =
      R"({"level":")" + std::string(level_name(level)) + R"(","logger":"hearth","data":)";
  json::append_string(params, message);
  return notification("notifications/message", std::move(params), meta);
}

}  // namespace hearth::mcp
