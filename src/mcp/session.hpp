// The MCP side of one client connection: handshake, tools, calls in flight. Transport-independent.
//
// Loop thread only, apart from what CallSink promises. A call that is answered on another thread
// comes back here by way of the loop; a session that is gone by then drops the answer (the effect
// is in the store, under the call's key).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "io/loop.hpp"
#include "json/envelope.hpp"
#include "mcp/catalog.hpp"
#include "pack/call.hpp"

namespace hearth::mcp {

// Where messages to the client go. Implemented by the transport.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  virtual void send(std::string_view message) = 0;
  // Whether so much waits to be read by the client that notifications may be left out.
  [[nodiscard]] virtual bool is_congested() const = 0;
  // A request began or ended; `bytes` of it are held meanwhile.
  virtual void request_began(std::size_t bytes) = 0;
  virtual void request_ended(std::size_t bytes) = 0;
};

struct SessionLimits {
  std::size_t in_flight = 256;             // further calls are answered `busy`
  std::chrono::milliseconds call_time{0};  // shortens the tools' own time limits; 0: does not
};

class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(io::Loop& loop,
          Catalog& catalog,
          SessionLimits limits,
          std::shared_ptr<const pack::Caller> caller,
          MessageSink& sink);
  ~Session();

  // One message from the client. `bytes` is what it holds while in flight.
  void handle(const json::Envelope& message, std::size_t bytes);

  // From now on calls are answered `draining`; those in flight go on.
  void drain() { is_draining_ = true; }
  // Answers every call in flight with `error`, or `outcome_unknown` if its tool may not be called
  // twice, and cancels it.
  void abandon(const Error& error);
  // The client is gone: cancels every call; nothing is sent any more.
  void close();

  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  [[nodiscard]] const pack::Caller& caller() const { return *caller_; }
  // What the client calls itself in `initialize`, once it has.
  [[nodiscard]] const std::string& client_name() const { return client_name_; }
  [[nodiscard]] const std::string& revision() const { return revision_; }
  // Called when the last call in flight ends.
  void on_quiet(std::function<void()> notify) { on_quiet_ = std::move(notify); }

 private:
  class Sink;     // of one call, towards this session
  struct Flight;  // one call in progress

  void initialize(const json::Envelope& message);
  void set_level(const json::Envelope& message);
  void list_tools(const json::Envelope& message);
  void call_tool(const json::Envelope& message, std::size_t bytes);
  void cancel(const json::Envelope& message);
  void refuse(std::string_view id, const Error& error);
  void finish(const std::string& id, const Flight* flight, Result<pack::Reply> outcome);
  void report(const std::string& id, const Flight* flight, std::string_view notification);
  [[nodiscard]] pack::Call::Context context_of(const json::Envelope& message, Flight& flight);
  void start_deadline(const std::shared_ptr<Flight>& flight);
  [[nodiscard]] std::chrono::milliseconds time_limit_of(const ToolEntry& tool) const;

  io::Loop& loop_;
  Catalog& catalog_;
  const SessionLimits limits_;
  std::shared_ptr<const pack::Caller>
      caller_;         // shared with the calls in flight, which may outlive the session
  MessageSink* sink_;  // null once closed
  std::map<std::string, std::shared_ptr<Flight>, std::less<>> in_flight_;  // by the id's JSON text
  std::string client_name_;
  std::string revision_;
  pack::LogLevel log_level_ = pack::LogLevel::info;
  bool is_draining_ = false;
  std::function<void()> on_quiet_;
};

}  // namespace hearth::mcp
