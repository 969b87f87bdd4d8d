#include "packs/mandates/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>

#include "base/values.hpp"
#include "packs/mandates/workspace/command_rule.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::array<std::string_view, 3> mode_names{"json_schema", "tool", "prompt"};
constexpr std::int64_t day_calls = 1'000;
constexpr std::int64_t day_tokens = 20'000'000;

std::optional<std::int64_t> count_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}
// In millionths.
std::optional<std::int64_t> money_of(std::string_view text) {
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc{} || end != text.data() + text.size() || !(amount >= 0) || amount > 1e9)
    return std::nullopt;
  return std::llround(amount * 1e6);
}

bool is_count(std::string_view text) {
  return count_of(text).has_value();
}
bool is_money(std::string_view text) {
  return money_of(text).has_value();
}
bool is_duration(std::string_view text) {
  return parse_duration(text).has_value();
}
// 0 means "off" elsewhere, and a request that may take no time is none.
bool is_time_limit(std::string_view text) {
  const auto time = parse_duration(text);
  return time && *time > std::chrono::milliseconds(0);
}
bool is_url(std::string_view text) {
  constexpr std::array<std::string_view, 2> schemes{"http://", "https://"};
  return text.empty() || std::ranges::any_of(schemes, [&](std::string_view scheme) {
           return text.starts_with(scheme) && text.size() > scheme.size();
         });
}
bool is_mode(std::string_view text) {
  return std::ranges::find(mode_names, text) != mode_names.end();
}
bool is_workers(std::string_view text) {
  const auto count = count_of(text);
  return count && *count >= 1 && *count <= 64;
}
bool is_ceiling(std::string_view text) {
  return text == "ask" || text == "auto";
}
bool is_flag(std::string_view text) {
  return text == "true" || text == "false";
}
bool is_absolute(std::string_view text) {
  return text.starts_with('/');
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool are_absolute(std::string_view text) {
  return std::ranges::all_of(lines_of(text), is_absolute);
}
bool are_command_rules(std::string_view text) {
  return workspace::CommandRules::parse(lines_of(text)).has_value();
}

using Section = std::map<std::string, std::string>;

// Those of `keys` that are set, and not empty.
std::vector<std::string> set_in(const Section& section,
                                std::string_view table,
                                std::initializer_list<std::string_view> keys) {
  std::vector<std::string> set;
  for (const std::string_view key : keys) {
    std::string name = std::string(table).append(key);
    const auto found = section.find(name);
    if (found != section.end() && !found->second.empty()) set.push_back(std::move(name));
  }
  return set;
}

// `key` is one of its settings.
std::optional<pack::Misfit> misfit_of_secret(const Section& section, const std::string& key) {
  const auto begin = key.find('.') + 1;
  const std::string name = key.substr(begin, key.rfind('.') - begin);
  if (!secrets::is_secret_name(name))
    return pack::Misfit{key, "\"" + name +
                                 "\" is no name of a secret; expected up to 64 letters, "
                                 "digits, - and _"};
  const auto sources = set_in(section, "secrets." + name + ".", {"env", "file", "command"});
  if (sources.size() == 1) return std::nullopt;
  const std::string expected = "; expected one of env, file and command";
  if (sources.empty()) return pack::Misfit{key, "the secret " + name + " has no source" + expected};
  return pack::Misfit{sources[1], "the secret " + name + " has two sources" + expected};
}

std::optional<pack::Misfit> misfit_of_model(const Section& section) {
  const auto keys = set_in(section, "model.", {"key_env", "key_file", "key_command", "key_secret"});
  if (keys.size() > 1)
    return pack::Misfit{keys[1],
                        "the model has two keys; expected one of key_env, key_file, "
                        "key_command and key_secret"};
  const auto named = section.find("model.key_secret");
  if (named == section.end() || named->second.empty()) return std::nullopt;
  if (!set_in(section, "secrets." + named->second + ".", {"env", "file", "command"}).empty())
    return std::nullopt;
  return pack::Misfit{named->first, "there is no [mandates.secrets." + named->second + "]"};
}

}  // namespace

std::optional<pack::Misfit> check_settings(const Section& section) {
  constexpr std::string_view table = "secrets.";
  for (auto each = section.lower_bound(std::string(table));
       each != section.end() && each->first.starts_with(table); ++each) {
    if (auto misfit = misfit_of_secret(section, each->first)) return misfit;
  }
  return misfit_of_model(section);
}

std::vector<pack::Setting> known_settings() {
  std::vector<pack::Setting> known{
      pack::Setting{"workers", "a number of runs from 1 to 64", is_workers},
      pack::Setting{"agents_may", "\"ask\" or \"auto\"", is_ceiling},
      pack::Setting{"elicitation", "true or false", is_flag},
      pack::Setting{"day_calls", "a number of model calls", is_count},
      pack::Setting{"day_tokens", "a number of tokens", is_count},
      pack::Setting{"day_money", "an amount such as 2.50", is_money},
      pack::Setting{"day_time", "a duration such as \"2h\"", is_duration},
      pack::Setting{"bubblewrap", "the program bwrap"},
      pack::Setting{"tool_chains", "a list of absolute directories", are_absolute},
      pack::Setting{"model.url", "the API's address up to its /v1: \"http://127.0.0.1:11434/v1\"",
                    is_url},
      pack::Setting{"model.socket", "an absolute path", is_absolute},
      pack::Setting{"model.name", "the model's name, as the server has it"},
      pack::Setting{"model.mode", "\"json_schema\", \"tool\" or \"prompt\"", is_mode},
      pack::Setting{"model.key_env", "the name of a variable"},
      pack::Setting{"model.key_file", "an absolute path", is_absolute},
      pack::Setting{"model.key_command", "a program and its arguments, as a list"},
      pack::Setting{"model.key_secret", "the name of one of [mandates.secrets]"},
      pack::Setting{"secrets.*.env", "the name of a variable"},
      pack::Setting{"secrets.*.file", "an absolute path", is_absolute},
      pack::Setting{"secrets.*.command", "a program and its arguments, as a list"},
      pack::Setting{"secrets.*.tools", "a list of tools: \"issues_*\""},
      pack::Setting{"secrets.*.hosts", "a list of hosts: \"*.example.org\""},
      pack::Setting{"secrets.*.commands", "a list of rules for commands: \"gh pr create --fill\"",
                    are_command_rules},
      pack::Setting{"model.timeout", "a duration above 0 such as \"2m\"", is_time_limit},
      pack::Setting{"model.input_price", "an amount for a million tokens", is_money},
      pack::Setting{"model.output_price", "an amount for a million tokens", is_money}};
  // Threads, and the sandbox whose walls were tried, are there for as long as the daemon.
  for (pack::Setting& each : known)
    each.is_live = each.name != "workers" && each.name != "bubblewrap";
  return known;
}

Settings read_settings(const std::function<std::optional<std::string>(std::string_view)>& setting,
                       const std::vector<std::string>& secrets) {
  const auto text = [&](std::string_view name) { return setting(name).value_or(""); };
  const auto number = [&](std::string_view name, std::int64_t fallback) {
    return count_of(text(name)).value_or(fallback);
  };
  Settings settings;
  settings.workers = static_cast<int>(number("workers", settings.workers));
  if (text("agents_may") == "auto") settings.agents_may = workspace::Scope::automatic;
  settings.elicitation = text("elicitation") == "true";
  settings.day.calls = number("day_calls", day_calls);
  settings.day.tokens = number("day_tokens", day_tokens);
  if (const auto money = setting("day_money")) settings.day.money = money_of(*money);
  if (const auto time = setting("day_time"))
    if (const auto parsed = parse_duration(*time)) settings.day.wall_ms = parsed->count();
  if (const auto program = setting("bubblewrap")) settings.bubblewrap = *program;
  settings.tool_chains = lines_of(text("tool_chains"));
  ModelSettings& model = settings.model;
  model.url = text("model.url");
  model.socket = text("model.socket");
  model.name = text("model.name");
  if (const auto mode = setting("model.mode")) {
    const auto found = std::ranges::find(mode_names, *mode);
    if (found != mode_names.end())
      model.mode = static_cast<model::ShapeMode>(found - mode_names.begin());
  }
  model.key = {.environment = text("model.key_env"),
               .file = text("model.key_file"),
               .command = lines_of(text("model.key_command"))};
  model.key_secret = text("model.key_secret");
  for (const std::string& name : secrets) {
    const auto of = [&](std::string_view part) {
      return text("secrets." + name + "." + std::string(part));
    };
    settings.secrets.push_back({.name = name,
                                .source = {.environment = of("env"),
                                           .file = of("file"),
                                           .command = lines_of(of("command"))},
                                .tools = lines_of(of("tools")),
                                .hosts = lines_of(of("hosts")),
                                .commands = lines_of(of("commands"))});
  }
  if (const auto timeout = setting("model.timeout"))
    model.timeout = parse_duration(*timeout).value_or(model.timeout);
  model.input_price = money_of(text("model.input_price")).value_or(0);
  model.output_price = money_of(text("model.output_price")).value_or(0);
  return settings;
}

}  // namespace hearth::packs::mandates
