#include "packs/issues/stores.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iterator>
#include <utility>

#include "packs/issues/engine/file_id.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_directories = 4096;

void append(std::string& out, const std::optional<FileId>& id) {
  out += id ? std::to_string(id->device) + ":" + std::to_string(id->inode) + ":" +
                  std::to_string(id->born_ns) + " "
            : std::string("- ");
}

// The git directory that is found from there, empty if there is none; nothing where only git knows
// (a worktree, a submodule, a link).
std::optional<std::string> plain_repository_of(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path real = fs::canonical(directory, error);
  if (error) return std::nullopt;
  for (fs::path at = real;; at = at.parent_path()) {
    const fs::path git = at / ".git";
    const fs::file_status found = fs::symlink_status(git, error);
    if (fs::is_directory(found) && fs::exists(git / "HEAD", error)) return git.string();
    if (fs::exists(found) && !fs::is_directory(found)) return std::nullopt;
    if (fs::exists(at / "HEAD", error) && fs::exists(at / "objects", error)) return at.string();
    if (at == at.parent_path()) return std::string();
  }
}

}  // namespace

// git goes upwards until a folder has ".git", or is a repository itself (it has a HEAD).
std::string Stores::found_at(const std::string& directory) {
  std::string trace;
  for (std::filesystem::path at = directory;; at = at.parent_path()) {
    if (file_id(at / "HEAD")) append(trace, file_id(at));
    const auto link = file_id(at / ".git");
    if (link) append(trace, link);
    if (link && (file_id(at / ".git/HEAD") || std::filesystem::is_regular_file(at / ".git"))) break;
    if (at == at.parent_path()) break;
  }
  return trace;
}

Stores::Shared Stores::find(const Place& place) {
  const std::string trace = found_at(place.directory);  // a slow disk holds up nobody else
  auto state = state_.lock();
  const auto known = state->repositories.find({place.name_space, place.directory});
  if (known == state->repositories.end() || state->is_closed) return nullptr;
  const Known& repository = known->second;
  const auto slot = state->slots.find({place.name_space, repository.common_directory});
  if (slot == state->slots.end() || !slot->second.store) return nullptr;
  const bool is_there = file_id(repository.common_directory + "/HEAD") &&
                        trace == repository.found_at && slot->second.store->has_its_cache();
  return is_there ? slot->second.store : nullptr;
}

// Whoever waits for the opening must hear of it, however it ends.
Result<Stores::Shared> Stores::open(const Place& place, const std::string& common_directory) const {
  try {
    return open_(place, common_directory);
  } catch (const std::exception& error) {
    return fail(Errc::internal, std::string("open the issue store: ") + error.what());
  }
}

Result<Stores::Shared> Stores::get(const Place& place, bool is_power_safe) {
  if (Shared store = find(place)) return store;
  std::string trace = found_at(place.directory);
  const auto repository = Repository::open(place.directory, {.is_power_safe = is_power_safe});
  if (!repository) return std::unexpected(repository.error());
  const std::string common = (*repository)->common_directory();
  const Key key{place.name_space, common};
  std::vector<Shared> surplus;  // closed without the lock
  {
    auto state = state_.lock();
    if (state->repositories.size() >= most_directories) state->repositories.clear();
    state->repositories[{place.name_space, place.directory}] = {common, std::move(trace)};
    state.wait([&](State& now) { return now.is_closed || !now.slots[key].is_opening; });
    if (state->is_closed) return fail(Errc::draining, "the issue stores are closing");
    Slot& slot = state->slots[key];
    if (slot.store && slot.store->has_its_cache()) return slot.store;
    if (slot.store) state->retired.push_back(std::exchange(slot.store, nullptr));
    surplus = take_retired(*state);
    slot.is_opening = true;
  }
  surplus.clear();
  auto opened = open(place, common);
  auto state = state_.lock();
  Slot& slot = state->slots[key];
  slot.is_opening = false;
  if (opened) slot.store = std::move(*opened);
  const Shared store = slot.store;
  const bool is_closed = state->is_closed;
  if (!is_closed) surplus = take_surplus(*state);
  state_.notify_all();
  if (!opened) return std::unexpected(std::move(opened.error()));
  if (is_closed) {
    store->close();
    return fail(Errc::draining, "the issue stores are closing");
  }
  return store;
}

// Whoever works with one goes on with it, and with a cache that nobody else finds.
std::vector<Stores::Shared> Stores::take_retired(State& state) {
  const auto unused = std::ranges::partition(
      state.retired, [](const Shared& store) { return store.use_count() != 1; });
  std::vector<Shared> taken(std::move_iterator(unused.begin()), std::move_iterator(unused.end()));
  state.retired.erase(unused.begin(), unused.end());
  return taken;
}

// Those that were used least recently, apart from what is in use.
std::vector<Stores::Shared> Stores::take_surplus(State& state) const {
  std::vector<Shared> taken = take_retired(state);
  while (true) {
    std::size_t open = 0;
    auto oldest = state.slots.end();
    for (auto each = state.slots.begin(); each != state.slots.end(); ++each) {
      const Shared& store = each->second.store;
      if (!store) continue;
      ++open;
      const bool is_older =
          oldest == state.slots.end() || store->rest() > oldest->second.store->rest();
      if (store.use_count() == 1 && is_older) oldest = each;
    }
    if (open <= most_open_ || oldest == state.slots.end()) return taken;
    taken.push_back(std::move(oldest->second.store));
    state.slots.erase(oldest);
  }
}

Stores::Shared Stores::find_open(const std::string& name_space,
                                 const std::string& common_directory) {
  auto state = state_.lock();
  const auto slot = state->slots.find({name_space, common_directory});
  return slot == state->slots.end() ? nullptr : slot->second.store;
}

bool Stores::may_be_in(const Place& place, const std::string& common_directory) {
  {
    const auto state = state_.lock();
    const auto known = state->repositories.find({place.name_space, place.directory});
    if (known != state->repositories.end())
      return known->second.common_directory == common_directory;
  }
  const auto plain = plain_repository_of(place.directory);
  return !plain || *plain == common_directory;
}

void Stores::close_if_idle(const std::string& name_space, const std::string& common_directory) {
  Shared closing;
  std::vector<Shared> retired;  // closed without the lock
  {
    auto state = state_.lock();
    retired = take_retired(*state);
    const auto slot = state->slots.find({name_space, common_directory});
    if (slot == state->slots.end()) return;
    const Shared& store = slot->second.store;
    // Used by nobody but this table.
    if (!store || !store->is_idle() || store.use_count() != 1) return;
    closing = slot->second.store;
    state->slots.erase(slot);
  }
  closing->close();
}

void Stores::close() {
  std::vector<Shared> closing;
  {
    auto state = state_.lock();
    state->is_closed = true;
    closing = std::move(state->retired);
    for (auto& [key, slot] : state->slots) {
      if (slot.store) closing.push_back(slot.store);
    }
  }
  state_.notify_all();
  for (const Shared& store : closing) store->close();
}

std::vector<Stores::Named> Stores::all() {
  std::vector<Named> stores;
  auto state = state_.lock();
  for (const auto& [key, slot] : state->slots) {
    if (slot.store) stores.push_back({key.name_space, slot.store});
  }
  return stores;
}

}  // namespace hearth::packs::issues
