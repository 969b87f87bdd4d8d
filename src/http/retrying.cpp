#include "http/retrying.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <random>
#include <string>
#include <utility>

namespace hearth::http {
namespace {

using std::chrono::milliseconds;

bool may_pass(const RetryPolicy& policy, const Result<Response>& outcome) {
  if (outcome) {
    static constexpr std::array passing{429, 502, 503, 504};
    static constexpr std::array errors{500, 529};
    return std::ranges::find(passing, outcome->status) != passing.end() ||
           (policy.after_server_errors &&
            std::ranges::find(errors, outcome->status) != errors.end());
  }
  const Errc code = outcome.error().code;
  if (code == Errc::timed_out) return policy.after_timeouts;
  return code == Errc::unavailable || code == Errc::outcome_unknown;
}

// False when stopped.
bool pause(milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view text, WallTime now) {
  constexpr int most_seconds = 1'000'000;
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (seconds < 0) return std::nullopt;
    return std::chrono::seconds(std::min(seconds, most_seconds));
  }
  std::tm date{};
  const std::string copy(text);
  const char* const rest = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const WallTime at{std::chrono::seconds(::timegm(&date))};
  return std::clamp(at - now, milliseconds(0), milliseconds(std::chrono::seconds(most_seconds)));
}

milliseconds wait_before_retry(const RetryPolicy& policy,
                               int attempt,
                               std::optional<milliseconds> asked_for,
                               double chance) {
  // What the server asks for is the least it wants: chance only adds to it.
  if (asked_for) {
    const auto more = asked_for->count() + static_cast<long>(250 * chance);
    return std::min(milliseconds(more), policy.longest_wait);
  }
  const int doublings = std::min(attempt - 1, 20);
  const milliseconds wait = std::min(policy.first_wait * (1 << doublings), policy.longest_wait);
  return milliseconds(static_cast<long>(static_cast<double>(wait.count()) * (0.5 + chance / 2)));
}

Result<Response> send_retrying(Client& client,
                               const Request& request,
                               const RetryPolicy& policy,
                               const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    if (policy.before_each) {
      if (auto may = policy.before_each(); !may) return std::unexpected(std::move(may.error()));
    }
    const auto begun = std::chrono::steady_clock::now();
    auto outcome = client.send(request, stop);
    if (policy.after_each) {
      policy.after_each(outcome, std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now() - begun));
    }
    if (!request.is_repeatable || attempt >= policy.most_attempts || !may_pass(policy, outcome))
      return outcome;
    std::optional<milliseconds> asked_for;
    if (outcome)
      asked_for = parse_retry_after(outcome->header("retry-after"), SystemClock().wall());
    std::random_device random;
    const double chance = static_cast<double>(random()) / std::random_device::max();
    if (!pause(wait_before_retry(policy, attempt, asked_for, chance), stop))
      return fail(Errc::cancelled, "the request was withdrawn");
  }
}

}  // namespace hearth::http
