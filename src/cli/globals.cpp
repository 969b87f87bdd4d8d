#include "cli/globals.hpp"

#include <algorithm>
#include <array>

#include "base/values.hpp"

namespace hearth::cli {
namespace {

// Those that another hearth process must be told to serve the same way.
constexpr std::array connection_options{"namespace", "no_daemon",    "strict",        "read_only",
                                        "packs",     "idle_timeout", "drain_timeout", "data"};

bool defines(const Usage& usage, const std::string& name) {
  return std::ranges::find(usage.parameters, name, &Parameter::name) != usage.parameters.end();
}

const Parameter* find_global(std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  for (const Parameter& parameter : global_parameters()) {
    const bool is_short = parameter.short_name != '\0' && name.size() == 2 && name[0] == '-' &&
                          name[1] == parameter.short_name;
    const std::string dashed = option_name(parameter.name);
    const bool is_negated =
        parameter.kind == ValueKind::boolean && name == "--no-" + dashed.substr(2);
    if (is_short || is_negated || name == dashed || name == "--" + parameter.name)
      return &parameter;
  }
  return nullptr;
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> items;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    if (comma != start) items.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return items;
}

}  // namespace

const std::vector<Parameter>& global_parameters() {
  static const std::vector<Parameter> all{
      {.name = "json",
       .about = "Print one JSON object instead of text",
       .kind = ValueKind::boolean},
      {.name = "namespace", .about = "Use the stores of this namespace", .value_name = "NAME"},
      {.name = "no_daemon",
       .about = "Use a private daemon that ends with this command",
       .kind = ValueKind::boolean},
      {.name = "strict",
       .about = "Fail rather than fall back to a private daemon",
       .kind = ValueKind::boolean},
      {.name = "read_only", .about = "Refuse every write", .kind = ValueKind::boolean},
      {.name = "timeout",
       .about = "Give up after this time (30s, 5m; 0 waits for ever)",
       .value_name = "DURATION"},
      {.name = "packs", .about = "Insist on exactly these packs (a,b)", .value_name = "NAMES"},
      {.name = "data", .about = "Insist on this store directory", .value_name = "PATH"},
      {.name = "idle_timeout",
       .about = "For a daemon started by this command: leave when idle that long",
       .value_name = "DURATION"},
      {.name = "drain_timeout",
       .about = "For a daemon started by this command: time to finish requests at the end",
       .value_name = "DURATION"},
      {.name = "version", .about = "Print the version", .kind = ValueKind::boolean},
      {.name = "help", .about = "Print this help", .kind = ValueKind::boolean, .short_name = 'h'},
  };
  return all;
}

Usage with_globals(Usage usage) {
  for (const Parameter& parameter : global_parameters()) {
    if (!defines(usage, parameter.name)) usage.parameters.push_back(parameter);
  }
  return usage;
}

Result<Globals> read_globals(const Arguments& arguments) {
  Globals globals;
  globals.json = arguments.flag("json");
  globals.help = arguments.flag("help");
  globals.version = arguments.flag("version");
  if (const auto text = arguments.one("timeout")) {
    globals.timeout = parse_duration(*text);
    if (!globals.timeout) {
      return fail(
          Errc::invalid_args,
          "--timeout: expected a duration such as \"30s\", \"5m\" or 0, got \"" + *text + "\"");
    }
  }
  if (const auto text = arguments.one("packs")) globals.packs = split_commas(*text);
  globals.data = arguments.one("data").value_or("");
  if (!globals.data.empty() && globals.data.front() != '/')
    return fail(Errc::invalid_args,
                "--data: expected an absolute path, got \"" + globals.data + "\"");
  for (const std::string name : connection_options) {
    const auto value = arguments.one(name);
    if (!value) continue;
    const std::string option = option_name(name);
    globals.words.push_back(*value == "true" ? option : option + "=" + *value);
    if (name != "packs" && name != "data") globals.overrides.push_back({name, *value, option});
  }
  return globals;
}

CommandLine split_command(const std::vector<std::string>& words, std::size_t most) {
  CommandLine line;
  std::size_t i = 0;
  while (i < words.size() && line.command.size() < most) {
    const std::string& word = words[i];
    if (!word.starts_with('-') || word == "-") {
      line.command.push_back(word);
      ++i;
      continue;
    }
    const Parameter* global = find_global(word);
    if (global == nullptr) break;
    line.rest.push_back(words[i++]);
    const bool takes_next =
        global->kind != ValueKind::boolean && word.find('=') == std::string::npos;
    if (takes_next && i < words.size()) line.rest.push_back(words[i++]);
  }
  line.rest.insert(line.rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
  return line;
}

}  // namespace hearth::cli
