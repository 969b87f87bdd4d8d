#include "io/task_scope.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <exception>
#include <utility>

#include "base/log.hpp"

namespace hearth::io {
namespace {

void report(const std::string& name, const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) return;  // cancelled, as asked
    log::error("task failed", {log::kv("task", name), log::kv("error", error.what())});
  } catch (const std::exception& error) {
    log::error("task failed", {log::kv("task", name), log::kv("error", error.what())});
  }
}

}  // namespace

TaskScope::TaskScope(Loop& loop)
    : loop_(loop), emptied_(loop.context(), boost::asio::steady_timer::time_point::max()) {}

TaskScope::~TaskScope() {
  assert(running_.empty() || loop_.context().stopped());
}

void TaskScope::spawn(std::string name, Task<void> task) {
  const auto entry = running_.emplace(running_.end());
  entry->name = std::move(name);
  boost::asio::co_spawn(loop_.context(), std::move(task),
                        boost::asio::bind_cancellation_slot(
                            entry->cancel.slot(), [this, entry](const std::exception_ptr& failure) {
                              report(entry->name, failure);
                              running_.erase(entry);
                              if (running_.empty()) emptied_.cancel();
                            }));
}

// Cancelling an operation queues its completion, so no task ends (and leaves the list) within this
// loop.
void TaskScope::cancel() {
  for (Running& task : running_) task.cancel.emit(boost::asio::cancellation_type::terminal);
}

Task<void> TaskScope::join() {
  while (!running_.empty()) {
    co_await emptied_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

}  // namespace hearth::io
