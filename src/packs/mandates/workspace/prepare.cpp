#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "packs/mandates/workspace/change_set.hpp"
#include "packs/mandates/workspace/content_hash.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::size_t most_changes = 1'000;
constexpr std::size_t most_bytes = std::size_t{64} << 20;  // of all new contents

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size()))
    ++count;
  return count;
}

Result<void> replace(std::string& text, const Replacement& wanted, const std::string& path) {
  if (wanted.before.empty())
    return fail(Errc::invalid_args, "a replacement in " + path + " has no text to look for");
  const std::size_t count = occurrences(text, wanted.before);
  if (count == 0)
    return fail(Errc::conflict, "the text to replace does not occur in " + path,
                {"read the file again and quote it exactly, with its white space"});
  if (count > 1 && !wanted.all)
    return fail(Errc::conflict,
                "the text to replace occurs " + std::to_string(count) + " times in " + path,
                {"quote more of the text around it, or set all"});
  const std::size_t grown = text.size() + count * wanted.after.size();
  if (grown > most_bytes) return fail(Errc::unsupported, path + " would become too large");
  for (auto at = text.find(wanted.before); at != std::string::npos;
       at = text.find(wanted.before, at + wanted.after.size()))
    text.replace(at, wanted.before.size(), wanted.after);
  return {};
}

Result<void> require_free(const Root& root, const std::string& path) {
  const auto taken = root.open_below(path, O_PATH | O_NOFOLLOW);
  if (!taken && taken.error().code == Errc::not_found) return {};
  if (!taken) return std::unexpected(taken.error());
  return fail(Errc::conflict, path + " is there already", {"edit it, or choose another name"});
}

Result<PreparedEffect> prepare_new(const Root& root, const Change& change, PreparedEffect made) {
  if (auto free = require_free(root, made.effect.path); !free) return std::unexpected(free.error());
  made.after = change.content;
  made.effect.after_hash = content_hash(made.after);
  made.effect.mode = change.is_executable ? 0755 : 0644;
  return made;
}

Result<PreparedEffect> prepare_edit(const Change& change, PreparedEffect made) {
  if (change.replacements.empty() == change.content.empty())
    return fail(Errc::invalid_args,
                "the edit of " + made.effect.path + " needs either replacements or content",
                {"content is all of the file; to empty one, remove it and create it anew"});
  made.after = change.replacements.empty() ? change.content : made.before;
  for (const Replacement& each : change.replacements) {
    if (auto done = replace(made.after, each, made.effect.path); !done)
      return std::unexpected(std::move(done.error()));
  }
  if (made.after == made.before)
    return fail(Errc::invalid_args, "the edit changes nothing in " + made.effect.path);
  made.effect.after_hash = content_hash(made.after);
  return made;
}

Result<PreparedEffect> prepare_one(const Root& root, const Change& change) {
  auto path = normal_path(change.path);
  if (!path) return std::unexpected(std::move(path.error()));
  PreparedEffect made{.effect = {.action = change.action, .path = std::move(*path)}};
  if (change.action == Action::read) return fail(Errc::invalid_args, "reading is no change");
  if (change.action == Action::create) return prepare_new(root, change, std::move(made));
  auto file = root.read(made.effect.path);
  if (!file) return std::unexpected(std::move(file.error()));
  if (!change.base_hash.empty() && change.base_hash != file->hash)
    return fail(Errc::conflict, made.effect.path + " has changed since it was read",
                {"read it again and make the change anew"});
  made.before = std::move(file->content);
  made.effect.before_hash = file->hash;
  made.effect.mode = file->mode;
  if (change.action == Action::edit) return prepare_edit(change, std::move(made));
  if (change.action == Action::move) {
    auto to = normal_path(change.to);
    if (!to) return std::unexpected(std::move(to.error()));
    if (auto free = require_free(root, *to); !free) return std::unexpected(free.error());
    made.effect.to = std::move(*to);
    made.after = made.before;
    made.effect.after_hash = made.effect.before_hash;
  }
  return made;
}

// No path twice, and none below another.
Result<void> check_apart(std::vector<std::string> paths) {
  // With a slash behind each, what is below a path follows it.
  for (std::string& path : paths) path += '/';
  std::ranges::sort(paths);
  for (std::size_t i = 1; i < paths.size(); ++i) {
    if (paths[i].starts_with(paths[i - 1]))
      return fail(Errc::invalid_args,
                  "the change set names " + paths[i - 1].substr(0, paths[i - 1].size() - 1) +
                      " twice, or something below it",
                  {"make one change of each file"});
  }
  return {};
}

}  // namespace

Result<std::vector<PreparedEffect>> prepare(const Root& root, std::span<const Change> changes) {
  if (changes.empty() || changes.size() > most_changes)
    return fail(Errc::invalid_args, "a change set has 1 to 1,000 changes");
  std::vector<PreparedEffect> all;
  std::vector<std::string> paths;
  std::size_t bytes = 0;
  for (const Change& change : changes) {
    auto made = prepare_one(root, change);
    if (!made) return std::unexpected(std::move(made.error()));
    bytes += made->after.size();
    if (bytes > most_bytes) return fail(Errc::unsupported, "a change set writes at most 64 MiB");
    paths.push_back(made->effect.path);
    if (!made->effect.to.empty()) paths.push_back(made->effect.to);
    all.push_back(std::move(*made));
  }
  if (auto apart = check_apart(std::move(paths)); !apart)
    return std::unexpected(std::move(apart.error()));
  return all;
}

}  // namespace hearth::packs::mandates::workspace
