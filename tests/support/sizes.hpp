// How large the tests that have a size are: short in CI, full with HEARTH_SOAK=full (`make soak`).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace hearth::test {

struct Sizes {
  // 50 clients at the same instant, this often.
  int start_rounds;
  std::size_t start_clients;
  // kill -9 of the daemon under load.
  int kills;
  std::size_t kill_clients;
  // The daemon replaced by a newer one under load.
  int upgrades;
  std::size_t upgrade_clients;
  // Sessions open at once, and requests that each makes in one measurement.
  std::size_t sessions;
  int session_rounds;
  // TERM right after exec, this often.
  int early_terms;
  // Random operations with kills.
  std::size_t soak_clients;
  std::chrono::seconds soak_time;
  // SQL: sessions that mix engines under kills.
  std::size_t sql_sessions;
  std::chrono::seconds sql_time;
  // Issues: processes that write in each of 5 clones, and how often each does something; claims of
  // two machines at the same instant; writers that are killed.
  int issue_writers;
  int issue_rounds;
  int issue_claims;
  int issue_kills;
  // kill -9 of the daemon while it carries out mandates.
  int mandate_kills;
  // … and while it sets a sandbox up.
  int sandbox_kills;
};

[[nodiscard]] inline bool is_full_size() {
  const char* soak = std::getenv("HEARTH_SOAK");
  return soak != nullptr && std::string_view(soak) == "full";
}

[[nodiscard]] inline const Sizes& sizes() {
  static constexpr Sizes short_sizes{.start_rounds = 3,
                                     .start_clients = 50,
                                     .kills = 20,
                                     .kill_clients = 8,
                                     .upgrades = 2,
                                     .upgrade_clients = 6,
                                     .sessions = 1000,
                                     .session_rounds = 3,
                                     .early_terms = 10,
                                     .soak_clients = 8,
                                     .soak_time = std::chrono::seconds(30),
                                     .sql_sessions = 20,
                                     .sql_time = std::chrono::seconds(12),
                                     .issue_writers = 3,
                                     .issue_rounds = 8,
                                     .issue_claims = 15,
                                     .issue_kills = 15,
                                     .mandate_kills = 12,
                                     .sandbox_kills = 20};
  static constexpr Sizes full_sizes{.start_rounds = 25,
                                    .start_clients = 50,
                                    .kills = 200,
                                    .kill_clients = 8,
                                    .upgrades = 20,
                                    .upgrade_clients = 8,
                                    .sessions = 1000,
                                    .session_rounds = 20,
                                    .early_terms = 200,
                                    .soak_clients = 100,
                                    .soak_time = std::chrono::minutes(5),
                                    .sql_sessions = 20,
                                    .sql_time = std::chrono::minutes(5),
                                    .issue_writers = 8,
                                    .issue_rounds = 200,
                                    .issue_claims = 100,
                                    .issue_kills = 200,
                                    .mandate_kills = 200,
                                    .sandbox_kills = 1000};
  return is_full_size() ? full_sizes : short_sizes;
}

// Sanitizers cost memory and time; what is asserted about either is left out under them.
[[nodiscard]] constexpr bool is_sanitized() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

// How long a test waits for what must happen before it says that it did not.
inline constexpr std::chrono::seconds patience{is_sanitized() ? 60 : 30};

}  // namespace hearth::test
