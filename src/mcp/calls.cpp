#include "mcp/calls.hpp"

#include <array>
#include <exception>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "io/timer.hpp"
#include "json/json.hpp"
#include "mcp/messages.hpp"
#include "mcp/questions.hpp"
#include "mcp/reports.hpp"

namespace hearth::mcp {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

// One call in progress. Shared by the table and the call's sink; the session may go first.
struct Calls::Flight {
  CallStart start;
  Clock::time_point began = Clock::now();
  std::stop_source stop;
  bool is_cancelled = false;  // by the client: it expects no answer
  bool is_late = false;       // the time limit has passed
  std::optional<io::Timer> deadline;
  // While the client is asked, in the legacy era.
  std::map<std::string, std::string> open;  // our ids, as JSON text, to the questions' names
  std::map<std::string, std::string> answers;
  std::string state;
};

// Carries what a call says, on whatever thread, to its session on the loop thread.
class Calls::Sink final : public pack::CallSink {
 public:
  Sink(io::Loop& loop,
       std::weak_ptr<Calls> calls,
       std::string id,
       const Flight* flight,
       std::string token)
      : loop_(loop),
        calls_(std::move(calls)),
        id_(std::move(id)),
        flight_(flight),
        token_(std::move(token)) {}

  void finish(Result<pack::Reply> outcome) override {
    if (loop_.is_loop_thread()) {
      if (const auto calls = calls_.lock()) calls->finish(id_, flight_, std::move(outcome));
      return;
    }
    loop_.post(
        [calls = calls_, id = id_, flight = flight_, outcome = std::move(outcome)]() mutable {
          if (const auto alive = calls.lock()) alive->finish(id, flight, std::move(outcome));
        });
  }

  void progress(double done, std::optional<double> total, std::string_view message) override {
    if (token_.empty() || !pace_.is_due(done, total)) return;
    deliver(progress_report(token_, done, total, message), std::nullopt);
  }

  void log(pack::LogLevel level, std::string_view message) override {
    deliver(log_report(level, message), level);
  }

 private:
  // Before the call's answer in any case: at once where the answer would go out at once too.
  void deliver(std::string notification, std::optional<pack::LogLevel> level) {
    auto report = [calls = calls_, id = id_, flight = flight_, level,
                   text = std::move(notification)] {
      if (const auto alive = calls.lock()) alive->report(id, flight, text, level);
    };
    if (loop_.is_loop_thread()) return report();
    loop_.post(std::move(report));
  }

  io::Loop& loop_;
  std::weak_ptr<Calls> calls_;
  std::string id_;
  const Flight* flight_;  // identity only: an id may be used again
  std::string token_;
  ReportPace pace_;
};

std::string state_owner(AnswerForm form, const std::string& subject, const pack::Caller& caller) {
  static constexpr std::array<std::string_view, 4> names{"tool ", "resource ", "prompt ", "whole "};
  return std::string(names[static_cast<std::size_t>(form)]) + caller.name_space + ' ' + subject;
}

Calls::~Calls() {
  close();
}

bool Calls::start(CallStart start) {
  auto flight = std::make_shared<Flight>();
  const auto [place, is_new] = flights_.emplace(std::string(start.id), flight);
  if (!is_new) return false;
  flight->start = std::move(start);
  flight->start.id = place->first;
  if (flight->start.tool != nullptr) ++flight->start.tool->in_flight;
  sink_->request_began(flight->start.bytes);
  const std::string& id = place->first;
  run(id, flight);
  return true;
}

void Calls::run(const std::string& id, const std::shared_ptr<Flight>& flight) {
  pack::Call::Context context = flight->start.context;
  context.tool = flight->start.subject;
  context.stop = flight->stop.get_token();
  const Abilities& abilities = flight->start.abilities;
  context.askable = {abilities.elicit_form, abilities.sample, abilities.list_roots};
  if (const auto limit = flight->start.time_limit; limit.count() > 0)
    context.deadline = Clock::now() + limit;
  auto sink = std::make_unique<Sink>(loop_, weak_from_this(), id, flight.get(),
                                     flight->start.meta.progress_token);
  pack::Call call(std::move(context), std::move(sink));
  try {
    flight->start.run(std::move(call));
  } catch (const std::exception& error) {  // a bug or exhaustion; the call, dropped, has answered
    log::error("a handler failed",
               {log::kv("subject", flight->start.subject), log::kv("error", error.what())});
  }
  start_deadline(flight);
}

// The time that the client takes for its answers does not count.
void Calls::start_deadline(const std::shared_ptr<Flight>& flight) {
  const auto limit = flight->start.time_limit;
  const bool is_over = flight.use_count() == 1;  // answered at once
  if (is_over || limit.count() == 0 || !flight->open.empty()) return;
  flight->deadline.emplace(loop_);
  flight->deadline->start(Clock::now() + limit, [weak = std::weak_ptr(flight)] {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->is_late = true;
    alive->stop.request_stop();
  });
}

void Calls::cancel(std::string_view id) {
  const auto found = flights_.find(id);
  if (found == flights_.end()) return;  // it has ended meanwhile
  const auto flight = found->second;  // the call may be answered, and leave the table, in the stop
  flight->is_cancelled = true;
  flight->stop.request_stop();
  if (flight->open.empty()) return;  // its handler answers
  withdraw_questions(*flight, found->first);
  end(flights_.find(id), fail(Errc::cancelled, "cancelled"));
}

// Later answers to them are dropped.
void Calls::withdraw_questions(const Flight& flight, const std::string& id) {
  for (const auto& [question, name] : flight.open) {
    questions_.erase(question);
    if (sink_ == nullptr) continue;
    sink_->send(make_notification("notifications/cancelled", R"({"requestId":)" + question + '}'),
                id);
  }
}

void Calls::finish(const std::string& id, const Flight* flight, Result<pack::Reply> outcome) {
  const auto found = flights_.find(id);
  if (found == flights_.end() || found->second.get() != flight) return;  // abandoned
  Flight& ended = *found->second;
  if (outcome && outcome->questions && (ended.is_cancelled || ended.is_late))
    outcome = fail(Errc::cancelled, ended.start.subject + " was stopped before it could ask");
  if (outcome && outcome->questions) {
    const ToolEntry* tool = ended.start.tool;
    if (tool == nullptr || tool->spec.asks) return ask(found, std::move(*outcome->questions));
    outcome = fail(Errc::internal, tool->name + " asks without having said so (ToolSpec::asks)");
  }
  if (!outcome && outcome.error().code == Errc::cancelled && ended.is_late)
    outcome.error() = took_too_long(ended.start.subject, ended.start.time_limit);
  if (ended.start.tool != nullptr && !outcome) ++ended.start.tool->errors;
  if (ended.start.is_counted) tell_of(ended, outcome);
  // A cancelled request gets no answer, except for one that took effect before the cancellation
  // reached it.
  if (ended.is_cancelled && !outcome) return end(found, std::unexpected(outcome.error()));
  end(found, answer_of(id, ended, outcome));
}

void Calls::tell_of(const Flight& ended, const Result<pack::Reply>& outcome) const {
  catalog_.call_ended({.subject = ended.start.subject,
                       .tool = ended.start.tool,
                       .caller = *ended.start.context.caller,
                       .duration = std::chrono::duration_cast<std::chrono::microseconds>(
                           Clock::now() - ended.began),
                       .error = outcome ? nullptr : &outcome.error()});
}

// Takes the call off the table and sends its answer, if it has one.
void Calls::end(Flights::iterator place, Result<std::string> answer) {
  const std::string id = place->first;
  const auto ended = std::move(place->second);
  flights_.erase(place);
  if (ToolEntry* tool = ended->start.tool; tool != nullptr) {
    --tool->in_flight;
    tool->latency.record(Clock::now() - ended->began);
  }
  if (sink_ == nullptr) return;
  if (answer) {
    sink_->send(*answer, id);
  } else {
    sink_->withdraw(id);
  }
  sink_->request_ended(ended->start.bytes);
  if (flights_.empty() && on_quiet_) on_quiet_();
}

std::string Calls::answer_of(const std::string& id,
                             const Flight& flight,
                             const Result<pack::Reply>& outcome) const {
  const Era era = flight.start.meta.era;
  const bool is_whole = flight.start.is_whole && *flight.start.is_whole;
  const AnswerForm form = is_whole ? AnswerForm::whole : flight.start.form;
  if (!outcome && form == AnswerForm::tool)
    return make_result(id, dressed(tool_error(outcome.error()), era));
  if (!outcome && form == AnswerForm::resource && outcome.error().code == Errc::not_found)
    return resource_not_found(id, flight.start.subject, era);
  if (!outcome) return make_error(id, outcome.error());
  switch (form) {
    case AnswerForm::resource:
      return make_result(id, dressed(resource_result(*outcome, flight.start.subject), era,
                                     {.caching = Caching::content}));
    case AnswerForm::prompt:
      return make_result(id, dressed(prompt_result(*outcome), era));
    case AnswerForm::whole:
      return make_result(id, outcome->structured);
    case AnswerForm::tool:
      break;
  }
  return make_result(id, dressed(tool_result(*outcome), era));
}

void Calls::ask(Flights::iterator place, pack::Questions questions) {
  const std::string id = place->first;
  Flight& flight = *place->second;
  flight.deadline.reset();
  for (const auto& [name, question] : questions.ask) {
    const auto missing = missing_for(question, flight.start.abilities);
    if (!missing.empty()) return end(place, missing_ability(id, missing));
  }
  if (flight.start.meta.era == Era::modern) {
    std::string result = R"({"inputRequests":)" + input_requests(questions.ask);
    if (!questions.state.empty()) {
      const std::string owner =
          state_owner(flight.start.form, flight.start.subject, *flight.start.context.caller);
      result.append(R"(,"requestState":)")
          .append(json::quoted(catalog_.seal().seal(questions.state, owner, clock_.wall())));
    }
    return end(place,
               make_result(id, dressed(result + '}', Era::modern, {.type = "input_required"})));
  }
  if (questions.ask.empty()) {  // it only wants another round
    flight.start.context.answers.clear();
    flight.start.context.state = std::move(questions.state);
    return loop_.post([calls = weak_from_this(), id, weak = std::weak_ptr(place->second)] {
      const auto alive = calls.lock();
      const auto again = weak.lock();
      if (alive && again) alive->run(id, again);
    });
  }
  flight.answers.clear();
  flight.state = std::move(questions.state);
  if (question_prefix_.empty()) question_prefix_ = "hearth-" + random_hex(6) + '-';
  for (const auto& [name, question] : questions.ask) {
    const std::string ours = json::quoted(question_prefix_ + std::to_string(++asked_));
    flight.open.emplace(ours, name);
    questions_.emplace(ours, id);
  }
  for (const auto& [ours, name] : std::map(flight.open)) {
    const pack::Question& question = questions.ask.at(name);
    if (sink_ == nullptr) return;
    sink_->send(make_request(ours, method_of(question), question.params), id);
  }
}

void Calls::resolve(std::string_view question, std::string_view result, std::string_view error) {
  const auto asked = questions_.find(question);
  if (asked == questions_.end()) return;  // withdrawn, or not ours
  const std::string id = asked->second;
  questions_.erase(asked);
  const auto place = flights_.find(id);
  if (place == flights_.end()) return;
  const auto flight = place->second;
  const auto open = flight->open.find(std::string(question));
  if (open == flight->open.end()) return;
  const std::string name = open->second;
  flight->open.erase(open);
  if (!error.empty()) {
    withdraw_questions(*flight, id);
    const auto parsed = json::parse(error);
    const std::string why(parsed ? json::string_or(*parsed, "message", "an error") : "an error");
    const Error refused{
        Errc::unsupported, "the client could not answer \"" + name + "\": " + why, {}};
    if (flight->start.tool != nullptr) ++flight->start.tool->errors;
    end(place, answer_of(id, *flight, std::unexpected(refused)));
    flight->stop.request_stop();
    if (flight->start.on_refused) flight->start.on_refused(refused);
    return;
  }
  flight->answers[name] = result;
  if (!flight->open.empty()) return;
  flight->start.context.answers = std::exchange(flight->answers, {});
  flight->start.context.state = std::exchange(flight->state, {});
  run(id, flight);
}

void Calls::report(const std::string& id,
                   const Flight* flight,
                   std::string_view notification,
                   std::optional<pack::LogLevel> level) {
  const auto found = flights_.find(id);
  if (found == flights_.end() || found->second.get() != flight) return;
  if (level) {
    const Meta& meta = found->second->start.meta;
    const auto wanted = meta.era == Era::modern ? meta.log_level : std::optional(log_level_);
    if (!wanted || *level < *wanted) return;
  }
  if (sink_ != nullptr && !sink_->is_congested()) sink_->send(notification, id);
}

void Calls::abandon(const Error& error) {
  const auto flights = std::exchange(flights_, {});
  questions_.clear();
  for (const auto& [id, flight] : flights) {
    flight->stop.request_stop();
    if (ToolEntry* tool = flight->start.tool; tool != nullptr) {
      --tool->in_flight;
      ++tool->errors;
    }
    if (sink_ == nullptr) continue;
    // What may not be sent again has begun all the same, unless it waits for its client.
    const ToolEntry* tool = flight->start.tool;
    const bool is_final =
        tool != nullptr && tool->spec.resend == pack::ResendRule::refuse && flight->open.empty();
    sink_->send(is_final ? answer_of(id, *flight, std::unexpected(outcome_unknown(tool->name)))
                         : make_error(id, error),
                id);
    sink_->request_ended(flight->start.bytes);
  }
  if (!flights.empty() && on_quiet_) on_quiet_();
}

void Calls::close() {
  MessageSink* sink = std::exchange(sink_, nullptr);
  const auto flights = std::exchange(flights_, {});
  questions_.clear();
  for (const auto& [id, flight] : flights) {
    flight->stop.request_stop();
    if (flight->start.tool != nullptr) --flight->start.tool->in_flight;
    if (sink != nullptr) sink->request_ended(flight->start.bytes);
  }
}

}  // namespace hearth::mcp
