// Asks HTTP servers: a blocking call, for pool threads.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>

#include "base/result.hpp"
#include "http/message.hpp"

namespace hearth::http {

// Keeps connections open between requests. Follows no redirect: a 3xx is an answer like any other.
// Certificates are checked. Proxies are those of the environment (https_proxy …), but none for this
// machine. Thread-safe.
class Client final {
 public:
  // At most `at_once` requests run; others wait for their turn.
  explicit Client(std::size_t at_once = 4);
  ~Client();  // no call of send() may be running
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status is an answer. Errors:
  //   unavailable      no connection: nothing was sent
  //   outcome_unknown  the connection broke before the whole answer was there
  //   timed_out        no whole answer in time
  //   cancelled        stopped, within milliseconds
  //   unsupported      the answer is larger than the request allows
  //   invalid_args     the request is none
  [[nodiscard]] Result<Response> send(const Request& request, const std::stop_token& stop = {});

 private:
  class Slot;
  struct State;
  [[nodiscard]] Result<std::unique_ptr<Slot>> take_slot(const Request& request,
                                                        const std::stop_token& stop);
  void give_back(std::unique_ptr<Slot> slot);

  const std::size_t at_once_;
  const std::unique_ptr<State> state_;
};

}  // namespace hearth::http
