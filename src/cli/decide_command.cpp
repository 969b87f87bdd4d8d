// `hearth mandates approve|reject|…`: what only a person decides, at a terminal.
//
// What would be done is shown on the terminal itself, and the answer is read from it: nothing that
// is piped in or out decides. The daemon looks for itself whether a terminal is there.

#include <array>
#include <string>

#include "cli/command.hpp"
#include "cli/proposal.hpp"
#include "cli/terminal.hpp"

namespace hearth::cli {
namespace {

Result<int> decide(const Context& context, const Arguments& arguments, const std::string& verb) {
  const auto terminal = Terminal::open();
  if (!terminal) return std::unexpected(terminal.error());
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto proposal = load_proposal(context, *connection, arguments.one("proposal").value_or(""));
  if (!proposal) return std::unexpected(proposal.error());
  terminal->show(proposal->text + verb + " this? Type yes: ");
  if (terminal->read_line() != "yes")
    return fail(Errc::cancelled, "nothing was decided", {"type yes to " + verb});
  const auto decided =
      decide_proposal(context, *connection, verb, *proposal, arguments.one("reason").value_or(""));
  if (!decided) return std::unexpected(decided.error());
  return context.output().result(*decided);
}

std::vector<Parameter> parameters() {
  return {{.name = "proposal",
           .about = "Its id, or a beginning of it; hearth mandates approvals lists them",
           .is_positional = true,
           .is_required = true},
          {.name = "reason", .about = "Why, for the journal"}};
}

constexpr std::string_view details =
    "Shows on the terminal what would be done and asks there. Agents cannot: it takes a terminal.";

constexpr std::array commands{
    Command{"mandates approve", "Allow what a mandate proposes, once", details, parameters,
            [](const Context& context, const Arguments& arguments) {
              return decide(context, arguments, "approve");
            }},
    Command{"mandates reject", "Refuse what a mandate proposes", details, parameters,
            [](const Context& context, const Arguments& arguments) {
              return decide(context, arguments, "reject");
            }},
    Command{"mandates elevate", "Allow, once, what touches protected files", details, parameters,
            [](const Context& context, const Arguments& arguments) {
              return decide(context, arguments, "elevate");
            }},
};

}  // namespace

std::span<const Command> decide_commands() {
  return commands;
}

}  // namespace hearth::cli
