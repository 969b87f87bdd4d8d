#include "packs/mandates/engine/dispatcher.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace hearth::packs::mandates {
namespace {

// After a failure of the store.
constexpr auto pause = std::chrono::seconds(2);

}  // namespace

Result<std::unique_ptr<Dispatcher>> Dispatcher::start(MandateStore& store,
                                                      Ledger& ledger,
                                                      Ports ports,
                                                      int workers,
                                                      std::shared_ptr<Helpers> helpers) {
  auto alarm = WallAlarm::make();
  if (!alarm) return std::unexpected(std::move(alarm.error()));
  auto made = std::unique_ptr<Dispatcher>(
      new Dispatcher(store, ledger, ports, std::move(helpers), std::move(*alarm)));
  if (auto loaded = made->scheduler_.load(); !loaded) return std::unexpected(loaded.error());
  auto left = made->runs_.interrupted();
  if (!left) return std::unexpected(std::move(left.error()));
  made->enqueue(*left);
  made->most_running_ = static_cast<std::size_t>(std::max(workers, 1));
  for (std::size_t i = 0; i < made->most_running_; ++i) {
    made->workers_.emplace_back([dispatcher = made.get()] { dispatcher->work(); });
  }
  made->watcher_ = std::thread([dispatcher = made.get()] { dispatcher->watch(); });
  return made;
}

Dispatcher::~Dispatcher() {
  close();
}

void Dispatcher::close() {
  {
    auto state = state_.lock();
    state->is_closing = true;
    for (auto& [run, driven] : state->runs) driven.stop.request_stop();
  }
  state_.notify_all();
  alarm_.ring();
  if (watcher_.joinable()) watcher_.join();
  for (std::thread& worker : workers_) {
    if (worker.joinable()) worker.join();
  }
}

void Dispatcher::wake() {
  alarm_.ring();
}

void Dispatcher::schedule_changed(std::int64_t schedule) {
  state_.lock()->changed.push_back(schedule);
  alarm_.ring();
}

Result<void> Dispatcher::retry(std::int64_t run) {
  auto done = machine_.retry(run);
  if (done) wake();
  return done;
}

void Dispatcher::cut_off(std::int64_t run) {
  {
    auto state = state_.lock();
    if (const auto found = state->runs.find(run); found != state->runs.end()) {
      found->second.stop.request_stop();
    }
  }
  alarm_.ring();
}

DispatcherStatus Dispatcher::status() {
  auto state = state_.lock();
  DispatcherStatus status = state->status;
  status.running = state->driven;
  return status;
}

void Dispatcher::watch() {
  for (;;) {
    const auto wake = look();
    const std::optional<WallTime> next = wake ? *wake : store_.now() + pause;
    {
      auto state = state_.lock();
      if (state->is_closing) return;
      DispatcherStatus& status = state->status;
      status.beat = store_.now();
      status.schedules = scheduler_.size();
      status.wake = next;
      // Why a run is to be driven again stays to be seen until it was.
      if (!wake) status.error = wake.error().message;
      if (wake && state->again.empty()) status.error.clear();
    }
    if (!wake) log::error("mandates cannot be scheduled", {log::kv("error", wake.error().message)});
    alarm_.wait(next);
  }
}

// Fires what is due and hands out what may run; when there is something to do again.
Result<std::optional<WallTime>> Dispatcher::look() {
  for (const std::int64_t each : std::exchange(state_.lock()->changed, {})) {
    if (auto ok = scheduler_.changed(each); !ok) return std::unexpected(std::move(ok.error()));
  }
  std::optional<WallTime> wake;
  const WallTime now = store_.now();
  const std::optional<WallTime> planned = state_.lock()->status.wake;
  do {
    auto ran = scheduler_.run_due(now);
    if (!ran) return std::unexpected(std::move(ran.error()));
    for (const std::int64_t run : ran->fired.terminated) cut_off(run);
    if (!ran->fired.runs.empty() && planned && *planned <= now)
      state_.lock()->status.lateness = now - *planned;
    wake = ran->wake;
  } while (wake && *wake <= now);
  const std::size_t busy = state_.lock()->runs.size();
  if (busy < most_running_) {
    auto taken = runs_.take(now, static_cast<int>(most_running_ - busy));
    if (!taken) return std::unexpected(std::move(taken.error()));
    enqueue(*taken);
  }
  const auto next = runs_.next_wake(now);
  if (!next) return std::unexpected(next.error());
  if (*next && (!wake || **next < *wake)) wake = *next;
  for (const auto each : {cut_off_late(now), drive_again(now)}) {
    if (each && (!wake || *each < *wake)) wake = each;
  }
  return wake;
}

// Those whose deadline is over, in the middle of what they do; when the next one's is.
std::optional<WallTime> Dispatcher::cut_off_late(WallTime now) {
  std::optional<WallTime> next;
  auto state = state_.lock();
  for (auto& [run, driven] : state->runs) {
    if (!driven.deadline) continue;
    if (*driven.deadline <= now) {
      driven.stop.request_stop();
      driven.deadline.reset();
    } else if (!next || *driven.deadline < *next) {
      next = driven.deadline;
    }
  }
  return next;
}

// Runs that could not go on, for the store: they are "running" there and nobody takes them. When
// that is, if it is later.
std::optional<WallTime> Dispatcher::drive_again(WallTime now) {
  std::vector<std::int64_t> again;
  {
    auto state = state_.lock();
    if (state->again.empty()) return std::nullopt;
    if (now < state->again_at) return state->again_at;
    again = std::exchange(state->again, {});
  }
  enqueue(again);
  return std::nullopt;
}

void Dispatcher::enqueue(const std::vector<std::int64_t>& runs) {
  for (const std::int64_t run : runs) {
    Driven driven;
    // One whose rules cannot be read ends for that.
    if (const auto deadline = machine_.deadline(run)) driven.deadline = *deadline;
    auto state = state_.lock();
    const auto [place, is_new] = state->runs.try_emplace(run, std::move(driven));
    // The store had it taken again before the thread that parked it came back from it.
    if (is_new)
      state->queue.push_back(run);
    else
      place->second.is_taken_again = true;
  }
  state_.notify_all();
}

void Dispatcher::work() {
  for (;;) {
    std::int64_t run = 0;
    std::stop_token stop;
    {
      auto state = state_.lock();
      state.wait([](const State& each) { return each.is_closing || !each.queue.empty(); });
      if (state->is_closing) return;
      run = state->queue.front();
      state->queue.pop_front();
      stop = state->runs.at(run).stop.get_token();
      ++state->driven;
    }
    const auto driven = machine_.drive(run, stop);
    // Its rows are as they were, and it is "running": it is driven on after a pause.
    if (!driven) {
      log::error("a run cannot go on",
                 {log::kv("run", run), log::kv("error", driven.error().message)});
    }
    bool is_taken_again = false;
    {
      auto state = state_.lock();
      --state->driven;
      is_taken_again = state->runs.extract(run).mapped().is_taken_again;
      if (!driven) {
        state->status.error = driven.error().message;
        state->again.push_back(run);
        state->again_at = store_.now() + pause;
      }
    }
    if (driven && is_taken_again) enqueue({run});
    // Its place is free, and others may have waited for its end.
    alarm_.ring();
  }
}

}  // namespace hearth::packs::mandates
