// Asking again when a server is overloaded or not there for a moment.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/client.hpp"

namespace hearth::http {

struct RetryPolicy {
  int most_attempts = 4;  // with the first
  std::chrono::milliseconds first_wait{250};
  std::chrono::milliseconds longest_wait{8'000};  // also when the server asks for more
  bool after_timeouts = false;                    // an answer that did not come in time
  bool after_server_errors = false;               // 500 and 529, too
  // Called before each attempt, the first one, too; an error of it is the outcome.
  std::function<Result<void>()> before_each;
  // Told after each attempt what came of it and how long it took; the waits between them are
  // none's.
  std::function<void(const Result<Response>& outcome, std::chrono::milliseconds took)> after_each;
};

// Sends a repeatable request until the answer is neither an error of the connection nor one of 429,
// 502, 503 and 504 (nor what the policy adds to these), at most most_attempts times; any other
// request once. The waits between double with each attempt, or are what Retry-After says; each is a
// little random, so that clients that failed together do not come back together. Returns the last
// outcome.
[[nodiscard]] Result<Response> send_retrying(Client& client,
                                             const Request& request,
                                             const RetryPolicy& policy,
                                             const std::stop_token& stop);

// The wait after attempt number `attempt` (1, 2 …). `chance` is between 0 and 1.
[[nodiscard]] std::chrono::milliseconds wait_before_retry(
    const RetryPolicy& policy,
    int attempt,
    std::optional<std::chrono::milliseconds> asked_for,
    double chance);

// Retry-After (RFC 9110 §10.2.3): seconds, or a date in GMT.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text,
                                                                         WallTime now);

}  // namespace hearth::http
