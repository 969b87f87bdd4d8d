// One call in progress, of a tool, a resource or a prompt, as the pack sees it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "pack/caller.hpp"
#include "pack/reply.hpp"

namespace hearth::pack {

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
    std::string tool;        // "knowledge_remember"; a resource's URI, a prompt's name
    std::string key;         // idempotency key of the transport; empty when it gave none
    bool is_resend = false;  // the same key may have been executed before
    // Cancelled by the client, its disconnect, its refusal to answer a question, the deadline or
    // the drain. The same in all rounds of a call, where the client answers while the call waits.
    std::stop_token stop;
    std::optional<MonotonicTime> deadline;       //
    std::map<std::string, std::string> answers;  // to the questions of the round before
    std::string state;                           // which that round left
    std::array<bool, 3> askable{};               // by QuestionKind
    std::string client;  // what the program behind the caller calls itself; may be empty
  };

  Call(Context context, std::unique_ptr<CallSink> sink);
  Call(Call&&) noexcept = default;
  Call& operator=(Call&&) = delete;
  ~Call();

  // For calls made on behalf of this one.
  [[nodiscard]] const Context& context() const { return context_; }
  [[nodiscard]] const Caller& caller() const { return *context_.caller; }
  // "claude-code", where a bridge is the caller.
  [[nodiscard]] const std::string& client() const {
    return context_.client.empty() ? caller().client_name : context_.client;
  }
  [[nodiscard]] const std::string& tool() const { return context_.tool; }
  [[nodiscard]] const std::string& key() const { return context_.key; }
  [[nodiscard]] bool is_resend() const { return context_.is_resend; }
  [[nodiscard]] const std::stop_token& stop() const { return context_.stop; }
  [[nodiscard]] const std::optional<MonotonicTime>& deadline() const { return context_.deadline; }
  // What the caller answered to the Questions of this call's last round: by their names, the JSON
  // text of the MCP result (ElicitResult, CreateMessageResult, ListRootsResult). Empty in the first
  // round.
  [[nodiscard]] const std::map<std::string, std::string>& answers() const {
    return context_.answers;
  }
  [[nodiscard]] const std::string& state() const { return context_.state; }
  // Whether this caller can be asked such a thing; a call that asks regardless fails.
  [[nodiscard]] bool can_ask(QuestionKind kind) const {
    return context_.askable[static_cast<std::size_t>(kind)];
  }

  // `done` grows with every report; `total` in the same unit, if known.
  void progress(double done, std::optional<double> total, std::string_view message) const;
  void log(LogLevel level, std::string_view message) const;
  void answer(Result<Reply> outcome);

 private:
  Context context_;
  std::unique_ptr<CallSink> sink_;  // null once answered
};

}  // namespace hearth::pack
