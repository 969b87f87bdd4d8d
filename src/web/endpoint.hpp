// The MCP endpoint: POST, GET and DELETE on /mcp, in both eras of the protocol. Loop thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "daemon/server.hpp"
#include "io/timer.hpp"
#include "json/json.hpp"
#include "web/era.hpp"
#include "web/http_session.hpp"

namespace hearth::web {

struct EndpointLimits {
  std::size_t most_sessions = 1024;
  std::chrono::milliseconds session_idle = std::chrono::hours(1);  // then a session is forgotten
  std::chrono::milliseconds tick = std::chrono::seconds(5);
};

class Endpoint final {
 public:
  // `on_quiet` is called when a session or a request has ended, or the last call of one.
  Endpoint(daemon::Server& server, EndpointLimits limits, std::function<void()> on_quiet);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  void serve(const Request& request, std::shared_ptr<Answer> answer);
  void drain();
  void abandon(const Error& error);
  void close();

  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }
  [[nodiscard]] std::size_t streams() const;
  [[nodiscard]] std::uint64_t sessions_served() const { return served_; }
  [[nodiscard]] json::Array list_sessions() const;

 private:
  void post(const Request& request, std::shared_ptr<Answer> answer);
  void post_legacy(const Request& request,
                   const json::Envelope& message,
                   const BodyFacts& body,
                   Accepted accepted,
                   const std::shared_ptr<Answer>& answer);
  void post_modern(const Request& request,
                   const json::Envelope& message,
                   const BodyFacts& body,
                   Accepted accepted,
                   std::shared_ptr<Answer> answer);
  void begin_session(const Request& request,
                     const json::Envelope& message,
                     const BodyFacts& body,
                     Accepted accepted,
                     const std::shared_ptr<Answer>& answer);
  void remove(const Request& request, const std::shared_ptr<Answer>& answer);
  // The session that the request names; null after having answered why there is none.
  [[nodiscard]] HttpSession* session_of(const Request& request,
                                        std::string_view id,
                                        const std::shared_ptr<Answer>& answer);
  struct Client {
    std::shared_ptr<const pack::Caller> caller;  // null after having answered why it is not served
    mcp::Surface surface = mcp::Surface::full;
  };
  [[nodiscard]] Client client_of(const Request& request,
                                 std::string session,
                                 std::string_view id,
                                 const BodyFacts& body,
                                 const std::shared_ptr<Answer>& answer);
  [[nodiscard]] bool forget_longest_idle();
  void tick();
  void keep_ticking();

  daemon::Server& server_;
  const EndpointLimits limits_;
  std::function<void()> on_quiet_;
  std::map<std::string, std::unique_ptr<HttpSession>, std::less<>> sessions_;  // by the secret id
  std::map<std::uint64_t, std::unique_ptr<HttpRequest>> requests_;
  std::uint64_t served_ = 0;
  std::uint64_t next_request_ = 0;
  bool is_draining_ = false;
  io::Timer timer_;
  bool is_ticking_ = false;
  std::shared_ptr<Endpoint*> self_;  // for jobs, which hold it weakly
};

}  // namespace hearth::web
