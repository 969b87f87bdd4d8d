// A session's side of tasks: which calls become some, the methods tasks/*, and what clients are
// told. The legacy era (2025-11-25): the client says that a call is to be a task, fetches its
// outcome with tasks/result, and is asked there. The modern one (the extension
// io.modelcontextprotocol/tasks): hearth decides, tasks/get has all there is, tasks/update answers.
#include <charconv>
#include <utility>

#include "json/envelope.hpp"
#include "json/json.hpp"
#include "mcp/messages.hpp"
#include "mcp/questions.hpp"
#include "mcp/reports.hpp"
#include "mcp/session.hpp"
#include "mcp/tasks.hpp"

namespace hearth::mcp {
namespace {

constexpr std::size_t page_size = 50;
constexpr std::string_view poll_interval = "1000";  // milliseconds

std::string_view status_of(const Task& task, Era era) {
  switch (task.state) {
    case TaskState::working:
      return "working";
    case TaskState::input_required:
      return "input_required";
    case TaskState::cancelled:
      return "cancelled";
    case TaskState::ended:
      break;
  }
  // A tool's own failure is an outcome like others, except in the legacy era.
  const bool has_failed = task.error || (era == Era::legacy && task.is_tool_error);
  return has_failed ? "failed" : "completed";
}

// MCP's Task, or with `is_whole` its DetailedTask.
std::string task_text(const Task& task, Era era, bool is_whole = true) {
  const bool is_modern = era == Era::modern;
  std::string text = R"({"taskId":)" + json::quoted(task.id);
  text.append(R"(,"status":")").append(status_of(task, era)).push_back('"');
  if (!task.message.empty()) text.append(R"(,"statusMessage":)").append(json::quoted(task.message));
  text.append(R"(,"createdAt":")").append(format_rfc3339(task.created));
  text.append(R"(","lastUpdatedAt":")").append(format_rfc3339(task.changed));
  text.append(is_modern ? R"(","ttlMs":)" : R"(","ttl":)")
      .append(std::to_string(task.time.count()));
  text.append(is_modern ? R"(,"pollIntervalMs":)" : R"(,"pollInterval":)").append(poll_interval);
  if (is_whole && is_modern) {
    if (!task.open.empty()) text.append(R"(,"inputRequests":)").append(input_requests(task.open));
    if (task.error && task.state == TaskState::ended)
      text.append(R"(,"error":)").append(error_text(*task.error));
    if (!task.result.empty())
      text.append(R"(,"result":)").append(dressed(task.result, Era::modern));
  }
  return text + '}';
}

// MCP's CreateTaskResult.
std::string created_text(const Task& task, Era era) {
  if (era == Era::legacy) return R"({"task":)" + task_text(task, era) + '}';
  return dressed(task_text(task, era, false), era, {.type = "task"});
}

// {"ttl": milliseconds}
std::optional<std::chrono::milliseconds> time_of(std::string_view wish) {
  const auto value = json::parse(wish.empty() ? "{}" : wish);
  const json::Value* time = value ? json::find(*value, "ttl") : nullptr;
  if (time == nullptr || !time->is_int64()) return std::nullopt;
  return std::chrono::milliseconds(time->as_int64());
}

}  // namespace

// A namespace too: over HTTP, the requests of the modern era have no session.
std::string Session::task_owner() const {
  return caller_->name_space + '/' + caller_->session;
}

const Task* Session::find_task(const Request& request) {
  if (!catalog_.tasks()) {
    sink_->send(make_error(request.id, method_not_found, "there are no tasks here"), request.id);
    return nullptr;
  }
  if (request.meta.era == Era::modern && !request.meta.abilities.follow_tasks) {
    sink_->send(missing_ability(request.id, tasks_ability), request.id);
    return nullptr;
  }
  const auto id = string_of(request.parts.task_id, "taskId");
  const auto task = id ? catalog_.tasks()->find(*id, task_owner())
                       : Result<const Task*>(std::unexpected(id.error()));
  if (task) return *task;
  refuse(request, task.error());
  return nullptr;
}

// ---- Calls --------------------------------------------------------------------------------------

bool Session::is_for_task(const Request& request, const ToolEntry& tool) const {
  if (!catalog_.tasks() || tool.spec.task == pack::TaskSupport::forbidden) return false;
  return request.meta.era == Era::modern ? request.meta.abilities.follow_tasks
                                         : !request.parts.task.empty();
}

std::optional<std::string> Session::refuse_without_task(const Request& request,
                                                        const ToolEntry& tool) const {
  const bool is_required = tool.spec.task == pack::TaskSupport::required;
  if (!catalog_.tasks()) return std::nullopt;
  if (request.meta.era == Era::modern)
    return is_required ? std::optional(missing_ability(request.id, tasks_ability)) : std::nullopt;
  if (is_required) {
    return make_error(request.id, method_not_found,
                      tool.name + " runs as a task only; call it with params.task");
  }
  if (request.parts.task.empty()) return std::nullopt;
  return make_error(request.id, method_not_found,
                    tool.name + " does not run as a task; call it without params.task");
}

void Session::call_as_task(const Request& request, ToolEntry& tool, CallStart call) {
  const Era era = request.meta.era;
  call.tool = nullptr;  // counted as a task
  call.is_counted = false;
  call.time_limit = std::chrono::milliseconds(0);
  call.is_whole = std::make_shared<bool>(false);
  TaskStart start;
  start.owner = task_owner();
  start.era = era;
  start.tool = &tool;
  start.arguments = request.parts.arguments;
  start.abilities = era == Era::modern ? request.meta.abilities : abilities_;
  start.progress_token = request.meta.progress_token;
  start.is_demanded = era == Era::legacy;
  if (era == Era::legacy) start.time = time_of(request.parts.task);
  start.describe = [era](const Task& task) { return created_text(task, era); };
  start.is_whole = call.is_whole;
  call.run = [tasks = catalog_.tasks(), start = std::move(start)](pack::Call made) {
    tasks->begin(start, std::move(made));
  };
  this->start(request, std::move(call));
}

// ---- Methods ------------------------------------------------------------------------------------

void Session::get_task(const Request& request) {
  if (const Task* task = find_task(request)) succeed(request, task_text(*task, request.meta.era));
}

void Session::cancel_task(const Request& request) {
  const Task* task = find_task(request);
  if (task == nullptr) return;
  const bool is_legacy = request.meta.era == Era::legacy;
  if (is_legacy && task->is_over()) {
    return refuse(request, Error{Errc::invalid_args,
                                 "the task is over: " + std::string(status_of(*task, Era::legacy)),
                                 {"tasks/result has its outcome"}});
  }
  catalog_.tasks()->cancel(*task);
  if (sink_ == nullptr) return;
  if (!is_legacy) return succeed(request, "{}");
  if (const Task* cancelled = find_task(request))
    succeed(request, task_text(*cancelled, Era::legacy));
}

void Session::update_task(const Request& request) {
  const Task* task = find_task(request);
  if (task == nullptr) return;
  std::map<std::string, std::string> answers;
  const auto scanned = json::scan_members(
      request.parts.answers.empty() ? "{}" : request.parts.answers,
      [&](std::string_view name, std::string_view value) { answers.emplace(name, value); });
  if (!scanned) return refuse(request, scanned.error());
  const std::string id = task->id;
  for (const auto& [name, answer] : answers) {
    // What goes on may end the task, or the session.
    const auto still = catalog_.tasks()->find(id, task_owner());
    if (still) catalog_.tasks()->answer(**still, name, answer);
  }
  if (sink_ != nullptr) succeed(request, "{}");
}

void Session::await_task(const Request& request) {
  const Task* task = find_task(request);
  if (task == nullptr) return;
  CallStart call;
  call.form = AnswerForm::whole;
  call.subject = request.method;
  call.is_counted = false;
  call.run = [tasks = catalog_.tasks(), id = task->id, owner = task->owner](pack::Call made) {
    tasks->await(id, owner, std::move(made));
  };
  call.on_refused = [tasks = catalog_.tasks(), id = task->id](const Error& error) {
    tasks->refuse(id, error);
  };
  start(request, std::move(call));
}

void Session::list_tasks(const Request& request) {
  if (!catalog_.tasks()) {
    return sink_->send(make_error(request.id, method_not_found, "there are no tasks here"),
                       request.id);
  }
  std::uint64_t after = 0;
  if (!request.parts.cursor.empty()) {
    const auto cursor = string_of(request.parts.cursor, "cursor");
    if (!cursor) return refuse(request, cursor.error());
    const char* end = cursor->data() + cursor->size();
    const auto read = std::from_chars(cursor->data(), end, after);
    if (read.ec != std::errc() || read.ptr != end) {
      return refuse(request, Error{Errc::invalid_args,
                                   "params.cursor: not one that this list has given",
                                   {"begin again without a cursor"}});
    }
  }
  const auto page = catalog_.tasks()->list(task_owner(), after, page_size + 1);
  std::string text = R"({"tasks":[)";
  for (std::size_t i = 0; i < page.size() && i < page_size; ++i) {
    if (i != 0) text.push_back(',');
    text.append(task_text(*page[i], Era::legacy));
  }
  text.push_back(']');
  if (page.size() > page_size)
    text.append(R"(,"nextCursor":")" + std::to_string(page[page_size - 1]->number) + '"');
  succeed(request, text + '}');
}

// ---- Telling ------------------------------------------------------------------------------------

void Session::task_changed(const Task& task) {
  if (sink_ == nullptr) return;
  const bool is_listened_to = std::ranges::any_of(
      listeners_, [&](const auto& each) { return each.second.tasks.contains(task.id); });
  if (task.era != Era::legacy && !is_listened_to) return;
  if (sink_->is_congested()) {
    untold_tasks_.insert(task.id);
    return;
  }
  if (task.era == Era::legacy)
    sink_->send(make_notification("notifications/tasks/status", task_text(task, Era::legacy)), "");
  if (!is_listened_to || sink_ == nullptr) return;
  tell_listeners("notifications/tasks", task_text(task, Era::modern),
                 [&](const Filter& filter) { return filter.tasks.contains(task.id); });
}

// The modern era has neither of these for tasks.
void Session::task_progressed(const Task& task,
                              double done,
                              std::optional<double> total,
                              std::string_view message) {
  if (sink_ == nullptr || task.era == Era::modern || task.progress_token.empty()) return;
  if (sink_->is_congested()) return;
  sink_->send(progress_report(task.progress_token, done, total, message, related_task(task.id)),
              "");
}

void Session::task_logged(const Task& task, pack::LogLevel level, std::string_view message) {
  if (sink_ == nullptr || task.era == Era::modern || level < log_level_) return;
  if (!sink_->is_congested()) sink_->send(log_report(level, message, related_task(task.id)), "");
}

}  // namespace hearth::mcp
