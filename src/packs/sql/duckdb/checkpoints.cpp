#include "packs/sql/duckdb/checkpoints.hpp"

namespace hearth::packs::sql::duckdb {

void Checkpoints::run_if_due(const std::function<Result<void>()>& write) {
  using std::chrono::steady_clock;
  constexpr int share = 10;
  std::uint64_t commits = 0;
  const auto began = steady_clock::now();
  {
    auto state = state_.lock();
    if (state->commits < most_commits || state->is_running || began < state->not_before) return;
    state->is_running = true;
    commits = state->commits;
  }
  const auto written = write();
  const auto ended = steady_clock::now();
  auto state = state_.lock();
  state->is_running = false;
  state->not_before = ended + share * (ended - began);
  if (written) state->commits -= commits;
}

}  // namespace hearth::packs::sql::duckdb
