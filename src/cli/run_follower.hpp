// Follows a run of a mandate for as long as it does something, over the death or the replacement of
// its daemon; one that somebody stops is not started again.
#pragma once

#include <functional>
#include <string>

#include "cli/context.hpp"
#include "cli/run_log.hpp"

namespace hearth::cli {

// What is done besides showing the log. False ends the following, and so does an error.
struct RunHooks {
  // After each look that did not find it ended.
  std::function<Result<bool>(client::Connection& asking)> on_look;
  // Something else to wait for, -1: nothing; and when it can be read.
  int fd = -1;
  std::function<Result<bool>(client::Connection& asking)> on_readable;
};

// One thread.
class RunFollower final {
 public:
  // `run` is its id or a beginning of it.
  RunFollower(const Context& context, std::string run) : context_(context), run_(std::move(run)) {}

  // The exit status: 0 when it reached its goal or was left before its end.
  [[nodiscard]] Result<int> follow(const RunHooks& hooks = {});
  // The whole id, once it was looked at.
  [[nodiscard]] const std::string& run() const { return run_; }

 private:
  // Whether to go on.
  [[nodiscard]] Result<bool> look(client::Connection& asking, const RunHooks& hooks);
  [[nodiscard]] Result<bool> listen(client::Connection& listening,
                                    client::Connection& asking,
                                    const RunHooks& hooks);
  [[nodiscard]] bool is_about_run(const json::Value& message) const;

  const Context& context_;
  std::string run_;
  RunLog log_;
};

}  // namespace hearth::cli
