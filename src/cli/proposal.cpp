#include "cli/proposal.hpp"

#include "base/terminal_text.hpp"
#include "base/text_diff.hpp"
#include "cli/command.hpp"

namespace hearth::cli {

Result<Proposal> load_proposal(const Context& context,
                               client::Connection& connection,
                               const std::string& word) {
  const auto shown = call_tool(context, connection, "mandates_approval",
                               json::Value{{"proposal", word}, {"as_text", true}});
  if (!shown) return std::unexpected(shown.error());
  const json::Value& approval = shown->at("approval");
  const auto text = json::string_or(*shown, "text", "");
  if (text.empty()) return fail(Errc::mismatch, "the daemon does not show it", {"hearth doctor"});
  return Proposal{.id = std::string(json::string_or(approval, "id", "")),
                  .digest = std::string(json::string_or(approval, "digest", "")),
                  .text = colored_diff(printable(text, Lines::keep)),
                  .needs_elevation = json::bool_or(approval, "needs_elevation", false),
                  .state = std::string(json::string_or(approval, "state", ""))};
}

Result<void> check_decidable(const Proposal& proposal, const std::string& verb) {
  if (proposal.state != "pending")
    return fail(Errc::conflict, "proposal " + proposal.id + " is " + proposal.state,
                {"hearth mandates approvals"});
  if (proposal.needs_elevation && verb == "approve")
    return fail(
        Errc::permission, "proposal " + proposal.id + " is against a rule",
        {"elevate it, for this once, if that is meant: hearth mandates elevate " + proposal.id});
  return {};
}

Result<json::Value> decide_in_person(const Context& context,
                                     client::Connection& connection,
                                     json::Object decision) {
  return connection.request("daemon/decide",
                            json::Object{{"pack", "mandates"},
                                         {"arguments", std::move(decision)},
                                         {"challenge", connection.welcome().challenge}},
                            context.request_timeout());
}

Result<json::Value> decide_proposal(const Context& context,
                                    client::Connection& connection,
                                    const std::string& verb,
                                    const Proposal& proposal,
                                    const std::string& reason) {
  return decide_in_person(
      context, connection,
      {{"verb", verb}, {"proposal", proposal.id}, {"digest", proposal.digest}, {"reason", reason}});
}

}  // namespace hearth::cli
