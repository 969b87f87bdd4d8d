// Accepts connections and owns the sessions.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"
#include "config/settings.hpp"
#include "daemon/budget.hpp"
#include "daemon/session.hpp"
#include "io/acceptor.hpp"
#include "io/task_scope.hpp"
#include "mcp/catalog.hpp"

namespace hearth::daemon {

// What the server needs of the daemon around it. Loop thread.
class ServerHost {
 public:
  struct Admission {
    ipc::Welcome welcome;  // without session and resume, which the server adds
    std::shared_ptr<const pack::Caller> caller;
    mcp::Surface surface = mcp::Surface::full;
  };
  virtual ~ServerHost() = default;
  // Checks namespace, overrides and state; fills in what the daemon says of itself.
  [[nodiscard]] virtual std::expected<ipc::Welcome, ipc::Refusal> check(
      const ipc::Greeting& greeting) = 0;
  // A session has been greeted, or one that was has ended.
  virtual void session_changed(const pack::Caller& caller, bool is_open) = 0;
  // Answers a daemon/* or events/* request.
  virtual void control(Session& session, const json::Envelope& message) = 0;
  // The number of sessions or of requests in flight changed to or from zero.
  virtual void on_activity() = 0;
};

class Server final {
 public:
  Server(io::Loop& loop,
         mcp::Catalog& catalog,
         const Clock& clock,
         const config::Limits& limits,
         ServerHost& host);

  void listen(UniqueFd listener);
  // Serves one connection that is there already (private mode); `on_end` runs when it ends.
  void serve(UniqueFd connection, std::function<void()> on_end);
  void apply(const config::Limits& limits);

  // Drain: no new connections; every session is told `reason` and closes when its last call has
  // been answered.
  void stop_accepting();
  void drain(std::string_view reason);
  void abandon(const Error& error);
  // Ends whatever is left; returns when no session runs.
  [[nodiscard]] io::Task close();

  [[nodiscard]] std::size_t requests_in_flight() const { return requests_; }
  [[nodiscard]] const std::set<Session*>& sessions() const { return sessions_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& refusals() const { return refusals_; }
  [[nodiscard]] std::uint64_t sessions_served() const { return served_; }

  // For the sessions.
  [[nodiscard]] io::Loop& loop() { return loop_; }
  [[nodiscard]] mcp::Catalog& catalog() { return catalog_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] ByteBudget& budget() { return budget_; }
  [[nodiscard]] std::string& scratch() { return scratch_; }
  [[nodiscard]] std::size_t session_queue_cap() const { return limits_.session_queue; }
  [[nodiscard]] std::chrono::milliseconds stall_limit() const { return limits_.stall; }
  [[nodiscard]] mcp::SessionLimits session_limits() const {
    return {.in_flight = limits_.session_requests, .call_time = limits_.request_timeout};
  }
  [[nodiscard]] std::expected<ServerHost::Admission, ipc::Refusal> admit(
      ipc::Greeting greeting, const ipc::PeerCredentials& peer);
  // Whether this daemon serves such a client at all; counts refusals.
  [[nodiscard]] std::expected<ipc::Welcome, ipc::Refusal> check(const ipc::Greeting& greeting);
  [[nodiscard]] ipc::Greeting greeting_of_raw(const ipc::PeerCredentials& peer) const;
  void control(Session& session, const json::Envelope& message) { host_.control(session, message); }
  void request_began();
  void request_ended();
  // A session has been admitted, or ends.
  void session_changed(const pack::Caller& caller, bool is_open) {
    host_.session_changed(caller, is_open);
  }
  void on_session_quiet() { host_.on_activity(); }

 private:
  class Listing;

  [[nodiscard]] io::Task serve_session(UniqueFd socket, std::function<void()> on_end);
  void turn_away(const UniqueFd& socket, const ipc::Refusal& refusal);

  io::Loop& loop_;
  mcp::Catalog& catalog_;
  const Clock& clock_;
  config::Limits limits_;
  ServerHost& host_;
  ByteBudget budget_;
  std::string
      scratch_;  // for reading large messages; one for all, since nothing waits while it is in use
  // None in private mode; one more each time the socket had to be made again.
  std::list<io::Acceptor> acceptors_;
  std::set<Session*> sessions_;
  std::set<std::string> live_tokens_;
  std::map<std::string, std::uint64_t> refusals_;
  std::uint64_t served_ = 0;
  std::size_t requests_ = 0;
  bool is_draining_ = false;
  io::TaskScope tasks_;  // last: its tasks use all of the above
};

}  // namespace hearth::daemon
