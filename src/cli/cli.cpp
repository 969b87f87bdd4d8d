#include "cli/cli.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "base/closest.hpp"
#include "base/version.hpp"
#include "cli/command.hpp"
#include "cli/help.hpp"
#include "cli/parser.hpp"

namespace hearth::cli {
namespace {

constexpr std::string_view overview_head =
    "hearth: one warm daemon for all your AI clients and shells\n"
    "\n"
    "usage: hearth COMMAND [options]\n"
    "       hearth PACK VERB [arguments] [options]    such as: hearth knowledge search TEXT\n"
    "\n"
    "commands:\n";
constexpr std::string_view overview_foot =
    "\n"
    "hearth COMMAND --help and hearth PACK --help tell more; hearth --help explains the options "
    "that\n"
    "every command takes, such as --json, --namespace NAME, --no-daemon and --timeout DURATION.\n"
    "To begin: hearth setup claude-code (or cursor, vscode, codex, opencode), hearth doctor.\n";

std::string overview() {
  std::string page(overview_head);
  for (const Command* command : all_commands()) {
    std::string line = "  " + std::string(command->name);
    line.resize(std::max<std::size_t>(line.size() + 1, 20), ' ');
    page += line + std::string(command->summary) + "\n";
  }
  return page.append(overview_foot);
}

const Command* find_command(std::string_view name) {
  for (const Command* command : all_commands()) {
    if (command->name == name) return command;
  }
  return nullptr;
}

// The commands "GROUP …"; empty when `word` is no group.
std::vector<std::string> members_of(const std::string& word) {
  std::vector<std::string> members;
  for (const Command* command : all_commands()) {
    if (command->name.starts_with(word + " "))
      members.emplace_back(command->name.substr(word.size() + 1));
  }
  return members;
}

Result<int> show_version(const Output& output) {
  const std::string text = "hearth " + std::string(version()) + "\n";
  return output.result({{"version", version()}}, text);
}

// `hearth`, `hearth --help`, `hearth --version`.
Result<int> run_without_command(const std::vector<std::string>& words, const Output& output) {
  const Usage usage{.command = "", .title = {}, .description = {}, .parameters = {}};
  const auto arguments = parse_words(with_globals(usage), words);
  if (!arguments) return std::unexpected(arguments.error());
  if (arguments->flag("version")) return show_version(output);
  const std::string options =
      arguments->flag("help") ? options_section("global options", global_parameters()) : "";
  return output.text(overview() + options);
}

Result<int> run_command(const Command& command,
                        const std::vector<std::string>& words,
                        const Output& output) {
  const Usage usage = usage_of(command);
  const auto arguments = parse_words(with_globals(usage), words);
  if (!arguments) return std::unexpected(arguments.error());
  if (arguments->flag("help")) return output.text(help_page(usage, global_parameters()));
  auto globals = read_globals(*arguments);
  if (!globals) return std::unexpected(std::move(globals.error()));
  if (globals->version) return show_version(output);
  return command.run(Context(std::move(*globals), output), *arguments);
}

// "daemon" alone, or with a word that is none of its commands.
Result<int> run_group(const std::string& group,
                      const std::vector<std::string>& members,
                      const CommandLine& line,
                      const Output& output) {
  if (line.command.size() > 1) {
    std::vector<std::string> suggestions;
    for (const std::string& near : closest_names(line.command[1], members))
      suggestions.push_back("hearth " + group + " " + near);
    if (suggestions.empty()) suggestions.push_back("hearth " + group + " --help");
    return fail(Errc::invalid_args,
                "hearth " + group + " has no command \"" + line.command[1] + "\"",
                std::move(suggestions));
  }
  const Usage usage{.command = group, .title = {}, .description = {}, .parameters = {}};
  const auto arguments = parse_words(with_globals(usage), line.rest);
  if (!arguments) return std::unexpected(arguments.error());
  if (!arguments->flag("help")) {
    std::string all;
    for (const std::string& member : members) all += (all.empty() ? "" : ", ") + member;
    return fail(Errc::invalid_args, "hearth " + group + " needs a command: " + all,
                {"hearth " + group + " --help"});
  }
  std::string page = "usage: hearth " + group + " COMMAND [options]\n\n";
  for (const std::string& member : members) {
    std::string text = "  " + member;
    text.resize(std::max<std::size_t>(text.size() + 1, 20), ' ');
    page += text + std::string(find_command(group + " " + member)->summary) + "\n";
  }
  return output.text(page);
}

// The words are read once more when the verb's own options are known; until then what cannot be a
// global option is left alone, and a global option that looks wrong may be the verb's.
Result<int> run_pack(const std::vector<std::string>& words, const Output& output) {
  const CommandLine line = split_command(words, 2);
  const Usage usage{
      .command = line.command.front(), .title = {}, .description = {}, .parameters = {}};
  Globals globals;
  if (const auto arguments = parse_known_words(with_globals(usage), line.rest)) {
    if (auto read = read_globals(*arguments)) globals = std::move(*read);
  }
  return run_pack_command(Context(std::move(globals), output), line.command, line.rest);
}

Result<int> dispatch(const std::vector<std::string>& words, const Output& output) {
  const CommandLine one = split_command(words, 1);
  if (one.command.empty()) return run_without_command(words, output);
  if (one.command[0] == "help") {
    std::vector<std::string> rest = one.rest;
    if (!rest.empty()) rest.emplace_back("--help");
    return dispatch(rest, output);
  }
  if (const Command* command = find_command(one.command[0]))
    return run_command(*command, one.rest, output);
  const auto members = members_of(one.command[0]);
  if (members.empty()) return run_pack(words, output);
  const CommandLine two = split_command(words, 2);
  const bool has_both = two.command.size() == 2;
  const Command* command = has_both ? find_command(two.command[0] + " " + two.command[1]) : nullptr;
  if (command != nullptr) return run_command(*command, two.rest, output);
  // A pack that has verbs besides these.
  if (one.command[0] == "mandates") return run_pack(words, output);
  return run_group(two.command[0], members, two, output);
}

// Whether errors go out as JSON; known before anything is parsed, since parsing may fail.
bool asks_for_json(const std::vector<std::string>& words) {
  bool is_json = false;
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word == "--json" || word == "--json=true") is_json = true;
    if (word == "--no-json" || word == "--json=false") is_json = false;
  }
  return is_json;
}

}  // namespace

std::vector<const Command*> all_commands() {
  std::vector<const Command*> all;
  for (const auto group :
       {bridge_commands(), tool_commands(), request_commands(), daemon_commands(),
        decide_commands(), run_log_commands(), attach_commands(), event_commands(),
        setup_commands(), doctor_commands(), completion_commands()}) {
    for (const Command& command : group) all.push_back(&command);
  }
  return all;
}

Usage usage_of(const Command& command) {
  return {.command = std::string(command.name),
          .title = std::string(command.summary),
          .description = std::string(command.details),
          .parameters =
              command.parameters == nullptr ? std::vector<Parameter>{} : command.parameters()};
}

int run(int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (!words.empty() && words.front() == "__complete") return run_complete(words);
  const Output output(asks_for_json(words));
  try {
    const auto status = dispatch(words, output);
    return status ? *status : output.failure(status.error());
  } catch (const std::exception& error) {  // a bug or exhaustion
    return output.failure({Errc::internal,
                           std::string("internal error: ") + error.what(),
                           {"report this with what you typed"}});
  }
}

}  // namespace hearth::cli
