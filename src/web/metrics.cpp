#include "web/metrics.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "base/version.hpp"
#include "daemon/status.hpp"

namespace hearth::web {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

std::string number(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

class Page {
 public:
  void begin(std::string_view name, std::string_view kind, std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
    text_.append(name).append(" ").append(kind).append("\n");
  }
  void add(std::string_view name, const Labels& labels, double value) {
    text_.append(name);
    char separator = '{';
    for (const auto& [label, content] : labels) {
      text_.push_back(std::exchange(separator, ','));
      text_.append(label).append("=\"").append(escape_label(content)).append("\"");
    }
    if (!labels.empty()) text_.push_back('}');
    text_.append(" ").append(number(value)).append("\n");
  }
  void one(std::string_view name, std::string_view kind, std::string_view help, double value) {
    begin(name, kind, help);
    add(name, {}, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_process(Page& page, const MetricsInput& input) {
  page.begin("hearth_build_info", "gauge", "The version that runs.");
  page.add("hearth_build_info", {{"version", version()}}, 1);
  page.one("hearth_uptime_seconds", "gauge", "Since the daemon started.", input.uptime.count());
  page.one("hearth_resident_bytes", "gauge", "Resident memory of the daemon.",
           static_cast<double>(daemon::resident_bytes()));
}

void add_sessions(Page& page, const MetricsInput& input) {
  page.begin("hearth_sessions", "gauge", "Sessions open now.");
  page.add("hearth_sessions", {{"transport", "socket"}},
           static_cast<double>(input.server.sessions().size()));
  page.add("hearth_sessions", {{"transport", "http"}}, static_cast<double>(input.http_sessions));
  page.begin("hearth_sessions_total", "counter", "Sessions since the daemon started.");
  page.add("hearth_sessions_total", {{"transport", "socket"}},
           static_cast<double>(input.server.sessions_served()));
  page.add("hearth_sessions_total", {{"transport", "http"}},
           static_cast<double>(input.http_sessions_served));
  page.one("hearth_requests_in_flight", "gauge", "Calls that have not been answered yet.",
           static_cast<double>(input.server.requests_in_flight()));
  page.begin("hearth_refusals_total", "counter", "Clients turned away, by reason.");
  for (const auto& [reason, count] : input.server.refusals())
    page.add("hearth_refusals_total", {{"transport", "socket"}, {"reason", reason}},
             static_cast<double>(count));
  for (const auto& [reason, count] : input.http.refusals)
    page.add("hearth_refusals_total", {{"transport", "http"}, {"reason", reason}},
             static_cast<double>(count));
}

void add_http(Page& page, const MetricsInput& input) {
  page.one("hearth_http_connections", "gauge", "HTTP connections open now.",
           static_cast<double>(input.http_connections));
  page.one("hearth_http_connections_total", "counter", "HTTP connections accepted.",
           static_cast<double>(input.http.connections));
  page.one("hearth_http_streams", "gauge", "Event streams that a client may come back to.",
           static_cast<double>(input.http_streams));
  page.begin("hearth_http_requests_total", "counter", "HTTP requests served, by path.");
  for (const auto& [path, count] : input.http.requests)
    page.add("hearth_http_requests_total", {{"path", path}}, static_cast<double>(count));
}

void add_tools(Page& page, const mcp::Catalog& catalog) {
  page.begin("hearth_tool_errors_total", "counter", "Calls answered with an error.");
  for (const auto& tool : catalog.entries())
    page.add("hearth_tool_errors_total", {{"tool", tool->name}}, static_cast<double>(tool->errors));
  page.begin("hearth_tool_in_flight", "gauge", "Calls of a tool that run now.");
  for (const auto& tool : catalog.entries())
    page.add("hearth_tool_in_flight", {{"tool", tool->name}}, static_cast<double>(tool->in_flight));
  constexpr std::string_view name = "hearth_tool_latency_seconds";
  page.begin(name, "summary", "Time from a call to its answer, since the daemon started.");
  for (const auto& tool : catalog.entries()) {
    const Histogram& latency = tool->latency;
    for (const auto& [percent, quantile] :
         {std::pair(50.0, "0.5"), std::pair(90.0, "0.9"), std::pair(99.0, "0.99")}) {
      if (latency.count() != 0)
        page.add(name, {{"tool", tool->name}, {"quantile", quantile}},
                 seconds(latency.percentile(percent)));
    }
    page.add("hearth_tool_latency_seconds_sum", {{"tool", tool->name}}, seconds(latency.sum()));
    page.add("hearth_tool_latency_seconds_count", {{"tool", tool->name}},
             static_cast<double>(latency.count()));
  }
}

void add_packs(Page& page, const std::vector<const pack::Pack*>& packs) {
  page.begin("hearth_pack_state", "gauge", "1 for the state that a pack is in.");
  for (const pack::Pack* pack : packs) {
    const auto present = pack->status().warmth;
    for (const auto state :
         {pack::Warmth::cold, pack::Warmth::warming, pack::Warmth::warm, pack::Warmth::degraded}) {
      page.add("hearth_pack_state", {{"pack", pack->name()}, {"state", pack::warmth_name(state)}},
               state == present ? 1 : 0);
    }
  }
}

}  // namespace

std::string escape_label(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  return text;
}

std::string make_metrics(const MetricsInput& input) {
  Page page;
  add_process(page, input);
  add_sessions(page, input);
  add_http(page, input);
  add_tools(page, input.catalog);
  add_packs(page, input.packs);
  return page.take();
}

}  // namespace hearth::web
