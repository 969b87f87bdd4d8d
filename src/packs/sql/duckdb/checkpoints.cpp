#include "packs/sql/duckdb/checkpoints.hpp"

namespace hearth::packs::sql::duckdb {

Checkpoints::Use Checkpoints::use() {
  auto state = state_.lock();
  state.wait([](const State& now) { return !now.is_running; });
  ++state->uses;
  return Use(*this);
}

void Checkpoints::end_use() {
  --state_.lock()->uses;
  state_.notify_all();
}

void Checkpoints::committed(std::uint64_t log_bytes) {
  auto state = state_.lock();
  ++state->commits;
  state->log_bytes = log_bytes;
}

void Checkpoints::run_if_due(const std::function<Result<void>()>& write) {
  using std::chrono::steady_clock;
  constexpr int share = 10;
  std::uint64_t commits = 0;
  const auto began = steady_clock::now();
  bool is_alone = false;
  {
    auto state = state_.lock();
    const bool is_due = state->commits >= most_commits || state->log_bytes >= most_log_bytes;
    if (!is_due || state->is_running || began < state->not_before) return;
    state->is_running = true;
    is_alone = state.wait_until(began + patience, [](const State& now) { return now.uses == 0; });
    commits = state->commits;
  }
  const bool is_written = is_alone && write();
  const auto ended = steady_clock::now();
  {
    auto state = state_.lock();
    state->is_running = false;
    state->not_before = ended + share * (ended - began);
    if (is_written) {
      state->commits -= commits;
      state->log_bytes = 0;
    }
  }
  state_.notify_all();
}

}  // namespace hearth::packs::sql::duckdb
