#include "packs/knowledge/stores.hpp"

#include <exception>
#include <utility>

namespace hearth::packs::knowledge {

Stores::Shared Stores::find(const std::string& name_space) {
  auto state = state_.lock();
  const auto found = state->slots.find(name_space);
  return found == state->slots.end() || state->is_closed ? nullptr : found->second.store;
}

// Whoever waits for the opening must hear of it, however it ends.
Result<Stores::Shared> Stores::open(const std::string& name_space) const {
  try {
    return open_(name_space);
  } catch (const std::exception& error) {
    return fail(Errc::internal, std::string("open the store: ") + error.what());
  }
}

Result<Stores::Shared> Stores::get(const std::string& name_space) {
  {
    auto state = state_.lock();
    state.wait([&](State& now) { return now.is_closed || !now.slots[name_space].is_opening; });
    if (state->is_closed) return fail(Errc::draining, "the store is closing; nothing was done");
    Slot& slot = state->slots[name_space];
    if (slot.store) return slot.store;
    slot.is_opening = true;
  }
  auto opened = open(name_space);
  auto state = state_.lock();
  Slot& slot = state->slots[name_space];
  slot.is_opening = false;
  if (opened) slot.store = std::move(*opened);
  const Shared store = slot.store;
  const bool is_closed = state->is_closed;
  state_.notify_all();
  if (!opened) return std::unexpected(std::move(opened.error()));
  if (is_closed) {
    store->close();
    return fail(Errc::draining, "the store is closing; nothing was done");
  }
  return store;
}

void Stores::close() {
  std::vector<Shared> closing;
  {
    auto state = state_.lock();
    state->is_closed = true;
    for (auto& [name, slot] : state->slots) {
      if (slot.store) closing.push_back(slot.store);
    }
  }
  state_.notify_all();
  for (const Shared& store : closing) store->close();
}

std::vector<Stores::Named> Stores::all() {
  std::vector<Named> stores;
  auto state = state_.lock();
  for (const auto& [name, slot] : state->slots) {
    if (slot.store) stores.push_back({name, slot.store});
  }
  return stores;
}

}  // namespace hearth::packs::knowledge
