// One tool call in progress, as the pack sees it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "pack/caller.hpp"

namespace hearth::pack {

// What a tool answers. `structured` is the JSON text of an object that follows the tool's output
// schema; clients that read text only get the same JSON as text. `replayed` marks an answer that
// was stored under the call's key.
struct Reply {
  std::string structured;
  bool replayed = false;
};

enum class LogLevel : std::uint8_t { debug, info, notice, warning, error };

// Where a Call reports to; implemented by the protocol layer. Every member may be called on any
// thread.
class CallSink {
 public:
  virtual ~CallSink() = default;
  virtual void finish(Result<Reply> outcome) = 0;  // once
  virtual void progress(double done, std::optional<double> total, std::string_view message) = 0;
  virtual void log(LogLevel level, std::string_view message) = 0;
};

// Move-only; answers exactly once. A Call that is dropped unanswered answers `internal_error`, so
// that no client waits for a reply that nobody will send. May be moved to another thread and
// answered there.
class Call {
 public:
  struct Context {
    std::shared_ptr<const Caller> caller;
    std::string tool;        // "knowledge_remember"
    std::string key;         // idempotency key of the transport; empty when it gave none
    bool is_resend = false;  // the same key may have been executed before
    std::stop_token stop;    // cancelled by the client, its disconnect, the deadline or the drain
    std::optional<MonotonicTime> deadline;  //
  };

  Call(Context context, std::unique_ptr<CallSink> sink);
  Call(Call&&) noexcept = default;
  Call& operator=(Call&&) = delete;
  ~Call();

  [[nodiscard]] const Caller& caller() const { return *context_.caller; }
  [[nodiscard]] const std::string& tool() const { return context_.tool; }
  [[nodiscard]] const std::string& key() const { return context_.key; }
  [[nodiscard]] bool is_resend() const { return context_.is_resend; }
  [[nodiscard]] const std::stop_token& stop() const { return context_.stop; }
  [[nodiscard]] const std::optional<MonotonicTime>& deadline() const { return context_.deadline; }

  // `done` grows with every report; `total` in the same unit, if known.
  void progress(double done, std::optional<double> total, std::string_view message) const;
  void log(LogLevel level, std::string_view message) const;
  void answer(Result<Reply> outcome);

 private:
  Context context_;
  std::unique_ptr<CallSink> sink_;  // null once answered
};

}  // namespace hearth::pack
