// Who has an issue, as far as this repository knows.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "packs/issues/issue_wire.hpp"

namespace hearth::packs::issues {

[[nodiscard]] inline Result<std::optional<wire::ShownClaim>> shown_claim(IssueStore& store,
                                                                         const IssueId& issue) {
  const auto claim = store.claim_of(issue);
  if (!claim) return std::unexpected(claim.error());
  if (!*claim) return std::nullopt;
  const Lock& lock = **claim;
  return wire::ShownClaim{hex_of(lock.owner), store.actors().label_of(lock.owner),
                          wire::number(lock.expires_ms)};
}

}  // namespace hearth::packs::issues
