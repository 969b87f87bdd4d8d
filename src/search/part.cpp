#include "search/part.hpp"

#include <utility>

namespace hearth::search {
namespace {

Trust worse(Trust a, Trust b) {
  if (a == Trust::damaged || b == Trust::damaged) return Trust::damaged;
  if (a == Trust::unverified || b == Trust::unverified) return Trust::unverified;
  return Trust::verified;
}

}  // namespace

Part::Part(std::shared_ptr<const Contents> its_contents)
    : contents(std::move(its_contents)),
      visible(contents->count()),
      tombstones(std::make_shared<Tombstones>(contents->capacity())) {}

std::optional<std::uint32_t> Part::find(Key key) const {
  const auto entry = contents->find(key);
  if (!entry || *entry >= visible || tombstones->contains(*entry)) return std::nullopt;
  return entry;
}

Trust Part::trust() const {
  Trust worst = Trust::verified;
  for (const Generation* file : {contents->backing(), tombstones_file.get()}) {
    if (file != nullptr) worst = worse(worst, file->trust());
  }
  return worst;
}

void Part::bury(std::span<const std::uint32_t> entries) {
  if (entries.empty()) return;
  tombstones = std::make_shared<Tombstones>(
      tombstones->with(entries, [this](std::uint32_t entry) { return contents->weight(entry); }));
}

Result<void> Part::verify(const std::stop_token& stop) const {
  for (const Generation* file : {contents->backing(), tombstones_file.get()}) {
    if (file == nullptr || file->trust() == Trust::verified) continue;
    if (auto sound = file->verify(stop); !sound) return sound;
  }
  return {};
}

Trust Snapshot::trust() const {
  Trust worst = is_degraded ? Trust::damaged : Trust::verified;
  for (const Part& part : parts) worst = worse(worst, part.trust());
  return worst;
}

}  // namespace hearth::search
