#include "packs/knowledge/engine/index_keeper.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace hearth::packs::knowledge {
namespace {

// While a store is written to, merges are looked for this often.
constexpr std::chrono::milliseconds tidy_interval{250};
// After this long without a write what is in memory goes to disk, if it is worth a file.
constexpr std::chrono::milliseconds quiet_time{2'000};
constexpr std::uint64_t worth_a_file = 128;  // changes
constexpr std::size_t slices_between_writes = 64;
constexpr std::uint64_t changes_between_tellings = 4096;
constexpr std::chrono::milliseconds pause_after_failure{1'000};

}  // namespace

IndexKeeper::IndexKeeper(IndexFeed& feed,
                         store::Readers& readers,
                         const Clock& clock,
                         std::chrono::milliseconds unload_after,
                         Covered covered)
    : feed_(feed),
      readers_(readers),
      clock_(clock),
      unload_after_(unload_after),
      covered_(std::move(covered)) {}

IndexKeeper::~IndexKeeper() {
  close();
}

void IndexKeeper::add(IndexLeg& leg) {
  auto state = state_.lock();
  state->legs.push_back({.leg = &leg});
  state->is_dirty = true;
  state_.notify_all();
}

void IndexKeeper::start() {
  thread_ = std::thread([this] { work(); });
}

void IndexKeeper::nudge() {
  auto state = state_.lock();
  state->last_write = clock_.monotonic();
  if (std::exchange(state->is_dirty, true)) return;
  state_.notify_all();
}

void IndexKeeper::note_use() {
  if (is_used_.load(std::memory_order_relaxed) || is_used_.exchange(true)) return;
  (void)state_.lock();  // whoever is about to wait does so before it is woken
  state_.notify_all();
}

void IndexKeeper::rebuild(IndexLeg& leg) {
  auto state = state_.lock();
  std::ranges::find(state->legs, &leg, &Watched::leg)->is_to_rebuild = true;
  state->is_dirty = true;
  state_.notify_all();
}

void IndexKeeper::close() {
  stop_.request_stop();
  state_.lock()->is_closed = true;
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::vector<IndexLeg*> IndexKeeper::legs() {
  std::vector<IndexLeg*> all;
  for (const Watched& each : state_.lock()->legs) all.push_back(each.leg);
  return all;
}

void IndexKeeper::fail(const IndexLeg& leg, std::string_view what, const Error& error) {
  if (error.code == Errc::cancelled) return;
  log::error("an index could not be kept",
             {log::kv("index", leg.name()), log::kv("what", what), log::kv("why", error.message)});
  // What fails now may work later: a full disk, memory.
  auto state = state_.lock();
  (void)state.wait_until(std::chrono::steady_clock::now() + pause_after_failure,
                         [](const State& now) { return now.is_closed; });
}

void IndexKeeper::work() {
  for (std::size_t slices = 1; !stop_.stop_requested(); ++slices) {
    // First: what comes while it works is looked at again.
    state_.lock()->is_dirty = false;
    if (rebuild_some() || verify_some()) continue;
    if (catch_up()) {
      // What was caught up goes to disk on the way, so that the next kill does not cost it again.
      if (slices % slices_between_writes == 0) (void)tidy(false);
      continue;
    }
    const bool is_quiet_now = is_quiet();
    if (tidy(is_quiet_now)) continue;
    if (is_quiet_now) {
      rest();
    } else {
      auto state = state_.lock();
      (void)state.wait_until(std::chrono::steady_clock::now() + tidy_interval,
                             [](const State& now) { return now.is_closed; });
    }
  }
}

// Until there is something to do. Between searches that come every now and then it wakes once in
// `unload_after`, after the last of them once more.
void IndexKeeper::rest() {
  auto state = state_.lock();
  if (!is_used_) {
    state.wait([&](const State& now) { return now.is_closed || now.is_dirty || is_used_; });
  }
  if (!is_used_.exchange(false)) return;
  const bool has_work =
      state.wait_until(std::chrono::steady_clock::now() + unload_after_,
                       [](const State& now) { return now.is_closed || now.is_dirty; });
  if (has_work) {
    is_used_ = true;
  } else if (!is_used_) {
    for (const Watched& each : state->legs) each.leg->unload();
  }
}

bool IndexKeeper::is_quiet() {
  return clock_.monotonic() - state_.lock()->last_write >= quiet_time;
}

bool IndexKeeper::rebuild_some() {
  IndexLeg* leg = nullptr;
  for (Watched& each : state_.lock()->legs) {
    if (!std::exchange(each.is_to_rebuild, false)) continue;
    each.is_verified = true;  // of what is written from here on nothing needs to be read
    leg = each.leg;
    break;
  }
  if (leg == nullptr) return false;
  log::info("an index is made again", {log::kv("index", leg->name())});
  auto reader = readers_.take(stop_.get_token());
  const auto done = reader ? feed_.restart(*leg, **reader) : std::unexpected(reader.error());
  if (!done) {
    fail(*leg, "restart", done.error());
    rebuild(*leg);
  }
  return true;
}

bool IndexKeeper::catch_up() {
  auto reader = readers_.take(stop_.get_token());
  if (!reader) return false;
  auto more = feed_.catch_up(**reader, stop_.get_token());
  if (more) return *more;
  if (const auto all = legs(); !all.empty()) fail(*all.front(), "catch up", more.error());
  return true;
}

bool IndexKeeper::verify_some() {
  IndexLeg* leg = nullptr;
  for (Watched& each : state_.lock()->legs) {
    if (std::exchange(each.is_verified, true)) continue;
    leg = each.leg;
    break;
  }
  if (leg == nullptr) return false;
  auto done = leg->verify(stop_.get_token());
  if (!done && done.error().code != Errc::cancelled) {
    log::error("an index is damaged",
               {log::kv("index", leg->name()), log::kv("what", done.error().message)});
    rebuild(*leg);
  }
  return true;
}

// A piece of work of each leg in turn, so that a long merge of one does not keep the others waiting
// for longer than that. False when there is none.
bool IndexKeeper::tidy(bool is_to_flush) {
  bool has_worked = false;
  std::uint64_t covered = UINT64_MAX;
  for (IndexLeg* leg : legs()) {
    const auto worked = leg->maintain(stop_.get_token());
    has_worked |= worked.value_or(false);
    Result<void> done = worked ? Result<void>() : std::unexpected(worked.error());
    const search::IndexStatus status = leg->status();
    if (status.trust == search::Trust::damaged) rebuild(*leg);
    const std::uint64_t uncovered = status.sequence - std::min(status.sequence, status.covered);
    const bool is_worth_it = uncovered >= (is_to_flush ? worth_a_file : leg->most_uncovered());
    if (done && is_worth_it && feed_.missing(*leg) == 0) done = leg->flush(stop_.get_token());
    if (!done) fail(*leg, "write", done.error());
    covered = std::min(covered, leg->status().covered);
  }
  const bool has_grown = covered != UINT64_MAX && covered > told_;
  const bool is_due = is_to_flush || covered - told_ >= changes_between_tellings;
  if (has_grown && is_due) covered_(told_ = covered);
  return has_worked;
}

}  // namespace hearth::packs::knowledge
