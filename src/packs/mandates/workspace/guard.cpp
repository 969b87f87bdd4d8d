#include "packs/mandates/workspace/guard.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
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

class Comparison final {
 public:
  Comparison(const Root& root, const std::string& aside) : root_(root), aside_(aside) {}

  void run(const ProtectedEntries& before, const ProtectedEntries& after, Findings& to) {
    std::map<ProtectedEntry::Identity, std::string> places;
    for (const auto& [path, entry] : after) places.emplace(entry.identity, path);
    for (const auto& [path, entry] : before) {
      const auto now = after.find(path);
      if (now != after.end() && now->second.identity == entry.identity) {
        // Directories are mounted with all that they hold, and change with everybody's work.
        if (!S_ISDIR(entry.identity.kind) && now->second.changed_at != entry.changed_at)
          to.changed.push_back(path);
        continue;
      }
      const auto place = places.find(entry.identity);
      to.changed.push_back(path + (place == places.end() ? " (it is gone or was replaced)"
                                                         : " (it is now " + place->second + ")"));
    }
    std::set<ProtectedEntry::Identity> known;
    for (const auto& [path, entry] : before) known.insert(entry.identity);
    for (const auto& [path, entry] : after) {
      // One that was moved along with its directory is whole: it was mounted read-only.
      if (known.contains(entry.identity) || went_along(path, to)) continue;
      if (entry.lies_within)
        to.changed.push_back(path);
      else if (entry.is_repository)  // it is none without its HEAD, and may be older than that
        take_away(path.empty() ? "HEAD" : path + "/HEAD", to);
      else
        take_away(path, to);
    }
  }

 private:
  static bool went_along(const std::string& path, const Findings& to) {
    return std::ranges::any_of(
        to.aside, [&](const SetAside& each) { return path.starts_with(each.path + "/"); });
  }

  void take_away(const std::string& path, Findings& to) {
    auto taken = set_aside(root_, path, aside_);
    if (taken)
      to.aside.push_back(std::move(*taken));
    else if (taken.error().code != Errc::not_found)
      to.changed.push_back(path + " (" + taken.error().message + ")");
  }

  const Root& root_;
  const std::string& aside_;
};

}  // namespace

std::string Findings::describe() const {
  constexpr std::size_t most_named = 100;  // a command may install thousands
  std::vector<std::string> lines;
  for (const SetAside& each : aside)
    lines.push_back(each.path + " is protected and was not there before: it is now " + each.now);
  for (const std::string& path : changed)
    lines.push_back(path + " is protected, and not as it was before");
  if (commands > 1 && needs_review())
    lines.push_back("which of the " + std::to_string(commands) +
                    " commands that ran side by side did it, nobody can tell");
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), most_named); ++i) text += lines[i] + "\n";
  if (lines.size() > most_named)
    text += "and " + std::to_string(lines.size() - most_named) + " more\n";
  return text;
}

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

// When the last has ended. With the lock: whoever wants it waits for this.
void Guard::look_after(const Ground& ground) {
  if (expected_ == 0 && inside_ == 0) {
    found_ = Findings();
    if (begun_ > 0) {
      const auto after = protected_entries(ground.root, git_may_write_, ground.sandbox.hidden());
      (*found_)->commands = begun_;
      if (after)
        Comparison(ground.root, ground.aside).run(before_, *after, **found_);
      else
        found_ = fail(Errc::outcome_unknown,
                      "what is protected cannot be compared: " + after.error().message);
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
    return ground.sandbox.run(plan, stop, [&] {
      auto may = wait_to_begin(stop);
      has_begun = may.has_value();
      return may;
    });
  }();
  std::unique_lock lock(mutex_);
  --inside_;
  look_after(ground);
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
