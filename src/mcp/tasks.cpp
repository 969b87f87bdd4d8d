#include "mcp/tasks.hpp"

#include <algorithm>
#include <exception>
#include <list>
#include <set>
#include <stop_token>
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

constexpr std::size_t epoch_size = 8;        // characters
constexpr std::size_t most_message = 1'000;  // bytes kept of a report
// What a task costs besides its texts.
constexpr std::size_t own_bytes = 1'024;

using Steady = std::chrono::steady_clock;

std::string words_of(double done, std::optional<double> total, std::string_view message) {
  std::string text = json::dump(json::Value(done));
  if (total) text.append(" of ").append(json::dump(json::Value(*total)));
  if (!message.empty()) text.append(": ").append(message.substr(0, most_message));
  return text;
}

}  // namespace

// Its request for the outcome may be withdrawn while it waits.
struct Tasks::Waiter {
  pack::Call request;
  std::optional<std::stop_callback<std::function<void()>>> on_stop;
};

struct Tasks::Run final : Task {
  ToolEntry* tool = nullptr;
  std::string arguments;
  Abilities abilities;
  pack::Call::Context context;  // of the next round
  std::stop_source stop;
  std::optional<pack::Call> request;  // that began it, until it is answered
  std::function<std::string(const Task&)> describe;
  std::shared_ptr<bool> is_whole;            // shared with the request
  std::map<std::string, std::string> names;  // the pack's, of all keys
  std::map<std::string, std::string> answers;
  std::string next_state;
  std::list<std::unique_ptr<Waiter>> waiting;
  Steady::time_point began = Steady::now();
  std::size_t bytes = 0;  // that it holds
  std::optional<io::Timer> expiry;
};

// Carries what a call says, on whatever thread, to its task on the loop thread.
class Tasks::Sink final : public pack::CallSink {
 public:
  Sink(io::Loop& loop, std::weak_ptr<Tasks> tasks, std::weak_ptr<Run> run)
      : loop_(loop), tasks_(std::move(tasks)), run_(std::move(run)) {}

  void finish(Result<pack::Reply> outcome) override {
    deliver([outcome = std::move(outcome)](Tasks& tasks, const std::shared_ptr<Run>& run) mutable {
      tasks.finish(run, std::move(outcome));
    });
  }
  void progress(double done, std::optional<double> total, std::string_view message) override {
    if (!pace_.is_due(done, total)) return;
    deliver([=, text = std::string(message)](Tasks& tasks, const std::shared_ptr<Run>& run) {
      tasks.progress(*run, done, total, text);
    });
  }
  void log(pack::LogLevel level, std::string_view message) override {
    deliver([=, text = std::string(message)](Tasks& tasks, const std::shared_ptr<Run>& run) {
      tasks.log(*run, level, text);
    });
  }

 private:
  template <typename Work>
  void deliver(Work work) {
    auto job = [tasks = tasks_, run = run_, work = std::move(work)]() mutable {
      const auto alive = tasks.lock();
      const auto task = run.lock();
      if (alive && task) work(*alive, task);
    };
    if (loop_.is_loop_thread()) return job();
    loop_.post(std::move(job));
  }

  io::Loop& loop_;
  std::weak_ptr<Tasks> tasks_;
  std::weak_ptr<Run> run_;  // the table's
  ReportPace pace_;
};

std::string related_task(std::string_view id) {
  return R"({"io.modelcontextprotocol/related-task":{"taskId":)" + json::quoted(id) + "}}";
}

std::string with_related_task(const std::string& object, std::string_view id) {
  auto value = json::parse(object);
  if (!value || !value->is_object()) return object;  // it will be refused as what it is
  json::Value& meta = value->get_object()["_meta"];
  if (!meta.is_object()) meta = json::Object();
  meta.get_object()["io.modelcontextprotocol/related-task"] = json::Object{{"taskId", id}};
  return json::dump(*value);
}

Tasks::Tasks(io::Loop& loop, Catalog& catalog, const Clock& clock, TaskLimits limits)
    : loop_(loop),
      catalog_(catalog),
      clock_(clock),
      limits_(limits),
      epoch_(random_hex(epoch_size / 2)) {}

Tasks::~Tasks() = default;

// ---- Beginning and ending -----------------------------------------------------------------------

void Tasks::begin(TaskStart start, pack::Call request) {
  const std::size_t bytes = own_bytes + start.arguments.size();
  if (auto room = make_room(start.owner, bytes); !room) {
    *start.is_whole = start.is_demanded;  // the error of a request, not of a tool
    return request.answer(std::unexpected(std::move(room.error())));
  }
  const auto run = std::make_shared<Run>();
  run->number = ++last_number_;
  run->id = epoch_ + '-' + random_hex(16);
  run->owner = std::move(start.owner);
  run->era = start.era;
  run->created = run->changed = clock_.wall();
  run->time =
      std::clamp(start.time.value_or(limits_.time), std::chrono::milliseconds(1), limits_.most);
  run->progress_token = std::move(start.progress_token);
  run->tool = start.tool;
  run->arguments = std::move(start.arguments);
  run->abilities = start.abilities;
  run->context = request.context();
  run->context.stop = run->stop.get_token();
  run->context.deadline = clock_.monotonic() + run->time;
  run->request.emplace(std::move(request));
  run->describe = std::move(start.describe);
  run->is_whole = std::move(start.is_whole);
  run->bytes = bytes;
  bytes_ += bytes;
  runs_.emplace(run->number, run);
  numbers_.emplace(run->id, run->number);
  ++run->tool->in_flight;
  if (start.is_demanded) promote(run);
  step(run);
  if (run->request) promote(run);  // it takes longer
}

// From now on it is a task.
void Tasks::promote(const std::shared_ptr<Run>& run) {
  run->expiry.emplace(loop_);
  run->expiry->start(clock_.monotonic() + run->time,
                     [this, number = run->number] { expire(number); });
  *run->is_whole = true;
  pack::Call request = std::move(*run->request);
  run->request.reset();
  request.answer(pack::Reply{.structured = run->describe(*run)});
}

void Tasks::step(const std::shared_ptr<Run>& run) {
  pack::Call call(run->context, std::make_unique<Sink>(loop_, weak_from_this(), run));
  if (call.is_resend() && run->tool->spec.resend == pack::ResendRule::refuse)
    return call.answer(std::unexpected(outcome_unknown(run->tool->name)));
  try {
    run->tool->handler(run->arguments, std::move(call));
  } catch (const std::exception& error) {  // a bug or exhaustion; the call, dropped, has answered
    log::error("a tool failed", {log::kv("tool", run->tool->name), log::kv("error", error.what())});
  }
}

void Tasks::finish(const std::shared_ptr<Run>& run, Result<pack::Reply> outcome) {
  if (run->is_over()) return;
  if (outcome && outcome->questions && !run->tool->spec.asks) {
    outcome =
        fail(Errc::internal, run->tool->name + " asks without having said so (ToolSpec::asks)");
  }
  if (run->request) return answer_at_once(run, std::move(outcome));
  if (outcome && outcome->questions) return ask(run, std::move(*outcome->questions));
  end(*run, std::move(outcome));
}

// It was none after all.
void Tasks::answer_at_once(const std::shared_ptr<Run>& run, Result<pack::Reply> outcome) {
  const bool is_asking = outcome && outcome->questions;
  if (!is_asking) count(*run, outcome ? nullptr : &outcome.error());
  run->state = TaskState::ended;
  --run->tool->in_flight;
  pack::Call request = std::move(*run->request);
  run->request.reset();
  forget(runs_.find(run->number));
  request.answer(std::move(outcome));
}

void Tasks::end(Run& run, Result<pack::Reply> outcome) {
  if (!outcome && outcome.error().code == Errc::internal)
    return break_off(run, std::move(outcome.error()));
  run.is_tool_error = !outcome;
  run.result = outcome ? tool_result(*outcome) : tool_error(outcome.error());
  run.message =
      outcome ? "" : run.tool->name + ": " + outcome.error().message.substr(0, most_message);
  count(run, outcome ? nullptr : &outcome.error());
  close(run, TaskState::ended);
}

// The tool did not come to an answer.
void Tasks::break_off(Run& run, Error error) {
  run.message = error.message.substr(0, most_message);
  run.error = std::move(error);
  count(run, &*run.error);
  close(run, TaskState::ended);
  run.stop.request_stop();
}

// Lets go of what only a call under way needs, and tells everybody who waits.
void Tasks::close(Run& run, TaskState state) {
  run.state = state;
  run.open.clear();
  run.answers.clear();
  run.context.answers.clear();
  run.context.state.clear();
  std::string().swap(run.arguments);
  bytes_ -= run.bytes;
  run.bytes = own_bytes + run.result.size();
  bytes_ += run.bytes;
  --run.tool->in_flight;
  const auto keep = runs_.at(run.number);  // whoever is told may do anything
  tell(run);
  for (const auto& waiter : std::exchange(run.waiting, {})) {
    waiter->on_stop.reset();
    answer_waiter(run, waiter->request);
  }
  while (bytes_ > limits_.bytes && forget_oldest("")) {
  }
  if (on_quiet_ && !is_working()) on_quiet_();
}

void Tasks::count(Run& run, const Error* error) {
  const auto duration = Steady::now() - run.began;
  run.tool->latency.record(duration);
  if (error != nullptr) ++run.tool->errors;
  catalog_.call_ended({.subject = run.tool->name,
                       .tool = run.tool,
                       .caller = *run.context.caller,
                       .duration = std::chrono::duration_cast<std::chrono::microseconds>(duration),
                       .error = error});
}

void Tasks::cancel(const Task& task) {
  const auto run = runs_.at(task.number);
  if (run->is_over()) return;
  run->error = Error{Errc::cancelled, "the task was cancelled", {}};
  run->message = run->error->message;
  count(*run, &*run->error);
  close(*run, TaskState::cancelled);
  run->stop.request_stop();
}

void Tasks::refuse(std::string_view id, const Error& error) {
  Run* run = run_of(id);
  if (run == nullptr || run->state != TaskState::input_required) return;
  const auto keep = runs_.at(run->number);
  end(*run, std::unexpected(error));
  keep->stop.request_stop();
}

void Tasks::abandon(const Error& error) {
  for (const auto& [number, run] : Runs(runs_)) {
    if (run->is_over() || run->request) continue;
    const bool is_final =
        run->tool->spec.resend == pack::ResendRule::refuse && run->state == TaskState::working;
    break_off(*run, is_final ? outcome_unknown(run->tool->name) : error);
  }
}

void Tasks::expire(std::uint64_t number) {
  const auto place = runs_.find(number);
  if (place == runs_.end()) return;
  const auto run = place->second;
  if (!run->is_over()) {
    break_off(*run, Error{Errc::timed_out,
                          run->tool->name + " took longer than the task's time, " +
                              std::to_string(run->time.count()) + " ms",
                          {"call it again with a longer ttl, or ask for less"}});
  }
  if (const auto still = runs_.find(number); still != runs_.end()) forget(still);
}

// ---- Questions ----------------------------------------------------------------------------------

void Tasks::ask(const std::shared_ptr<Run>& run, pack::Questions questions) {
  for (const auto& [name, question] : questions.ask) {
    const auto missing = missing_for(question, run->abilities);
    if (missing.empty()) continue;
    return break_off(*run,
                     Error{Errc::unsupported,
                           run->tool->name + " asks what the client cannot answer: it lacks " +
                               std::string(missing),
                           {}});
  }
  if (questions.ask.empty()) {  // it only wants another round
    run->context.answers.clear();
    run->context.state = std::move(questions.state);
    return loop_.post([tasks = weak_from_this(), weak = std::weak_ptr(run)] {
      const auto alive = tasks.lock();
      const auto again = weak.lock();
      if (alive && again && !again->is_over()) alive->step(again);
    });
  }
  run->next_state = std::move(questions.state);
  for (auto& [name, question] : questions.ask) {
    std::string key = name;
    for (int i = 2; run->names.contains(key); ++i) key = name + '-' + std::to_string(i);
    run->names.emplace(key, name);
    run->open.emplace(key, std::move(question));
  }
  run->state = TaskState::input_required;
  if (on_quiet_ && !is_working()) on_quiet_();
  tell(*run);
  if (run->waiting.empty()) return;
  const auto waiter = std::move(run->waiting.front());
  run->waiting.pop_front();
  waiter->on_stop.reset();
  answer_waiter(*run, waiter->request);
}

void Tasks::answer(const Task& task, std::string_view key, std::string_view text) {
  const auto place = runs_.find(task.number);
  if (place == runs_.end()) return;  // ended with the answer before, and forgotten
  const auto run = place->second;
  const auto open = run->open.find(std::string(key));
  if (open == run->open.end()) return;
  run->answers[run->names.at(open->first)] = text;
  run->open.erase(open);
  if (!run->open.empty()) return;
  run->context.answers = std::exchange(run->answers, {});
  run->context.state = std::exchange(run->next_state, {});
  run->state = TaskState::working;
  tell(*run);
  if (!run->is_over()) step(run);
}

void Tasks::await(std::string_view id, std::string_view owner, pack::Call request) {
  const auto found = find(id, owner);
  if (!found) return request.answer(std::unexpected(found.error()));
  const auto run = runs_.at((*found)->number);
  for (const auto& [key, text] : request.answers()) answer(*run, key, text);
  if (run->state != TaskState::working) return answer_waiter(*run, request);
  run->waiting.push_back(std::make_unique<Waiter>(std::move(request), std::nullopt));
  Waiter& waiter = *run->waiting.back();
  waiter.on_stop.emplace(waiter.request.stop(), [this, weak = std::weak_ptr(run), &waiter] {
    // Not at once: the callback must not destroy itself.
    loop_.post([tasks = weak_from_this(), weak, which = &waiter] {
      const auto alive = tasks.lock();
      const auto task = weak.lock();
      if (alive && task) alive->end_wait(*task, which);
    });
  });
}

void Tasks::end_wait(Run& run, const Waiter* waiter) {
  const auto found = std::ranges::find(run.waiting, waiter, &std::unique_ptr<Waiter>::get);
  if (found == run.waiting.end()) return;
  const auto ended = std::move(*found);
  run.waiting.erase(found);
  ended->request.answer(fail(Errc::cancelled, "the client waits no longer; the task goes on"));
}

// With the outcome, or with what is asked.
void Tasks::answer_waiter(const Run& run, pack::Call& request) const {
  if (run.error) return request.answer(std::unexpected(*run.error));
  pack::Reply reply;
  if (run.is_over()) {
    reply.structured = with_related_task(run.result, run.id);
    return request.answer(std::move(reply));
  }
  reply.questions.emplace();
  for (const auto& [key, question] : run.open) {
    reply.questions->ask[key] = {question.kind, with_related_task(question.params, run.id)};
  }
  request.answer(std::move(reply));
}

bool Tasks::is_working() const {
  return std::ranges::any_of(
      runs_, [](const auto& entry) { return entry.second->state == TaskState::working; });
}

// ---- The table ----------------------------------------------------------------------------------

Tasks::Run* Tasks::run_of(std::string_view id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? nullptr : runs_.at(found->second).get();
}

Result<const Task*> Tasks::find(std::string_view id, std::string_view owner) const {
  const Run* run = run_of(id);
  if (run != nullptr && run->owner == owner && !run->request) return run;
  const std::string name = '"' + std::string(id.substr(0, 100)) + '"';
  const bool is_a_task = id.size() == epoch_size + 1 + 32 && id[epoch_size] == '-';
  if (is_a_task && id.substr(0, epoch_size) != epoch_) {
    return fail(Errc::invalid_args,
                "the task " + name +
                    " ended with the daemon process that ran it; its outcome is not known here",
                {"look whether its work was done", "call the tool again"});
  }
  return fail(Errc::invalid_args,
              "this session has no task " + name + "; a task is forgotten when its time is over",
              {"call the tool again"});
}

std::vector<const Task*> Tasks::list(std::string_view owner,
                                     std::uint64_t after,
                                     std::size_t most) const {
  std::vector<const Task*> found;
  for (auto each = runs_.upper_bound(after); each != runs_.end() && found.size() < most; ++each) {
    if (each->second->owner == owner && !each->second->request) found.push_back(each->second.get());
  }
  return found;
}

Result<void> Tasks::make_room(std::string_view owner, std::size_t bytes) {
  const auto is_owners = [&](const auto& entry) { return entry.second->owner == owner; };
  while (static_cast<std::size_t>(std::ranges::count_if(runs_, is_owners)) >= limits_.tasks_each) {
    if (!forget_oldest(owner)) {
      return fail(Errc::busy,
                  std::to_string(limits_.tasks_each) +
                      " tasks run for this session (over HTTP without sessions: this namespace)",
                  {"wait for some, or cancel them"});
    }
  }
  while (runs_.size() >= limits_.tasks || bytes_ + bytes > limits_.bytes) {
    if (!forget_oldest(""))
      return fail(Errc::busy, "too many tasks run, or with too large arguments", {"try again"});
  }
  return {};
}

// Of one owner, or of all. False when all are under way.
bool Tasks::forget_oldest(std::string_view owner) {
  const auto found = std::ranges::find_if(runs_, [&](const auto& entry) {
    return entry.second->is_over() && (owner.empty() || entry.second->owner == owner);
  });
  if (found == runs_.end()) return false;
  forget(found);
  return true;
}

void Tasks::forget(Runs::iterator place) {
  const auto run = std::move(place->second);
  numbers_.erase(run->id);
  bytes_ -= run->bytes;
  runs_.erase(place);
}

// ---- Telling ------------------------------------------------------------------------------------

void Tasks::enter(const std::string& owner, TaskObserver& observer) {
  observers_.emplace(owner, &observer);
}

void Tasks::leave(const std::string& owner, TaskObserver& observer) {
  const auto [begin, end] = observers_.equal_range(owner);
  for (auto each = begin; each != end; ++each) {
    if (each->second != &observer) continue;
    observers_.erase(each);
    return;
  }
}

// Those that are told may leave, or make others leave.
template <typename Say>
void Tasks::for_observers(const std::string& owner, Say say) {
  std::set<TaskObserver*> told;
  for (;;) {
    const auto [begin, end] = observers_.equal_range(owner);
    const auto next =
        std::find_if(begin, end, [&](const auto& entry) { return !told.contains(entry.second); });
    if (next == end) return;
    told.insert(next->second);
    say(*next->second);
  }
}

void Tasks::tell(Run& run) {
  run.changed = clock_.wall();
  for_observers(run.owner, [&](TaskObserver& observer) { observer.task_changed(run); });
}

void Tasks::progress(Run& run, double done, std::optional<double> total, std::string_view message) {
  if (run.is_over()) return;
  if (run.request) return run.request->progress(done, total, message);
  run.message = words_of(done, total, message);
  run.changed = clock_.wall();
  for_observers(run.owner, [&](TaskObserver& observer) {
    observer.task_progressed(run, done, total, message);
  });
}

void Tasks::log(Run& run, pack::LogLevel level, std::string_view message) {
  if (run.is_over()) return;
  if (run.request) return run.request->log(level, message);
  for_observers(run.owner,
                [&](TaskObserver& observer) { observer.task_logged(run, level, message); });
}

}  // namespace hearth::mcp
