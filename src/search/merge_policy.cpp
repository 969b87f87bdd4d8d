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
  std::map<std::size_t, std::vector<std::size_t>> tiers;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    tiers[tier_of(sizes[i].documents - sizes[i].gone, *this)].push_back(i);
  }
  // The smallest first: they are many and cheap.
  for (const auto& [tier, members] : tiers) {
    if (members.size() >= fan_in) return members;
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (static_cast<double>(sizes[i].gone) > most_gone * static_cast<double>(sizes[i].documents)) {
      return {i};
    }
  }
  return {};
}

}  // namespace hearth::search
