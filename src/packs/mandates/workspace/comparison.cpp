#include "packs/mandates/workspace/comparison.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace hearth::packs::mandates::workspace {
namespace {

class Comparison final {
 public:
  Comparison(const Root& root,
             const std::string& aside,
             const std::optional<std::int64_t>& others_since)
      : root_(root), aside_(aside), others_since_(others_since) {}

  Findings run(const ProtectedEntries& before, const ProtectedEntries& after) {
    look_for_what_was(before, after);
    std::set<ProtectedEntry::Identity> known;
    for (const auto& [path, entry] : before) known.insert(entry.identity);
    for (const auto& [path, entry] : after) {
      // One that was moved along with its directory is whole: it was mounted read-only.
      if (!known.contains(entry.identity) && !went_along(path)) judge_what_is_new(path, entry);
    }
    return std::move(findings_);
  }

 private:
  void look_for_what_was(const ProtectedEntries& before, const ProtectedEntries& after) {
    std::map<ProtectedEntry::Identity, std::string> places;
    for (const auto& [path, entry] : after) places.emplace(entry.identity, path);
    for (const auto& [path, entry] : before) {
      const auto now = after.find(path);
      if (now != after.end() && now->second.identity == entry.identity) {
        // Directories are mounted with all that they hold, and change with everybody's work.
        if (!S_ISDIR(entry.identity.kind) && now->second.changed_at != entry.changed_at)
          findings_.changed.push_back(path);
        continue;
      }
      const auto place = places.find(entry.identity);
      findings_.changed.push_back(path + (place == places.end()
                                              ? " (it is gone or was replaced)"
                                              : " (it is now " + place->second + ")"));
    }
  }

  [[nodiscard]] bool went_along(const std::string& path) const {
    return std::ranges::any_of(
        findings_.aside, [&](const SetAside& each) { return path.starts_with(each.path + "/"); });
  }

  void judge_what_is_new(const std::string& path, const ProtectedEntry& entry) {
    if (others_since_ && entry.identity.born_at > *others_since_)
      findings_.changed.push_back(path + " (it is new, and was made after the command)");
    else if (entry.lies_within)
      findings_.changed.push_back(path);
    else if (entry.is_repository)  // it is none without its HEAD, and may be older than that
      take_away(path.empty() ? "HEAD" : path + "/HEAD");
    else
      take_away(path);
  }

  void take_away(const std::string& path) {
    auto taken = set_aside(root_, path, aside_);
    if (taken)
      findings_.aside.push_back(std::move(*taken));
    else if (taken.error().code != Errc::not_found)
      findings_.changed.push_back(path + " (" + taken.error().message + ")");
  }

  const Root& root_;
  const std::string& aside_;
  const std::optional<std::int64_t>& others_since_;
  Findings findings_;
};

}  // namespace

std::string Findings::describe() const {
  constexpr std::size_t most_named = 100;
  std::vector<std::string> lines;
  for (const SetAside& each : aside)
    lines.push_back(each.path + " is protected and was not there before: it is now " + each.now);
  for (const std::string& path : changed)
    lines.push_back(path + " is protected, and not as it was before");
  if (commands > 1 && needs_review())
    lines.insert(lines.begin(), "which of the " + std::to_string(commands) +
                                    " commands that ran side by side did this, nobody can tell:");
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), most_named); ++i) text += lines[i] + "\n";
  if (lines.size() > most_named)
    text += "and " + std::to_string(lines.size() - most_named) + " more\n";
  return text;
}

Findings compare(const Root& root,
                 const ProtectedEntries& before,
                 const ProtectedEntries& after,
                 const std::string& aside,
                 std::optional<std::int64_t> others_since) {
  return Comparison(root, aside, others_since).run(before, after);
}

}  // namespace hearth::packs::mandates::workspace
