#include "packs/sql/duckdb/spawner.hpp"

namespace hearth::packs::sql::duckdb {

Spawner::Spawner() : thread_([this] { serve(); }) {}

Spawner::~Spawner() {
  state_.lock()->is_closed = true;
  state_.notify_all();
  thread_.join();
}

void Spawner::serve() {
  auto state = state_.lock();
  for (;;) {
    state.wait([](const State& now) { return now.is_closed || now.wanted; });
    if (!state->wanted) return;
    state->made = std::thread(std::exchange(state->wanted, nullptr));
    state->has_made = true;
    state_.notify_all();
  }
}

std::thread Spawner::start(std::move_only_function<void()> job) {
  auto state = state_.lock();
  state.wait([](const State& now) { return !now.is_taken; });
  state->is_taken = true;
  state->wanted = std::move(job);
  state_.notify_all();
  state.wait([](const State& now) { return now.has_made; });
  state->has_made = false;
  state->is_taken = false;
  std::thread made = std::move(state->made);
  state_.notify_all();
  return made;
}

}  // namespace hearth::packs::sql::duckdb
