// Approvals: what a person allows, exactly that, once.
//
// A proposal is sealed with everything it is about: the exact bytes, the file's identity and
// content before, and until when it may be decided. A decision is sealed over that seal. Both are
// texts under a key that no run can read, so that neither rows nor files can be made or edited.
// Using an approval up is part of the transaction that records the intent of its effect.
//
//   pending -> approved -> used          denied, expired (no answer until the deadline is "no"),
//                                        superseded (what it is about has changed, or the run
//                                        ended)
//
// decide() is for a person's way in only: a terminal, an elicitation, the approver's credential.
// Nothing that an agent can call leads here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/engine/mandate_store.hpp"

namespace hearth::packs::mandates {

struct Proposal {
  std::string id;
  std::string run;
  int cycle = 0;
  std::string step;
  bool needs_elevation = false;  // of what a rule denies; a plain approval is not enough
  std::string kind;              // of effect
  std::string target;
  std::string identity;     // of the file, such as "dev:inode"
  std::string before_hash;  // what it is based on
  std::string after_hash;
  WallTime created;
  WallTime expires;
  std::string content;  // the exact bytes
};

enum class Verdict : std::uint8_t { deny, approve, elevate };

struct Decision {
  std::string proposal;
  Verdict verdict = Verdict::deny;
  std::string reviewer;  // from the credential
  std::string reason;
  WallTime decided;
};

// The sealed texts. open_…() gives back exactly what was sealed with this key, or `permission`.
[[nodiscard]] std::string seal(const Proposal& proposal, const Key& key);
[[nodiscard]] Result<Proposal> open_proposal(std::string_view sealed, const Key& key);
[[nodiscard]] std::string seal(const Decision& decision,
                               std::string_view sealed_proposal,
                               const Key& key);
[[nodiscard]] Result<Decision> open_decision(std::string_view sealed,
                                             std::string_view sealed_proposal,
                                             const Key& key);

struct ProposalRow {
  std::string state;
  std::int64_t run_n = 0;
  std::string digest;  // of all that is sealed: what a reviewer saw, and a decision is about
  Proposal proposal;
  std::optional<Decision> decision;
};

// Members are for any thread.
class Approvals final {
 public:
  explicit Approvals(MandateStore& store) : store_(store), key_(store.key().derive("approvals")) {}

  // Supersedes what the same step proposed before. Fills id and created in; `expires` stays.
  [[nodiscard]] Result<Proposal> propose(std::int64_t run_n, Proposal proposal);
  // `not_found`; `conflict` when it is not pending any more, or `digest` is of something else;
  // `timed_out` when it is too late (and then it is denied); `permission` when the row was edited.
  // Wakes the run.
  [[nodiscard]] Result<void> decide(const std::string& id,
                                    Verdict verdict,
                                    std::string reviewer,
                                    std::string reason,
                                    std::optional<std::string> digest = std::nullopt);
  // The last proposal of a step, with its seals checked; nothing when there is none. One whose time
  // is over is expired first.
  [[nodiscard]] Result<std::optional<ProposalRow>> latest(std::int64_t run_n,
                                                          int cycle,
                                                          const std::string& step);
  [[nodiscard]] Result<void> supersede(const std::string& id);
  // Ids of those that wait for a decision.
  [[nodiscard]] Result<std::vector<std::string>> pending();
  [[nodiscard]] Result<ProposalRow> load(const std::string& id);

 private:
  [[nodiscard]] Result<ProposalRow> read_row(const store::Rows& rows) const;
  MandateStore& store_;
  const Key key_;
};

// Marks an approval as used: `permission` when it is not approved, or too old. Within the change
// that records the intent.
[[nodiscard]] Result<void> use_approval(Change& change, const Proposal& proposal);

}  // namespace hearth::packs::mandates
