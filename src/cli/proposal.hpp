// A proposal of a mandate, as a person sees it at a terminal and decides it there.
#pragma once

#include <string>

#include "cli/context.hpp"
#include "json/json.hpp"

namespace hearth::cli {

struct Proposal {
  std::string id;
  std::string digest;  // of what is shown; the decision names it
  std::string text;    // all of it, the diff in colours
  bool needs_elevation = false;
  std::string state;  // "pending": it can be decided
};

// `word` is its id or a beginning of it.
[[nodiscard]] Result<Proposal> load_proposal(const Context& context,
                                             client::Connection& connection,
                                             const std::string& word);
// Why it cannot be decided so, in the words of the daemon, which looks again: nobody is asked in
// vain.
[[nodiscard]] Result<void> check_decidable(const Proposal& proposal, const std::string& verb);
// What only a person says, with the arguments of the pack mandates.
[[nodiscard]] Result<json::Value> decide_in_person(const Context& context,
                                                   client::Connection& connection,
                                                   json::Object decision);
// "approve", "reject" or "elevate". The daemon looks for itself whether a terminal is there.
[[nodiscard]] Result<json::Value> decide_proposal(const Context& context,
                                                  client::Connection& connection,
                                                  const std::string& verb,
                                                  const Proposal& proposal,
                                                  const std::string& reason);

}  // namespace hearth::cli
