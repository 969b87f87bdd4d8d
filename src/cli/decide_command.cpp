// `hearth mandates approve|reject|…`: what only a person decides or says, at a terminal.
//
// What would be done is shown on the terminal itself, and the answer is read from it: nothing that
// is piped in or out decides. The daemon looks for itself whether a terminal is there.

#include <algorithm>
#include <array>
#include <string>

#include "base/terminal_text.hpp"
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
  terminal->ask(proposal->text + verb + " this? Type yes: ");
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

// What is known of an effect, of which only a person can tell whether it happened.
Result<std::string> effect_text(const Context& context,
                                client::Connection& connection,
                                const std::string& key) {
  const auto logs = call_tool(context, connection, "mandates_run_logs",
                              json::Value{{"run", key.substr(0, key.find('/'))}});
  if (!logs) return std::unexpected(logs.error());
  const json::Array& all = logs->at("effects").as_array();
  const auto found = std::ranges::find_if(
      all, [&](const json::Value& each) { return json::string_or(each, "key", "") == key; });
  if (found == all.end()) return fail(Errc::not_found, "there is no effect " + key);
  const auto text = [&](std::string_view name) {
    return printable(json::string_or(*found, name, ""), Lines::keep);
  };
  return text("kind") + " " + text("target") + "\n" + text("output") + "\n";
}

Result<int> resolve(const Context& context, const Arguments& arguments) {
  const std::string key = arguments.one("effect").value_or("");
  const bool has_happened = arguments.one("word").value_or("") == "happened";
  const auto terminal = Terminal::open();
  if (!terminal) return std::unexpected(terminal.error());
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto shown = effect_text(context, *connection, key);
  if (!shown) return std::unexpected(shown.error());
  terminal->ask(*shown + (has_happened ? "This happened. " : "This did not happen. ") +
                "Type yes: ");
  if (terminal->read_line() != "yes")
    return fail(Errc::cancelled, "nothing was said", {"type yes to say it"});
  const auto said =
      decide_in_person(context, *connection,
                       {{"verb", has_happened ? "happened" : "did_not_happen"}, {"effect", key}});
  if (!said) return std::unexpected(said.error());
  return context.output().result(*said);
}

Result<int> accept_clock(const Context& context, const Arguments&) {
  const auto terminal = Terminal::open();
  if (!terminal) return std::unexpected(terminal.error());
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto status = call_tool(context, *connection, "mandates_status", json::Object{});
  if (!status) return std::unexpected(status.error());
  const auto lag = json::int_or(*status, "clock_lag_ms", 0) / 1'000;
  terminal->ask("The clock is " + std::to_string(lag) +
                " s behind what was journaled. It is right now, and time goes on from here. "
                "Type yes: ");
  if (terminal->read_line() != "yes")
    return fail(Errc::cancelled, "nothing was said", {"type yes to say it"});
  const auto said = decide_in_person(context, *connection, {{"verb", "accept_clock"}});
  if (!said) return std::unexpected(said.error());
  return context.output().result(*said);
}

std::vector<Parameter> resolve_parameters() {
  return {{.name = "effect",
           .about = "Its key, RUN/CYCLE/STEP; hearth mandates approvals lists them",
           .is_positional = true,
           .is_required = true},
          {.name = "word",
           .about = "Whether it happened",
           .is_positional = true,
           .is_required = true,
           .choices = {"happened", "did-not-happen"}}};
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
    Command{"mandates resolve", "Say whether what was cut off happened",
            "Its run waits for that. Shows on the terminal what is known, and asks there.",
            resolve_parameters, resolve},
    Command{"mandates accept-clock", "Say that the clock is right where it was once ahead",
            "Until then nothing becomes due before the clock has caught up. Shows by how much, and "
            "asks on the terminal.",
            nullptr, accept_clock},
};

}  // namespace

std::span<const Command> decide_commands() {
  return commands;
}

}  // namespace hearth::cli
