#include "mcp/session.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "base/version.hpp"
#include "io/timer.hpp"
#include "json/json.hpp"
#include "mcp/messages.hpp"
#include "mcp/revision.hpp"

namespace hearth::mcp {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 5> level_names{"debug", "info", "notice", "warning",
                                                      "error"};

constexpr std::string_view instructions =
    "Hearth keeps knowledge and other tools warm in one local daemon shared by all sessions of "
    "this user. Use "
    "knowledge_search before asking the user for facts about their work, and knowledge_remember "
    "for what should "
    "outlive this conversation.";

// What tools/call carries: MCP's params, as slices of the message.
struct CallParams {
  std::string tool;
  std::string_view arguments;
  std::string progress_token;  // JSON text; empty when no progress is wanted
};

Result<CallParams> read_call(std::string_view params) {
  CallParams call;
  Result<void> inner;
  const auto scanned =
      json::scan_members(params, [&](std::string_view name, std::string_view value) {
        if (name == "name") {
          if (auto tool = json::unquote(value)) call.tool = std::move(*tool);
        } else if (name == "arguments" && value != "null") {
          call.arguments = value;
        } else if (name == "_meta" && value.starts_with('{')) {
          inner = json::scan_members(value, [&](std::string_view member, std::string_view token) {
            const bool is_token = member == "progressToken" && json::parse(token);
            if (is_token) call.progress_token = token;
          });
        }
      });
  if (!scanned) return std::unexpected(scanned.error());
  if (!inner) return std::unexpected(inner.error());
  if (call.tool.empty())
    return fail(Errc::invalid_args, "tools/call: \"name\" must be the name of a tool");
  return call;
}

Error outcome_unknown(const std::string& tool) {
  return {Errc::outcome_unknown,
          "the daemon went away during " + tool + "; it may or may not have happened",
          {"look at the present state before you repeat it"}};
}

}  // namespace

// One call in progress. Shared by the session's table and the call's sink; the session may go
// first.
struct Session::Flight {
  ToolEntry* tool = nullptr;
  std::size_t bytes = 0;
  Clock::time_point began = Clock::now();
  std::stop_source stop;
  std::string progress_token;
  bool is_cancelled = false;  // by the client: it expects no answer
  bool is_late = false;       // the time limit has passed
  std::optional<io::Timer> deadline;
};

// Carries what a call says, on whatever thread, to its session on the loop thread.
class Session::Sink final : public pack::CallSink {
 public:
  Sink(io::Loop& loop,
       std::weak_ptr<Session> session,
       std::string id,
       const Flight* flight,
       std::string token)
      : loop_(loop),
        session_(std::move(session)),
        id_(std::move(id)),
        flight_(flight),
        token_(std::move(token)) {}

  void finish(Result<pack::Reply> outcome) override {
    if (loop_.is_loop_thread()) {
      if (const auto session = session_.lock()) session->finish(id_, flight_, std::move(outcome));
      return;
    }
    loop_.post(
        [session = session_, id = id_, flight = flight_, outcome = std::move(outcome)]() mutable {
          if (const auto alive = session.lock()) alive->finish(id, flight, std::move(outcome));
        });
  }

  void progress(double done, std::optional<double> total, std::string_view message) override {
    if (token_.empty() || !is_due(done, total)) return;
    std::string params = R"({"progressToken":)" + token_ + R"(,"progress":)";
    json::append(params, json::Value(done));
    if (total) {
      params.append(R"(,"total":)");
      json::append(params, json::Value(*total));
    }
    if (!message.empty()) params.append(R"(,"message":)").append(json::quoted(message));
    params.push_back('}');
    deliver(make_notification("notifications/progress", params), std::nullopt);
  }

  void log(pack::LogLevel level, std::string_view message) override {
    const auto name = level_names[static_cast<std::size_t>(level)];
    std::string params = R"({"level":")" + std::string(name) + R"(","logger":"hearth","data":)";
    params.append(json::quoted(message)).push_back('}');
    deliver(make_notification("notifications/message", params), level);
  }

 private:
  // At most 20 reports a second, and always the last one.
  bool is_due(double done, std::optional<double> total) {
    const auto now = Clock::now().time_since_epoch().count();
    auto last = last_report_.load();
    const bool is_last = total && done >= *total;
    constexpr auto pause = std::chrono::nanoseconds(std::chrono::milliseconds(50)).count();
    if (!is_last && now - last < pause) return false;
    return last_report_.compare_exchange_strong(last, now) || is_last;
  }

  // Before the call's answer in any case: at once where the answer would go out at once too.
  void deliver(std::string notification, std::optional<pack::LogLevel> level) {
    auto report = [session = session_, id = id_, flight = flight_, level,
                   text = std::move(notification)] {
      const auto alive = session.lock();
      if (!alive || (level && *level < alive->log_level_)) return;
      alive->report(id, flight, text);
    };
    if (loop_.is_loop_thread()) return report();
    loop_.post(std::move(report));
  }

  io::Loop& loop_;
  std::weak_ptr<Session> session_;
  std::string id_;
  const Flight* flight_;  // identity only: an id may be used again
  std::string token_;
  std::atomic<Clock::rep> last_report_{0};
};

Session::Session(io::Loop& loop,
                 Catalog& catalog,
                 SessionLimits limits,
                 std::shared_ptr<const pack::Caller> caller,
                 MessageSink& sink)
    : loop_(loop), catalog_(catalog), limits_(limits), caller_(std::move(caller)), sink_(&sink) {}

Session::~Session() {
  close();
}

void Session::handle(const json::Envelope& message, std::size_t bytes) {
  if (sink_ == nullptr) return;
  const std::string& method = message.method;
  if (message.is_response()) return;  // we ask clients nothing in this era's handshake-only surface
  if (method == "notifications/cancelled") return cancel(message);
  if (message.is_notification())
    return;  // initialized, roots/list_changed and unknown ones need no answer
  if (method == "tools/call") return call_tool(message, bytes);
  if (method == "tools/list") return list_tools(message);
  if (method == "ping") return sink_->send(make_result(message.id, "{}"));
  if (method == "initialize") return initialize(message);
  if (method == "logging/setLevel") return set_level(message);
  sink_->send(make_error(message.id, method_not_found, "unknown method \"" + method + "\""));
}

void Session::initialize(const json::Envelope& message) {
  const auto params = json::parse(message.params.empty() ? "{}" : message.params);
  if (!params) return refuse(message.id, params.error());
  revision_ = negotiate_revision(json::string_or(*params, "protocolVersion", ""));
  if (const json::Value* client = json::find(*params, "clientInfo")) {
    client_name_ = json::string_or(*client, "name", "").substr(0, 200);
  }
  json::Object result{
      {"protocolVersion", revision_},
      {"capabilities", {{"tools", json::Object()}, {"logging", json::Object()}}},
      {"serverInfo", {{"name", "hearth"}, {"title", "Hearth"}, {"version", version()}}},
      {"instructions", instructions}};
  std::string text;
  json::append(text, result);
  sink_->send(make_result(message.id, text));
}

void Session::set_level(const json::Envelope& message) {
  const auto params = json::parse(message.params.empty() ? "{}" : message.params);
  if (!params) return refuse(message.id, params.error());
  auto level = json::string_or(*params, "level", "");
  if (level == "critical" || level == "alert" || level == "emergency")
    level = "error";  // we log nothing above
  const auto found = std::ranges::find(level_names, level);
  if (found == level_names.end()) {
    return refuse(message.id,
                  Error{Errc::invalid_args,
                        "params.level: expected one of the syslog levels, debug to emergency",
                        {}});
  }
  log_level_ = static_cast<pack::LogLevel>(found - level_names.begin());
  sink_->send(make_result(message.id, "{}"));
}

void Session::list_tools(const json::Envelope& message) {
  if (!message.params.empty()) {
    const auto params = json::parse(message.params);
    if (!params) return refuse(message.id, params.error());
    if (json::find(*params, "cursor") != nullptr) {
      return refuse(
          message.id,
          Error{Errc::invalid_args, "params.cursor: not one that tools/list has given", {}});
    }
  }
  sink_->send(make_result(message.id, catalog_.listing()));
}

void Session::refuse(std::string_view id, const Error& error) {
  sink_->send(make_error(id, error));
}

pack::Call::Context Session::context_of(const json::Envelope& message, Flight& flight) {
  pack::Call::Context context;
  context.caller = caller_;
  context.tool = flight.tool->name;
  context.stop = flight.stop.get_token();
  if (const auto limit = time_limit_of(*flight.tool); limit.count() > 0)
    context.deadline = flight.began + limit;
  if (message.hearth.empty()) return context;
  if (const auto own = json::parse(message.hearth)) {
    context.key = json::string_or(*own, "key", "").substr(0, 128);
    context.is_resend = json::int_or(*own, "attempt", 1) > 1;
  }
  return context;
}

void Session::call_tool(const json::Envelope& message, std::size_t bytes) {
  auto params = read_call(message.params.empty() ? "{}" : message.params);
  if (!params) return refuse(message.id, params.error());
  ToolEntry* tool = catalog_.find(params->tool);
  if (tool == nullptr) {
    Error unknown{Errc::invalid_args, "unknown tool \"" + params->tool + "\"",
                  catalog_.suggest(params->tool)};
    if (!unknown.suggestions.empty())
      unknown.message += "; did you mean \"" + unknown.suggestions.front() + "\"?";
    return refuse(message.id, unknown);
  }
  if (is_draining_) {
    return refuse(
        message.id,
        Error{Errc::draining, "the daemon is leaving; nothing was done", {"send it again"}});
  }
  if (in_flight_.size() >= limits_.in_flight) {
    return refuse(message.id,
                  Error{Errc::busy,
                        std::to_string(in_flight_.size()) + " calls of this session are in flight",
                        {"wait for some"}});
  }
  auto flight = std::make_shared<Flight>();
  const auto [slot, is_new] = in_flight_.emplace(std::string(message.id), flight);
  if (!is_new)
    return refuse(message.id, Error{Errc::invalid_args, "a request with this id is in flight", {}});
  flight->tool = tool;
  flight->bytes = bytes;
  flight->progress_token = std::move(params->progress_token);
  ++tool->in_flight;
  sink_->request_began(bytes);
  auto context = context_of(message, *flight);
  auto sink = std::make_unique<Sink>(loop_, weak_from_this(), slot->first, flight.get(),
                                     flight->progress_token);
  pack::Call call(std::move(context), std::move(sink));
  if (call.is_resend() && tool->spec.resend == pack::ResendRule::refuse) {
    return call.answer(std::unexpected(outcome_unknown(tool->name)));
  }
  try {
    tool->handler(params->arguments, std::move(call));
  } catch (const std::exception& error) {  // a bug or exhaustion; the call, dropped, has answered
    log::error("a tool failed", {log::kv("tool", tool->name), log::kv("error", error.what())});
  }
  start_deadline(flight);
}

std::chrono::milliseconds Session::time_limit_of(const ToolEntry& tool) const {
  const auto own = tool.spec.time_limit;
  const auto ours = limits_.call_time;
  if (own.count() == 0 || ours.count() == 0) return std::max(own, ours);
  return std::min(own, ours);
}

void Session::start_deadline(const std::shared_ptr<Flight>& flight) {
  const auto limit = time_limit_of(*flight->tool);
  const bool is_over = flight.use_count() == 1;  // answered at once
  if (is_over || limit.count() == 0) return;
  flight->deadline.emplace(loop_);
  flight->deadline->start(flight->began + limit, [weak = std::weak_ptr(flight)] {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->is_late = true;
    alive->stop.request_stop();
  });
}

void Session::cancel(const json::Envelope& message) {
  std::string_view id;
  const auto scanned = json::scan_members(message.params.empty() ? "{}" : message.params,
                                          [&](std::string_view name, std::string_view value) {
                                            if (name == "requestId") id = value;
                                          });
  const auto found = scanned ? in_flight_.find(id) : in_flight_.end();
  if (found == in_flight_.end()) return;  // it has ended meanwhile
  const auto flight = found->second;  // the call may be answered, and leave the table, in the stop
  flight->is_cancelled = true;
  flight->stop.request_stop();
}

void Session::finish(const std::string& id, const Flight* flight, Result<pack::Reply> outcome) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end() || found->second.get() != flight) return;  // abandoned
  const auto ended = std::move(found->second);
  in_flight_.erase(found);
  ToolEntry& tool = *ended->tool;
  --tool.in_flight;
  tool.latency.record(Clock::now() - ended->began);
  if (!outcome) ++tool.errors;
  if (sink_ == nullptr) return;
  // A cancelled request gets no answer, except for one that took effect before the cancellation
  // reached it.
  const bool is_unwanted = ended->is_cancelled && !outcome;
  if (!is_unwanted) {
    if (!outcome && outcome.error().code == Errc::cancelled && ended->is_late) {
      outcome.error() = Error{
          Errc::timed_out,
          tool.name + " took longer than " + std::to_string(time_limit_of(tool).count()) + " ms",
          {"ask for less", "look at `hearth daemon status`"}};
    }
    sink_->send(
        make_result(id, outcome ? tool_result(outcome->structured) : tool_error(outcome.error())));
  }
  sink_->request_ended(ended->bytes);
  if (in_flight_.empty() && on_quiet_) on_quiet_();
}

void Session::report(const std::string& id, const Flight* flight, std::string_view notification) {
  const auto found = in_flight_.find(id);
  const bool is_current = found != in_flight_.end() && found->second.get() == flight;
  if (is_current && sink_ != nullptr && !sink_->is_congested()) sink_->send(notification);
}

void Session::abandon(const Error& error) {
  const auto flights = std::exchange(in_flight_, {});
  for (const auto& [id, flight] : flights) {
    flight->stop.request_stop();
    --flight->tool->in_flight;
    ++flight->tool->errors;
    if (sink_ == nullptr) continue;
    // What may not be sent again has begun all the same.
    const bool is_final = flight->tool->spec.resend == pack::ResendRule::refuse;
    sink_->send(is_final ? make_result(id, tool_error(outcome_unknown(flight->tool->name)))
                         : make_error(id, error));
    sink_->request_ended(flight->bytes);
  }
  if (!flights.empty() && on_quiet_) on_quiet_();
}

void Session::close() {
  MessageSink* sink = std::exchange(sink_, nullptr);
  const auto flights = std::exchange(in_flight_, {});
  for (const auto& [id, flight] : flights) {
    flight->stop.request_stop();
    --flight->tool->in_flight;
    if (sink != nullptr) sink->request_ended(flight->bytes);
  }
}

}  // namespace hearth::mcp
