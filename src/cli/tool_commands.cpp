// Commands that call tools: `hearth PACK VERB`, `hearth tools`, `hearth call TOOL JSON`.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/closest.hpp"
#include "cli/command.hpp"
#include "cli/help.hpp"
#include "cli/parser.hpp"
#include "cli/tool_usage.hpp"
#include "ipc/frame.hpp"
#include "json/utf8.hpp"

namespace hearth::cli {
namespace {

using Tools = json::Array;

std::string percent_text(const json::Value& params) {
  const json::Value* done = json::find(params, "progress");
  const json::Value* total = json::find(params, "total");
  if (done == nullptr || !done->is_number()) return {};
  if (total == nullptr || !total->is_number() || total->to_number<double>() <= 0)
    return " " + json::dump(*done);
  const double share = done->to_number<double>() / total->to_number<double>();
  const int percent = static_cast<int>(100 * std::clamp(share, 0.0, 1.0));
  return " " + std::to_string(percent) + "% (" + json::dump(*done) + "/" + json::dump(*total) + ")";
}

// Progress on a line of its own, warnings as lines; the rest is for clients that asked for it.
client::Connection::OnNotification show_notifications(const Output& output) {
  return [&output](const json::Value& message) {
    const json::Value* params = json::find(message, "params");
    if (params == nullptr) return;
    const auto method = json::string_or(message, "method", "");
    if (method == "notifications/progress") {
      output.progress(std::string(json::string_or(*params, "message", "working")) +
                      percent_text(*params));
    }
    if (method != "notifications/message") return;
    const auto level = json::string_or(*params, "level", "");
    const json::Value* data = json::find(*params, "data");
    if (data == nullptr || (level != "warning" && level != "error")) return;
    output.note(data->is_string() ? std::string_view(data->get_string())
                                  : std::string_view(json::dump(*data)));
  };
}

// An answer that tells of something wrong: a check has failed then, and so has its command.
bool is_bad_news(const json::Value& answer) {
  return !json::bool_or(answer, "good", true) || !json::bool_or(answer, "intact", true);
}

Result<int> call_and_show(const Context& context,
                          client::Connection& connection,
                          std::string_view tool,
                          const json::Value& arguments) {
  const auto result = call_tool(context, connection, tool, arguments);
  if (!result) return std::unexpected(result.error());
  const int status = context.output().result(*result);
  return status == 0 && is_bad_news(*result) ? 1 : status;
}

std::string_view name_of(const json::Value& tool) {
  return json::string_or(tool, "name", "");
}

const json::Value* find_tool(const Tools& tools, std::string_view name) {
  const auto found = std::ranges::find(tools, name, name_of);
  return found == tools.end() ? nullptr : &*found;
}

std::string dashed(std::string name) {
  std::ranges::replace(name, '_', '-');
  return name;
}

std::vector<std::string> pack_names(const Tools& tools) {
  std::vector<std::string> names;
  for (const json::Value& tool : tools) {
    std::string pack = split_tool_name(name_of(tool)).pack;
    if (pack.empty()) continue;
    if (std::ranges::find(names, pack) == names.end()) names.push_back(std::move(pack));
  }
  return names;
}

std::vector<std::string> verbs_of(const Tools& tools, const std::string& pack) {
  std::vector<std::string> verbs;
  for (const json::Value& tool : tools) {
    const ToolName name = split_tool_name(name_of(tool));
    if (name.pack == pack) verbs.push_back(dashed(name.verb));
  }
  return verbs;
}

// What `word` may have meant among fixed commands and packs.
Error unknown_command(const std::string& word, const Tools& tools) {
  std::vector<std::string> known = pack_names(tools);
  for (const Command* command : all_commands()) {
    const auto name = command->name.substr(0, command->name.find(' '));
    if (std::ranges::find(known, name) == known.end()) known.emplace_back(name);
  }
  std::vector<std::string> suggestions;
  for (const std::string& near : closest_names(word, known))
    suggestions.push_back("hearth " + near);
  if (suggestions.empty()) suggestions.emplace_back("hearth --help");
  return {Errc::invalid_args, "there is no command or pack \"" + word + "\"",
          std::move(suggestions)};
}

Error unknown_verb(const std::string& pack, const std::string& verb, const Tools& tools) {
  const auto verbs = verbs_of(tools, pack);
  std::vector<std::string> suggestions;
  for (const std::string& near : closest_names(dashed(verb), verbs))
    suggestions.push_back("hearth " + pack + " " + near);
  if (suggestions.empty()) suggestions.push_back("hearth " + pack + " --help");
  return {Errc::invalid_args, "the pack " + pack + " has no verb \"" + verb + "\"",
          std::move(suggestions)};
}

json::Array summaries_of(const Tools& tools, const std::string& pack) {
  json::Array list;
  for (const json::Value& tool : tools) {
    const ToolName name = split_tool_name(name_of(tool));
    if (!pack.empty() && name.pack != pack) continue;
    const std::string words =
        name.pack.empty() ? "call " + name.verb : name.pack + " " + dashed(name.verb);
    list.push_back({{"command", words}, {"title", json::string_or(tool, "title", "")}});
  }
  return list;
}

// `hearth PACK`, `hearth PACK --help`.
Result<int> show_pack(const Context& context, const std::string& pack, const Tools& tools) {
  const Output& output = context.output();
  json::Array verbs = summaries_of(tools, pack);
  // Those that are no tools: what only a person does.
  for (const Command* command : all_commands()) {
    if (command->name.starts_with(pack + " "))
      verbs.push_back({{"command", command->name}, {"title", command->summary}});
  }
  if (output.is_json()) return output.result({{"pack", pack}, {"verbs", verbs}});
  return output.text("usage: hearth " + pack + " VERB [options]\n\n" +
                     render(verbs, output.look()) + "\nhearth " + pack +
                     " VERB --help tells more about a verb.\n");
}

// What cannot travel as it is must not be changed on its way.
Result<void> check_utf8(const std::string& text, const std::string& what) {
  if (json::is_utf8(text)) return {};
  return fail(Errc::invalid_args, what + " is not UTF-8", {"set a UTF-8 locale, such as C.UTF-8"});
}

Result<std::string> read_input_once() {
  auto input = read_standard_input(ipc::frame_cap);
  if (!input) return input;
  if (auto good = check_utf8(*input, "standard input"); !good)
    return std::unexpected(std::move(good.error()));
  return input;
}

std::vector<Parameter> globals_for_help(const Usage& usage) {
  const std::size_t own = usage.parameters.size();
  std::vector<Parameter> all = with_globals(usage).parameters;
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(own));
  return all;
}

// The global options among a tool's arguments: those whose names the tool does not use itself.
Result<Globals> globals_beside(const Usage& usage, Arguments arguments) {
  for (const Parameter& parameter : usage.parameters) arguments.remove(parameter.name);
  return read_globals(arguments);
}

Result<int> run_tool(const Context& context,
                     client::Connection& connection,
                     const json::Value& tool,
                     const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto good = check_utf8(words[i], "argument " + std::to_string(i + 1) + " of the verb");
    if (!good) return std::unexpected(std::move(good.error()));
  }
  const Usage usage = tool_usage(tool);
  const auto arguments = parse_words(with_globals(usage), words);
  if (!arguments) return std::unexpected(arguments.error());
  if (arguments->flag("help"))
    return context.output().text(help_page(usage, globals_for_help(usage)));
  auto globals = globals_beside(usage, *arguments);
  if (!globals) return std::unexpected(std::move(globals.error()));
  auto bound = bind_arguments(tool, *arguments, read_input_once);
  if (!bound) return std::unexpected(std::move(bound.error()));
  const json::Value value(std::move(*bound));
  if (*globals == context.globals())
    return call_and_show(context, connection, name_of(tool), value);
  // A word that looked like a global option was the tool's own: connect as it was really meant.
  const Context meant(std::move(*globals), context.output());
  auto again = meant.connect();
  if (!again) return std::unexpected(std::move(again.error()));
  return call_and_show(meant, *again, name_of(tool), value);
}

// ---- hearth tools, hearth call ----------------------------------------------------------------

Result<int> run_tools(const Context& context, const Arguments&) {
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto tools = connection->list_tools(context.request_timeout());
  if (!tools) return std::unexpected(tools.error());
  return context.output().result({{"tools", *tools}},
                                 render(summaries_of(*tools, ""), context.output().look()));
}

std::vector<Parameter> call_parameters() {
  return {{.name = "tool",
           .about = "The tool's name, such as knowledge_search",
           .is_positional = true,
           .is_required = true},
          {.name = "arguments",
           .about = "Its arguments, a JSON object; - reads them from standard input (default {})",
           .kind = ValueKind::json,
           .is_positional = true}};
}

Result<int> run_call(const Context& context, const Arguments& arguments) {
  std::string text = arguments.one("arguments").value_or("{}");
  if (text == "-") {
    auto input = read_input_once();
    if (!input) return std::unexpected(std::move(input.error()));
    text = std::move(*input);
  }
  const auto value = json::parse(text);
  if (!value) return std::unexpected(Error(value.error()).within("arguments"));
  if (!value->is_object()) {
    return fail(Errc::invalid_args,
                "arguments: expected a JSON object, got " + std::string(json::kind_name(*value)),
                {"hearth tools --json shows each tool's input schema"});
  }
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  auto status = call_and_show(context, *connection, *arguments.one("tool"), *value);
  if (!status && status.error().code == Errc::invalid_args && status.error().suggestions.empty())
    status.error().suggestions = {"hearth tools --json shows each tool's input schema"};
  return status;
}

constexpr std::array commands{
    Command{"tools", "List the tools of all packs",
            "With --json: each tool as MCP describes it, with its input and output schema.",
            nullptr, run_tools},
    Command{"call", "Call a tool with JSON arguments", "", call_parameters, run_call},
};

}  // namespace

std::span<const Command> tool_commands() {
  return commands;
}

Result<json::Value> call_tool(const Context& context,
                              client::Connection& connection,
                              std::string_view tool,
                              const json::Value& arguments) {
  const Output& output = context.output();
  auto result =
      connection.call_tool(tool, arguments, context.request_timeout(), show_notifications(output));
  output.end_progress();
  if (result) return result;
  Error error = std::move(result.error());
  if (error.code == Errc::timed_out && error.suggestions.empty())
    error.suggestions = {"--timeout 0 waits until the tool is done"};
  return std::unexpected(std::move(error));
}

Result<json::Value> call_tool(const Context& context,
                              std::string_view tool,
                              const json::Value& arguments) {
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  return call_tool(context, *connection, tool, arguments);
}

Result<std::string> read_standard_input(std::size_t cap) {
  std::string text;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read standard input", errno);
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > cap) {
      return fail(Errc::invalid_args,
                  "standard input: more than " + std::to_string(cap >> 20) + " MiB",
                  {"store it as a file and import that"});
    }
  }
}

Result<int> run_pack_command(const Context& context,
                             const std::vector<std::string>& pack_and_verb,
                             const std::vector<std::string>& words) {
  const std::string& pack = pack_and_verb.front();
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto tools = connection->list_tools(context.request_timeout());
  if (!tools) return std::unexpected(tools.error());
  const auto packs = pack_names(*tools);
  if (std::ranges::find(packs, pack) == packs.end())
    return std::unexpected(unknown_command(pack, *tools));
  if (pack_and_verb.size() == 1) {
    const Usage usage{.command = pack, .title = {}, .description = {}, .parameters = {}};
    if (auto parsed = parse_words(with_globals(usage), words); !parsed)
      return std::unexpected(std::move(parsed.error()));
    return show_pack(context, pack, *tools);
  }
  std::string name = pack + "_" + pack_and_verb[1];
  std::ranges::replace(name, '-', '_');
  const json::Value* tool = find_tool(*tools, name);
  if (tool == nullptr) return std::unexpected(unknown_verb(pack, pack_and_verb[1], *tools));
  return run_tool(context, *connection, *tool, words);
}

}  // namespace hearth::cli
