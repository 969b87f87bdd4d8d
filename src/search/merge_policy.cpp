#include "search/merge_policy.hpp"

#include <algorithm>
#include <map>

namespace hearth::search {
namespace {

std::size_t tier_of(std::uint64_t live, const MergePolicy& policy) {
  std::size_t tier = 0;
  for (std::uint64_t limit = policy.smallest_tier; live > limit && limit < UINT64_MAX / 64; ++tier)
    limit *= policy.fan_in;
  return tier;
}

}  // namespace

std::vector<std::size_t> MergePolicy::pick(std::span<const GenerationSize> sizes) const {
  struct Tier {
    std::vector<std::size_t> members;
    std::uint64_t live = 0;  // in those that are picked
    std::size_t count = 0;   // of all
  };
  std::map<std::size_t, Tier> tiers;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::uint64_t live = sizes[i].documents - sizes[i].gone;
    Tier& tier = tiers[tier_of(live, *this)];
    ++tier.count;
    if (live > largest - tier.live) continue;
    tier.live += live;
    tier.members.push_back(i);
  }
  // The smallest first: they are many and cheap.
  for (const auto& [number, tier] : tiers) {
    if (tier.count >= fan_in && tier.members.size() > 1) return tier.members;
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i].documents - sizes[i].gone > largest) continue;
    if (static_cast<double>(sizes[i].gone) > most_gone * static_cast<double>(sizes[i].documents)) {
      return {i};
    }
  }
  return {};
}

}  // namespace hearth::search
