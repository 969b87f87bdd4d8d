#include "packs/mandates/world_watch.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "base/thread_signals.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/workspace/glob.hpp"
#include "packs/mandates/world_look.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;

// Editors, checkouts and agents write in bursts; what never is quiet is looked at all the same.
constexpr milliseconds quiet{300};
constexpr milliseconds longest_burst{3'000};
constexpr std::chrono::seconds longest_wait{5};
constexpr milliseconds until_own_effect_ends{500};
// For hints that were lost; less than an issue store stays open without being asked.
constexpr milliseconds regular{300'000};
constexpr milliseconds blind{5'000};

constexpr std::string_view issues = "hearth://issues/";
constexpr std::string_view entries = "hearth://knowledge/";

bool any_begins(const std::vector<std::string>& uris, std::string_view with) {
  return std::ranges::any_of(uris, [&](const auto& uri) { return uri.starts_with(with); });
}

bool fits(const Watched& watched, const std::string& path) {
  return path.empty() || std::ranges::any_of(watched.words, [&](const std::string& pattern) {
           return workspace::matches_glob(pattern, path);
         });
}

}  // namespace

WorldWatch::WorldWatch(Workbench& bench, MandateStore& store, std::string name_space, OnFired fired)
    : bench_(bench),
      store_(store),
      name_space_(std::move(name_space)),
      fired_(std::move(fired)),
      bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

WorldWatch::~WorldWatch() {
  close();
}

void WorldWatch::close() {
  stop_.request_stop();
  state_.lock()->is_closing = true;
  state_.notify_all();
  ring();
  if (thread_.joinable()) thread_.join();
}

void WorldWatch::ring() const {
  const std::uint64_t one = 1;
  (void)!::write(bell_.get(), &one, sizeof one);
}

std::size_t WorldWatch::size() const {
  return state_.lock()->watches.size();
}

std::string WorldWatch::problem() const {
  auto state = state_.lock();
  for (const auto& [schedule, watch] : state->watches) {
    if (watch.problem) return watch.problem->message;
  }
  return {};
}

Result<void> WorldWatch::schedules_changed() {
  auto rows = Sightings(store_).watches();
  if (!rows) return std::unexpected(std::move(rows.error()));
  std::map<std::int64_t, Watch> watches;
  {
    auto reader = store_.read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    for (WatchRow& row : *rows) {
      const auto mandate = load_mandate(**reader, row.mandate);
      if (!mandate) return std::unexpected(mandate.error());
      const auto spec = parse_spec(mandate->spec);
      if (!spec) return std::unexpected(spec.error());
      const std::int64_t n = row.schedule;
      Watch& watch = watches[n];
      watch.row = std::move(row);
      watch.workspace = spec->workspace;
    }
  }
  {
    auto state = state_.lock();
    if (state->is_closing) return {};
    for (auto& [n, watch] : watches) {
      const auto known = state->watches.find(n);
      if (known != state->watches.end()) watch = known->second;
    }
    state->watches = std::move(watches);
    state->has_changed = true;
    if (!state->watches.empty() && !thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  ring();
  return {};
}

Result<void> WorldWatch::wait_for_look(std::int64_t schedule) {
  auto state = state_.lock();
  const auto is_over = [&](const State& each) {
    const auto watch = each.watches.find(schedule);
    return each.is_closing || watch == each.watches.end() || watch->second.was_seen;
  };
  // An own thread of the pool may be what the look waits for: then this one has to give in.
  (void)state.wait_until(std::chrono::steady_clock::now() + longest_wait, is_over);
  const auto watch = state->watches.find(schedule);
  if (watch == state->watches.end() || !watch->second.problem) return {};
  return std::unexpected(Error(*watch->second.problem).within("what the schedule waits for"));
}

bool WorldWatch::is_of_interest(const std::vector<std::string>& uris) {
  return any_begins(uris, issues) || any_begins(uris, entries);
}

void WorldWatch::resources_changed(const std::vector<std::string>& uris) {
  const bool has_issues = any_begins(uris, issues);
  const bool has_entries = any_begins(uris, entries);
  bool is_due = false;
  {
    auto state = state_.lock();
    for (auto& [n, watch] : state->watches) {
      const Watched::What what = watch.row.watched.what;
      const bool is_meant = (has_issues && what == Watched::What::label) ||
                            (has_entries && what == Watched::What::entries);
      watch.is_due |= is_meant;
      is_due |= is_meant;
    }
  }
  if (is_due) ring();
}

Result<bool> WorldWatch::look(const Watch& watch) {
  Sightings sightings(store_);
  LookOrder order{.watched = watch.row.watched,
                  .mandate = std::to_string(watch.row.mandate),
                  .workspace = watch.workspace,
                  .now = store_.now(),
                  .last = {},
                  .own = {}};
  auto last = sightings.last(watch.row.schedule);
  if (!last) return std::unexpected(std::move(last.error()));
  order.last = std::move(*last);
  auto own = sightings.effects_since(order.last ? order.last->looked : order.now);
  if (!own) return std::unexpected(std::move(own.error()));
  order.own = std::move(*own);
  auto seen = look_at_world(bench_, name_space_, order, stop_.get_token());
  if (!seen) return std::unexpected(std::move(seen.error()));
  if (!*seen) return false;
  for (std::string& each : (*seen)->causes) each = bench_.redactor().redact(each);
  const std::int64_t round = order.last ? order.last->round : 0;
  // Looking alone is not worth a transaction.
  if (order.last && order.last->marks == (*seen)->marks && (*seen)->causes.empty() &&
      order.now - order.last->looked < regular)
    return true;
  const auto fired = sightings.store(watch.row.schedule, round, **seen);
  if (!fired) {
    // Removed meanwhile.
    if (fired.error().code == Errc::not_found) return true;
    return std::unexpected(fired.error());
  }
  if (!fired->runs.empty()) fired_(*fired);
  return true;
}

// ---- The thread -------------------------------------------------------------------------------

void WorldWatch::work() {
  ::pthread_setname_np(::pthread_self(), "hearth-events");
  leave_signals_to_the_loop();
  do {
    // First: what comes while we look is told again.
    watch_trees();
    look_at_due();
  } while (wait_for_hints());
}

void WorldWatch::watch_trees() {
  std::set<std::string> wanted;
  {
    auto state = state_.lock();
    state->has_changed = false;
    for (const auto& [n, watch] : state->watches) {
      if (watch.row.watched.what == Watched::What::files) wanted.insert(watch.workspace);
    }
  }
  const bool was_blind = std::exchange(is_blind_, false);
  const auto cannot = [&](const Error& error) {
    is_blind_ = true;
    if (!was_blind)
      log::warning("changes of files are noticed late", {log::kv("why", error.message)});
  };
  if (!wanted.empty() && !trees_) {
    if (auto opened = workspace::TreeWatch::open())
      trees_ = std::move(*opened);
    else
      cannot(opened.error());
  }
  if (!trees_) return;
  for (const std::string& root : roots_) {
    if (!wanted.contains(root)) trees_->remove(root);
  }
  for (const std::string& root : wanted) {
    if (auto added = trees_->add(root); !added) cannot(added.error());
  }
  roots_ = std::move(wanted);
}

void WorldWatch::look_at_due() {
  std::vector<Watch> due;
  {
    auto state = state_.lock();
    for (auto& [n, watch] : state->watches) {
      if (std::exchange(watch.is_due, false)) due.push_back(watch);
    }
  }
  is_deferred_ = false;
  for (const Watch& each : due) {
    const auto seen = look(each);
    const bool is_again = seen && !*seen;
    is_deferred_ |= is_again;
    auto state = state_.lock();
    const auto place = state->watches.find(each.row.schedule);
    if (place == state->watches.end()) continue;
    place->second.is_due |= is_again;
    place->second.was_seen = true;
    const auto before =
        std::exchange(place->second.problem, seen ? std::nullopt : std::optional(seen.error()));
    state_.notify_all();
    const bool is_known = before && !seen && before->message == seen.error().message;
    if (seen || is_known || state->is_closing) continue;
    log::warning("what a schedule waits for cannot be seen",
                 {log::kv("namespace", name_space_), log::kv("why", seen.error().message)});
  }
}

void WorldWatch::take_hints() {
  std::uint64_t count = 0;
  (void)!::read(bell_.get(), &count, sizeof count);
  if (!trees_) return;
  const auto changes = trees_->take();
  if (changes.empty()) return;
  auto state = state_.lock();
  for (auto& [n, watch] : state->watches) {
    if (watch.is_due || watch.row.watched.what != Watched::What::files) continue;
    watch.is_due = std::ranges::any_of(changes, [&](const workspace::TreeWatch::Change& change) {
      return change.root == watch.workspace && fits(watch.row.watched, change.path);
    });
  }
}

// Until something is due and all is quiet; false when closed.
bool WorldWatch::wait_for_hints() {
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> first;
  for (;;) {
    bool is_due = false;
    {
      auto state = state_.lock();
      if (state->is_closing) return false;
      if (state->has_changed) return true;
      for (auto& [n, watch] : state->watches) is_due |= watch.is_due;
    }
    const auto now = Clock::now();
    if (is_due && !first) first = now;
    if (first && now - *first >= longest_burst) return true;
    milliseconds wait = is_blind_ ? blind : regular;
    if (is_due) wait = is_deferred_ ? until_own_effect_ends : quiet;
    std::array<pollfd, 2> polled{pollfd{bell_.get(), POLLIN, 0},
                                 pollfd{trees_ ? trees_->descriptor() : -1, POLLIN, 0}};
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(wait.count()));
    if (ready == 0) {
      if (!is_due) {
        auto state = state_.lock();
        for (auto& [n, watch] : state->watches) watch.is_due = true;
      }
      return true;
    }
    take_hints();
  }
}

}  // namespace hearth::packs::mandates
