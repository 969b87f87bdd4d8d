// Calls that outlive their request: MCP's tasks.
//
// A call of a tool that may take long becomes a task when its client can follow one: the request is
// answered with the task's id at once, and the client asks for the outcome later, is told, or
// answers what the call asks meanwhile. How either era of the protocol writes that is in
// session_tasks.cpp.
//
// A task belongs to the session that began it; for all others it does not exist. It is kept in
// memory until its time is over, and ends with the daemon. There are so many and no more: ended
// ones make room for new ones, the oldest first.
//
// Loop thread only, apart from what CallSink promises.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.hpp"
#include "mcp/catalog.hpp"
#include "mcp/era.hpp"
#include "pack/call.hpp"

namespace hearth::mcp {

struct TaskLimits {
  std::size_t tasks = 1024;
  std::size_t tasks_each = 128;                // of one owner
  std::size_t bytes = std::size_t{64} << 20;   // arguments and results
  std::chrono::milliseconds time{3'600'000};   // unless the caller wants another
  std::chrono::milliseconds most{86'400'000};  // whatever it wants
};

enum class TaskState : std::uint8_t { working, input_required, ended, cancelled };

// What is known of a task; changed by Tasks only.
struct Task {
  std::string id;  // hard to guess
  std::string owner;
  Era era = Era::legacy;  // of the request that began it
  std::uint64_t number = 0;
  TaskState state = TaskState::working;
  std::string message;  // the last report of progress, or why it ended
  WallTime created{};
  WallTime changed{};
  std::chrono::milliseconds time{0};  // from its creation, then it is forgotten
  std::string progress_token;         // JSON text
  // What the call asks of its client: under keys that the task uses once only.
  std::map<std::string, pack::Question> open;
  // Once it is over: the JSON text of a tool's result, or the error of a call that broke off.
  std::string result;
  bool is_tool_error = false;
  std::optional<Error> error;

  [[nodiscard]] bool is_over() const {
    return state == TaskState::ended || state == TaskState::cancelled;
  }
};

// Who is told of the tasks of an owner.
class TaskObserver {
 public:
  virtual ~TaskObserver() = default;
  virtual void task_changed(const Task& task) = 0;
  virtual void task_progressed(const Task& task,
                               double done,
                               std::optional<double> total,
                               std::string_view message) = 0;
  virtual void task_logged(const Task& task, pack::LogLevel level, std::string_view message) = 0;
};

struct TaskStart {
  std::string owner;
  Era era = Era::legacy;
  ToolEntry* tool = nullptr;
  std::string arguments;
  Abilities abilities;
  std::string progress_token;
  std::optional<std::chrono::milliseconds> time;
  // The client wants a task whatever happens; else what the call answers or asks at once is the
  // answer to the request.
  bool is_demanded = false;
  // The answer to the request, as JSON text of a result, when it is a task; then `is_whole` is set.
  std::function<std::string(const Task&)> describe;
  std::shared_ptr<bool> is_whole;
};

class Tasks final : public std::enable_shared_from_this<Tasks> {
 public:
  Tasks(io::Loop& loop, Catalog& catalog, const Clock& clock, TaskLimits limits = {});
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // Runs the tool, and answers `request`.
  void begin(TaskStart start, pack::Call request);

  // The task if it is `owner`'s; else `invalid_args`, which says what became of it.
  [[nodiscard]] Result<const Task*> find(std::string_view id, std::string_view owner) const;
  // The oldest of an owner with a number above `after`.
  [[nodiscard]] std::vector<const Task*> list(std::string_view owner,
                                              std::uint64_t after,
                                              std::size_t most) const;
  // For tasks that find() gave.
  void cancel(const Task& task);
  // The client's answer to a question, as JSON text; one that is not open is ignored. The call goes
  // on when all are answered.
  void answer(const Task& task, std::string_view key, std::string_view text);
  // The client cannot answer, which ends the task.
  void refuse(std::string_view id, const Error& error);
  // Answers `request` with the outcome as soon as there is one, or before with what the task asks;
  // then again with answers.
  void await(std::string_view id, std::string_view owner, pack::Call request);

  // Ends all that are under way with `error`, or `outcome_unknown` if the tool may not be called
  // twice: the daemon leaves.
  void abandon(const Error& error);

  // Whether any of them does something; one that waits for its client's answer does not.
  [[nodiscard]] bool is_working() const;
  [[nodiscard]] std::size_t size() const { return runs_.size(); }
  // Called when none works any more.
  void on_quiet(std::function<void()> notify) { on_quiet_ = std::move(notify); }

  void enter(const std::string& owner, TaskObserver& observer);
  void leave(const std::string& owner, TaskObserver& observer);

 private:
  class Sink;     // of one round, towards us
  struct Run;     // a task, with what its call needs
  struct Waiter;  // a request for the outcome
  using Runs = std::map<std::uint64_t, std::shared_ptr<Run>>;

  [[nodiscard]] Run* run_of(std::string_view id) const;
  [[nodiscard]] Result<void> make_room(std::string_view owner, std::size_t bytes);
  [[nodiscard]] bool forget_oldest(std::string_view owner);
  void forget(Runs::iterator place);
  void promote(const std::shared_ptr<Run>& run);
  void step(const std::shared_ptr<Run>& run);
  void finish(const std::shared_ptr<Run>& run, Result<pack::Reply> outcome);
  void answer_at_once(const std::shared_ptr<Run>& run, Result<pack::Reply> outcome);
  void ask(const std::shared_ptr<Run>& run, pack::Questions questions);
  void end(Run& run, Result<pack::Reply> outcome);
  void break_off(Run& run, Error error);
  void close(Run& run, TaskState state);
  void count(Run& run, const Error* error);
  void expire(std::uint64_t number);
  void tell(Run& run);
  void progress(Run& run, double done, std::optional<double> total, std::string_view message);
  void log(Run& run, pack::LogLevel level, std::string_view message);
  void end_wait(Run& run, const Waiter* waiter);
  void answer_waiter(const Run& run, pack::Call& request) const;
  template <typename Say>
  void for_observers(const std::string& owner, Say say);

  io::Loop& loop_;
  Catalog& catalog_;
  const Clock& clock_;
  const TaskLimits limits_;
  const std::string epoch_;                                    // of this process, in the ids
  Runs runs_;                                                  // by number, that is, by age
  std::map<std::string, std::uint64_t, std::less<>> numbers_;  // by id
  std::multimap<std::string, TaskObserver*, std::less<>> observers_;
  std::uint64_t last_number_ = 0;
  std::size_t bytes_ = 0;  // held by all
  std::function<void()> on_quiet_;
};

// Adds to the JSON text of an object which task it is about, as the legacy era wants it.
[[nodiscard]] std::string with_related_task(const std::string& object, std::string_view id);
// {"io.modelcontextprotocol/related-task":{"taskId":…}}
[[nodiscard]] std::string related_task(std::string_view id);

}  // namespace hearth::mcp
