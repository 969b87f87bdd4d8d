#include "daemon/verb_calls.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <utility>

#include "base/log.hpp"
#include "io/timer.hpp"
#include "mcp/messages.hpp"

namespace hearth::daemon {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view request_tool = "request";  // a request within a request would not end

request::Verb verb_of(const mcp::ToolEntry& entry) {
  return {entry.name, entry.pack, &entry.spec};
}

// Nobody sees its reports.
class OutcomeSink final : public pack::CallSink {
 public:
  explicit OutcomeSink(std::move_only_function<void(Result<pack::Reply>)> done)
      : done_(std::move(done)) {}
  void finish(Result<pack::Reply> outcome) override { done_(std::move(outcome)); }
  void progress(double, std::optional<double>, std::string_view) override {}
  void log(pack::LogLevel, std::string_view) override {}

 private:
  std::move_only_function<void(Result<pack::Reply>)> done_;
};

}  // namespace

struct VerbCalls::Flight {
  VerbCalls* owner = nullptr;
  mcp::ToolEntry* tool = nullptr;
  std::shared_ptr<pack::CallSink> sink;  // also held by the call, for its reports
  std::shared_ptr<const pack::Caller> caller;
  Clock::time_point began = Clock::now();
  std::stop_source stop;
  bool is_late = false;
  std::optional<io::Timer> limit;
  std::optional<std::stop_callback<std::function<void()>>> on_outer_stop;  // last: uses `stop`
};

// Answers come back to the loop thread; reports go where they are made.
class VerbCalls::Sink final : public pack::CallSink {
 public:
  Sink(io::Loop& loop, const std::shared_ptr<Flight>& flight)
      : loop_(loop), flight_(flight), reports_(flight->sink) {}

  void finish(Result<pack::Reply> outcome) override {
    if (loop_.is_loop_thread()) return deliver(flight_, std::move(outcome));
    loop_.post([flight = flight_, outcome = std::move(outcome)]() mutable {
      deliver(flight, std::move(outcome));
    });
  }
  void progress(double done, std::optional<double> total, std::string_view message) override {
    reports_->progress(done, total, message);
  }
  void log(pack::LogLevel level, std::string_view message) override {
    reports_->log(level, message);
  }

 private:
  static void deliver(const std::weak_ptr<Flight>& flight, Result<pack::Reply> outcome) {
    if (const auto alive = flight.lock()) alive->owner->finish(alive, std::move(outcome));
  }

  io::Loop& loop_;
  std::weak_ptr<Flight> flight_;  // the table's
  std::shared_ptr<pack::CallSink> reports_;
};

VerbCalls::VerbCalls(io::Loop& loop, mcp::Catalog& catalog) : loop_(loop), catalog_(catalog) {}
VerbCalls::~VerbCalls() = default;

std::optional<request::Verb> VerbCalls::find(std::string_view name) const {
  const mcp::ToolEntry* entry = name == request_tool ? nullptr : catalog_.find_tool(name);
  if (entry == nullptr) return std::nullopt;
  return verb_of(*entry);
}

std::vector<request::Verb> VerbCalls::all() const {
  std::vector<request::Verb> verbs;
  for (const auto& entry : catalog_.entries()) {
    if (entry->name != request_tool) verbs.push_back(verb_of(*entry));
  }
  return verbs;
}

void VerbCalls::start(const request::Verb& verb,
                      std::string_view arguments,
                      pack::Call::Context context,
                      std::unique_ptr<pack::CallSink> sink) {
  mcp::ToolEntry& tool = *catalog_.find_tool(verb.name);
  auto flight = std::make_shared<Flight>();
  flight->owner = this;
  flight->tool = &tool;
  flight->sink = std::move(sink);
  flight->caller = context.caller;
  flight->on_outer_stop.emplace(context.stop, [&stop = flight->stop] { stop.request_stop(); });
  context.stop = flight->stop.get_token();
  const auto limit = tool.spec.time_limit;
  const auto ends = flight->began + limit;
  if (limit.count() > 0) context.deadline = std::min(context.deadline.value_or(ends), ends);
  flights_.insert(flight);
  ++tool.in_flight;
  pack::Call call(std::move(context), std::make_unique<Sink>(loop_, flight));
  if (call.is_resend() && tool.spec.resend == pack::ResendRule::refuse) {
    return call.answer(std::unexpected(mcp::outcome_unknown(tool.name)));
  }
  try {
    tool.handler(arguments, std::move(call));
  } catch (const std::exception& error) {  // a bug or exhaustion; the call, dropped, has answered
    log::error("a tool failed", {log::kv("tool", tool.name), log::kv("error", error.what())});
  }
  if (limit.count() == 0 || !flights_.contains(flight)) return;
  flight->limit.emplace(loop_);
  flight->limit->start(ends, [weak = std::weak_ptr(flight)] {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->is_late = true;
    alive->stop.request_stop();
  });
}

void VerbCalls::call(const std::string& tool,
                     std::string_view arguments,
                     pack::Call::Context context,
                     std::move_only_function<void(Result<pack::Reply>)> done) {
  const auto verb = find(tool);
  if (!verb) return done(fail(Errc::not_found, "there is no tool " + tool));
  context.tool = tool;
  start(*verb, arguments, std::move(context), std::make_unique<OutcomeSink>(std::move(done)));
}

void VerbCalls::finish(const std::shared_ptr<Flight>& flight, Result<pack::Reply> outcome) {
  if (flights_.erase(flight) == 0) return;
  mcp::ToolEntry& tool = *flight->tool;
  const auto duration = Clock::now() - flight->began;
  --tool.in_flight;
  tool.latency.record(duration);
  if (!outcome) {
    ++tool.errors;
    if (flight->is_late && outcome.error().code == Errc::cancelled)
      outcome.error() = mcp::took_too_long(tool.name, tool.spec.time_limit);
  }
  flight->limit.reset();
  // One that asks has not ended.
  if (!outcome || !outcome->questions) {
    catalog_.call_ended(
        {.subject = tool.name,
         .tool = &tool,
         .caller = *flight->caller,
         .duration = std::chrono::duration_cast<std::chrono::microseconds>(duration),
         .error = outcome ? nullptr : &outcome.error()});
  }
  flight->sink->finish(std::move(outcome));
}

}  // namespace hearth::daemon
