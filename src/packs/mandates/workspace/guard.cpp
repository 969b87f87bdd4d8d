#include "packs/mandates/workspace/guard.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace hearth::packs::mandates::workspace {
namespace {

// bubblewrap takes 9,000 arguments, three for each; that many mounts take it some seconds.
constexpr std::size_t most_mounts = 2'000;

// A link cannot be mounted over: whoever removes it puts something else in its place, and what it
// names is written where it lies. One that names a protected file beside it is harmless: that one
// is mounted, and the link's own end is noticed.
Result<void> check_link(const Root& root, const std::string& path, const ProtectedEntries& all) {
  std::array<char, 4'096> target{};
  const auto place = root.place_of(path);
  const ssize_t size = place ? ::readlinkat(place->directory.get(), place->name.c_str(),
                                            target.data(), target.size())
                             : -1;
  const std::string name(target.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  const auto named = all.find(path.substr(0, path.rfind('/') + 1) + name);
  if (name.find('/') == std::string::npos && named != all.end() &&
      !S_ISLNK(named->second.identity.kind))
    return {};
  return fail(Errc::permission, path + " is protected, and a symbolic link, which cannot be kept",
              {"replace it by a copy of what it names, or let the rule only read"});
}

// Those above before those below.
Result<std::vector<std::string>> mounts(const Root& root, const ProtectedEntries& entries) {
  if (entries.contains(""))
    return fail(Errc::permission, root.path() + " is itself a repository of git",
                {"let the mandate work in a checkout of it"});
  std::vector<std::string> paths;
  for (const auto& [path, entry] : entries) {
    if (entry.lies_within) continue;
    if (!S_ISLNK(entry.identity.kind))
      paths.push_back(root.path() + "/" + path);
    else if (auto done = check_link(root, path, entries); !done)
      return std::unexpected(std::move(done.error()));
  }
  if (paths.size() > most_mounts)
    return fail(Errc::unsupported,
                "the workspace has " + std::to_string(paths.size()) +
                    " protected files and directories; a command that writes is kept from at "
                    "most 2,000",
                {"name a directory with fewer as the workspace, or let the rule only read"});
  return paths;
}

}  // namespace

void Guard::look_before(const Ground& ground, const std::stop_token& stop) {
  if (ground.hold) {
    auto held = ground.hold(stop);
    if (!held) {
      mounts_ = std::unexpected(std::move(held.error()));
      return;
    }
    held_ = std::move(*held);
  }
  auto taken = protected_entries(ground.root, git_may_write_, ground.sandbox.hidden());
  if (taken) {
    mounts_ = mounts(ground.root, *taken);
    before_ = std::move(*taken);
  } else {
    mounts_ = std::unexpected(std::move(taken.error()));
  }
}

// Until all sandboxes stand of those that are to run.
Result<void> Guard::wait_to_begin(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  ++standing_;
  changed_.notify_all();
  const bool begins = changed_.wait(lock, stop, [this] {
    may_begin_ = may_begin_ || (expected_ == 0 && standing_ == inside_);
    return may_begin_;
  });
  if (begins) {
    ++begun_;
    return {};
  }
  --standing_;
  return fail(Errc::cancelled, "stopped before it began");
}

// Where a kill leaves it.
Result<void> Guard::keep(const Ground& ground,
                         const GuardPlaces& places,
                         pid_t first_process) const {
  if (places.records.empty()) return {};
  auto mark = sandbox::mark_of(first_process);
  auto kept = mark ? write_guard(places.records, {.key = places.key,
                                                  .workspace = ground.root.path(),
                                                  .root = identity_of(ground.root),
                                                  .is_git = git_may_write_,
                                                  .first_process = *mark,
                                                  .before = before_})
                   : std::unexpected(std::move(mark.error()));
  // Nothing has begun; other errors of running may mean that something has.
  if (!kept) kept.error().code = Errc::unsupported;
  return kept;
}

// When the last has ended. With the lock: whoever wants it waits for this.
void Guard::look_after(const Ground& ground, const std::string& aside) {
  if (expected_ == 0 && inside_ == 0) {
    found_ = Findings();
    if (begun_ > 0) {
      auto after = protected_entries(ground.root, git_may_write_, ground.sandbox.hidden());
      if (after) {
        found_ = compare(ground.root, before_, *after, aside);
        (*found_)->commands = begun_;
      } else {
        after.error().code = Errc::outcome_unknown;
        found_ = std::unexpected(std::move(after.error()).within("compare what is protected"));
      }
    }
    held_.reset();
  }
  changed_.notify_all();
}

void Guard::leave() {
  const std::lock_guard lock(mutex_);
  --expected_;
  if (expected_ == 0 && inside_ == 0) held_.reset();
  changed_.notify_all();
}

Result<GuardedOutcome> Guard::run(const Ground& ground,
                                  sandbox::Plan plan,
                                  const GuardPlaces& places,
                                  const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    --expected_;
    ++inside_;
  }
  std::call_once(looked_, [&] { look_before(ground, stop); });
  bool has_begun = false;
  auto outcome = [&]() -> Result<sandbox::Outcome> {
    if (!mounts_) return std::unexpected(mounts_.error());
    plan.workspace = ground.root.path();
    plan.read_only = *mounts_;
    plan.before_start = [&](pid_t first_process) {
      auto may = keep(ground, places, first_process);
      if (may) may = wait_to_begin(stop);
      has_begun = may.has_value();
      return may;
    };
    if (!places.records.empty())
      plan.each_second = [&] { touch_guard(places.records, places.key); };
    return ground.sandbox.run(plan, stop);
  }();
  std::unique_lock lock(mutex_);
  --inside_;
  look_after(ground, places.aside);
  if (!has_begun) return std::unexpected(std::move(outcome.error()));
  changed_.wait(lock, [this] { return found_.has_value(); });
  if (!*found_) return std::unexpected(found_->error());
  const Findings& found = **found_;
  if (!outcome && found.needs_review())
    return fail(Errc::outcome_unknown, found.describe() + outcome.error().message);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  return GuardedOutcome{found, std::move(*outcome)};
}

}  // namespace hearth::packs::mandates::workspace
