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
  if (auto may = check_decidable(*proposal, verb); !may)
    return std::unexpected(std::move(may.error()));
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

// The options of budget-set, as a mandate has them.
constexpr std::array<std::array<std::string_view, 2>, 8> limits{{
    {"run_calls", "Calls of the model, of each run"},
    {"run_tokens", "Tokens, of each run"},
    {"run_money", "Money, of each run, in the unit of the prices"},
    {"run_seconds", "Seconds of model calls and commands, of each run"},
    {"mandate_calls", "Calls, of all its runs together"},
    {"mandate_tokens", "Tokens, of all its runs together"},
    {"mandate_money", "Money, of all its runs together"},
    {"mandate_seconds", "Seconds, of all its runs together"},
}};

// A number that the daemon may take, or none for no limit: nobody is asked about another.
Result<json::Value> limit_of(std::string_view limit, const std::string& word) {
  if (word == "none") return json::Value(nullptr);
  const bool is_money = limit.ends_with("_money");
  auto number = json::parse(word);
  if (number && number->is_number() && number->to_number<double>() > 0 &&
      (is_money || number->is_int64()))
    return number;
  return fail(Errc::invalid_args, option_name(limit) + ": expected " +
                                      (is_money ? "a number above 0" : "a whole number above 0") +
                                      ", or none, got \"" + word + "\"");
}

std::string shown_limit(const json::Value* limit) {
  return limit == nullptr || limit->is_null() ? "no limit" : json::dump(*limit);
}

// "run calls: 10 -> 20 (used: 7)", a line for each that changes.
std::string budget_text(const json::Value& budget, const json::Object& wanted) {
  std::string text;
  for (const auto& [name, limit] : wanted) {
    const std::string_view all(name);
    const auto mark = all.find('_');
    const json::Value& row = budget.at(all.substr(0, mark));
    const std::string_view unit = all.substr(mark + 1);
    text += std::string(all.substr(0, mark)) + " " + std::string(unit) + ": " +
            shown_limit(json::find(row.at("limit"), unit)) + " -> " + shown_limit(&limit);
    if (all.starts_with("mandate"))
      text += " (used: " + shown_limit(json::find(row.at("used"), unit)) + ")";
    text += "\n";
  }
  return text;
}

Result<int> set_budget(const Context& context, const Arguments& arguments) {
  json::Object wanted;
  for (const auto& [name, about] : limits) {
    const auto word = arguments.one(std::string(name));
    if (!word) continue;
    auto limit = limit_of(name, *word);
    if (!limit) return std::unexpected(std::move(limit.error()));
    wanted[name] = std::move(*limit);
  }
  if (wanted.empty())
    return fail(Errc::invalid_args, "nothing is to be set", {"name a limit: --run-calls 20"});
  const auto terminal = Terminal::open();
  if (!terminal) return std::unexpected(terminal.error());
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto shown = call_tool(context, *connection, "mandates_show",
                               json::Value{{"mandate", arguments.one("mandate").value_or("")}});
  if (!shown) return std::unexpected(shown.error());
  // Whatever was typed: which mandate it is, is shown, and from here on meant by its id.
  const std::string mandate(json::string_or(shown->at("mandate"), "id", ""));
  const std::string name(json::string_or(shown->at("mandate"), "name", ""));
  const auto budget =
      call_tool(context, *connection, "mandates_budget", json::Value{{"mandate", mandate}});
  if (!budget) return std::unexpected(budget.error());
  terminal->ask("The budget of " + printable(name, Lines::join, Spelling::exact) + ", mandate " +
                printable(mandate, Lines::join) + ":\n" + budget_text(*budget, wanted) +
                "Type yes: ");
  if (terminal->read_line() != "yes")
    return fail(Errc::cancelled, "nothing was set", {"type yes to set it"});
  const auto set = decide_in_person(context, *connection,
                                    {{"verb", "budget"},
                                     {"mandate", mandate},
                                     {"digest", json::string_or(*budget, "digest", "")},
                                     {"limits", std::move(wanted)}});
  if (!set) return std::unexpected(set.error());
  return context.output().result(*set);
}

std::vector<Parameter> budget_parameters() {
  std::vector<Parameter> all{{.name = "mandate",
                              .about = "Its name, its id or a beginning of it",
                              .is_positional = true,
                              .is_required = true}};
  for (const auto& [name, about] : limits)
    all.push_back({.name = std::string(name), .about = std::string(about) + "; none: no limit"});
  return all;
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
    Command{"mandates budget-set", "Set what a mandate may spend",
            "Also more than it was made with, which no tool allows. A day's limits are in "
            "config.toml. Shows what changes, and asks on the terminal.",
            budget_parameters, set_budget},
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
