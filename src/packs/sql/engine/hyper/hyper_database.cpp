#include "packs/sql/engine/hyper/hyper_database.hpp"

#include <stop_token>
#include <vector>

namespace hearth::packs::sql::hyper {
namespace {

bool is_over(const Work& work) {
  return work.stop.stop_requested() ||
         (work.deadline && std::chrono::steady_clock::now() >= *work.deadline);
}

std::unexpected<Error> gave_up(const Work& work, const char* waited_for) {
  if (work.stop.stop_requested())
    return fail(Errc::cancelled, std::string("cancelled while waiting for ") + waited_for);
  return fail(Errc::timed_out,
              std::string("waited in vain for ") + waited_for + "; nothing was changed",
              {"run it again", "ask for more time"});
}

}  // namespace

HyperDatabase::Visit HyperDatabase::enter() {
  auto state = state_.lock();
  state.wait([](const State& now) { return !now.is_closed; });
  ++state->inside;
  return Visit(*this);
}

void HyperDatabase::leave() {
  --state_.lock()->inside;
  state_.notify_all();
}

Result<HyperDatabase::Turn> HyperDatabase::take_turn(const Work& work) {
  const std::stop_callback wake(work.stop, [this] {
    (void)state_.lock();  // whoever is about to wait does so before it is woken
    state_.notify_all();
  });
  auto state = state_.lock();
  const std::uint64_t ticket = state->next_ticket++;
  state->waiting.insert(ticket);
  (void)state.wait_until(work.deadline.value_or(MonotonicTime::max()), [&](const State& now) {
    return work.stop.stop_requested() || (!now.is_writing && *now.waiting.begin() == ticket);
  });
  const bool is_mine = !state->is_writing && *state->waiting.begin() == ticket;
  state->waiting.erase(ticket);
  if (!is_mine || is_over(work)) {
    state_.notify_all();
    return gave_up(work, "another writer");
  }
  state->is_writing = true;
  return Turn(*this);
}

void HyperDatabase::open() {
  state_.lock()->is_closed = false;
  state_.notify_all();
}

void HyperDatabase::end_turn() {
  {
    auto state = state_.lock();
    state->is_writing = false;
    state->is_closed = false;
  }
  state_.notify_all();
}

Result<void> HyperDatabase::Turn::close(const Holder* self, const Work& work) {
  auto& shared = database_->state_;
  const std::stop_callback wake(work.stop, [&shared] {
    (void)shared.lock();
    shared.notify_all();
  });
  std::vector<Holder*> others;
  {
    auto state = shared.lock();
    state->is_closed = true;
    (void)state.wait_until(work.deadline.value_or(MonotonicTime::max()), [&](const State& now) {
      return now.inside == 0 || work.stop.stop_requested();
    });
    if (state->inside > 0) {
      state->is_closed = false;
      shared.notify_all();
      return gave_up(work, "a query that reads the database");
    }
    for (Holder* holder : state->holders) {
      if (holder != self) others.push_back(holder);
    }
  }
  // Nobody is inside, and nobody comes: they are ours.
  for (Holder* holder : others) holder->let_go();
  return {};
}

}  // namespace hearth::packs::sql::hyper
