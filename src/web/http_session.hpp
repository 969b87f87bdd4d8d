// A legacy client's session over HTTP: the MCP session and its streams, from `initialize` until it
// is deleted, idle for long, or the daemon leaves. Loop thread.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "daemon/server.hpp"
#include "json/envelope.hpp"
#include "mcp/session.hpp"
#include "web/streams.hpp"

namespace hearth::web {

// Counts the requests in flight, and their bytes, for the daemon.
class CountingSink : public mcp::MessageSink {
 protected:
  explicit CountingSink(daemon::Server& server) : server_(server), share_(server.budget()) {}
  void request_began(std::size_t bytes) final;
  void request_ended(std::size_t bytes) final;

  daemon::Server& server_;

 private:
  daemon::ByteBudget::Share share_;
  std::size_t held_ = 0;
};

class HttpSession final : private CountingSink {
 public:
  HttpSession(daemon::Server& server,
              std::string id,
              std::shared_ptr<const pack::Caller> caller,
              mcp::Surface surface,
              std::function<void()> on_quiet);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  // A message of the client, in `body`.
  void post(const json::Envelope& message,
            std::size_t bytes,
            Accepted accepted,
            const std::shared_ptr<Answer>& answer);
  // The client listens: to its own stream, or to what it missed of another.
  void get(const Request& request, const std::shared_ptr<Answer>& answer);
  void tick() {
    streams_.tick();
    mcp_->catch_up();
  }
  void drain();
  void abandon(const Error& error);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const mcp::Session& mcp() const { return *mcp_; }
  [[nodiscard]] WallTime opened() const { return opened_; }
  [[nodiscard]] std::size_t streams() const { return streams_.size(); }
  [[nodiscard]] std::size_t unread() const { return streams_.unread(); }
  // Nobody listens and nothing is in flight, since then.
  [[nodiscard]] bool is_idle_since(MonotonicTime when) const;
  [[nodiscard]] MonotonicTime last_use() const { return last_use_; }
  // `initialize` has been refused: there is no session.
  [[nodiscard]] bool is_stillborn() const { return is_stillborn_; }

 private:
  // mcp::MessageSink
  void send(std::string_view message, std::string_view about) override;
  void withdraw(std::string_view about) override { streams_.withdraw(about); }
  [[nodiscard]] bool is_congested() const override;

  const std::string id_;
  const WallTime opened_;
  MonotonicTime last_use_;
  bool is_stillborn_ = false;
  bool is_announced_ = false;  // its beginning was an event, so is its end
  bool is_initializing_ = false;
  Streams streams_;
  std::unique_ptr<mcp::Session> mcp_;
};

// A modern request, which is a session by itself: it ends with its answer, and is cancelled when
// its client goes. Loop thread.
class HttpRequest final : private CountingSink {
 public:
  // `on_end` may destroy this object, but not at once: calls may be under way inside of it.
  HttpRequest(daemon::Server& server,
              std::shared_ptr<const pack::Caller> caller,
              mcp::Surface surface,
              Accepted accepted,
              std::shared_ptr<Answer> answer,
              std::function<void()> on_end);
  ~HttpRequest();
  HttpRequest(const HttpRequest&) = delete;
  HttpRequest& operator=(const HttpRequest&) = delete;

  void serve(const json::Envelope& message, std::size_t bytes);
  void tick();
  void drain();
  void abandon(const Error& error);
  [[nodiscard]] const mcp::Session& mcp() const { return *mcp_; }

 private:
  // mcp::MessageSink
  void send(std::string_view message, std::string_view about) override;
  [[nodiscard]] bool is_congested() const override;
  void end();

  const Accepted accepted_;
  std::shared_ptr<Answer> answer_;  // shared with the connection; null once it is given
  std::string id_;
  std::function<void()> on_end_;
  std::unique_ptr<mcp::Session> mcp_;
};

}  // namespace hearth::web
