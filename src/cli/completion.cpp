// `hearth completion bash|zsh` prints a script; the script asks `hearth __complete -- WORDS`.
#include <algorithm>
#include <array>
#include <exception>

#include "cli/command.hpp"
#include "cli/parser.hpp"
#include "cli/tool_usage.hpp"

namespace hearth::cli {
namespace {

constexpr std::string_view bash_script =
    R"sh(# bash completion for hearth; load it with: source <(hearth completion bash)
_hearth() {
  local IFS=$'\n'
  local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  local current=${COMP_WORDS[COMP_CWORD]}
  [[ $current == '=' ]] && current=  # readline makes a word of the = in --name=value
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    line=${line%%$'\t'*}
    [[ $line == "$current"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
  done < <(hearth __complete -- "${words[@]}" 2>/dev/null)
}
complete -o default -F _hearth hearth
)sh";

constexpr std::string_view zsh_script = R"sh(#compdef hearth
# zsh completion for hearth; put it into a directory of $fpath as _hearth, or load it with:
#   source <(hearth completion zsh)
_hearth() {
  local -a candidates
  local line name about
  while IFS= read -r line; do
    name=${line%%$'\t'*}
    about=${line#*$'\t'}
    [[ $about == "$line" ]] && about=
    candidates+=("${name//:/\\:}${about:+:$about}")
  done < <(hearth __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( ${#candidates} )); then
    _describe -V hearth candidates
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _hearth ]]; then
  _hearth "$@"
else
  compdef _hearth hearth
fi
)sh";

// One candidate a line, its description after a tab.
class Candidates {
 public:
  explicit Candidates(std::string prefix) : prefix_(std::move(prefix)) {}

  void add(std::string_view word, std::string_view about) {
    if (!word.starts_with(prefix_) || word.find('\n') != std::string_view::npos) return;
    const std::string line(word);
    if (std::ranges::find(seen_, line) != seen_.end()) return;
    seen_.push_back(line);
    text_.append(word);
    const std::string_view first_line = about.substr(0, about.find('\n'));
    if (!first_line.empty()) text_.append("\t").append(first_line);
    text_ += '\n';
  }

  void add_options(const Usage& usage) {
    for (const Parameter& parameter : usage.parameters)
      add(option_name(parameter.name), parameter.about);
  }

  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string prefix_;
  std::vector<std::string> seen_;
  std::string text_;
};

const Parameter* find_option(const Usage& usage, const std::string& word) {
  const auto found = std::ranges::find_if(usage.parameters, [&](const Parameter& parameter) {
    return word == option_name(parameter.name) || word == "--" + parameter.name;
  });
  return found == usage.parameters.end() ? nullptr : &*found;
}

// The tools of a daemon that runs already; none otherwise. Completion must not start anything.
json::Array listed_tools(const std::vector<std::string>& words, const Output& output) {
  Globals globals;
  const Usage usage{.command = "", .title = {}, .description = {}, .parameters = {}};
  if (const auto arguments = parse_known_words(with_globals(usage), words)) {
    if (auto read = read_globals(*arguments)) globals = std::move(*read);
  }
  globals.timeout = std::chrono::milliseconds(500);
  const Context context(std::move(globals), output);
  auto connection = context.connect_running();
  if (!connection) return {};
  return connection->list_tools(context.request_timeout()).value_or(json::Array());
}

// Options of `usage`, values after an option, and choices of its next word.
void complete_arguments(const Usage& own,
                        const std::vector<std::string>& before,
                        Candidates& candidates) {
  const Usage usage = with_globals(own);
  const std::string& prefix = candidates.prefix();
  if (!before.empty()) {
    const Parameter* option = find_option(usage, before.back());
    if (option != nullptr && option->kind != ValueKind::boolean) {
      for (const std::string& choice : option->choices) candidates.add(choice, "");
      return;
    }
  }
  if (const std::size_t equals = prefix.find('=');
      prefix.starts_with("--") && equals != std::string::npos) {
    const Parameter* option = find_option(usage, prefix.substr(0, equals));
    if (option == nullptr) return;
    for (const std::string& choice : option->choices)
      candidates.add(prefix.substr(0, equals + 1) + choice, "");
    return;
  }
  if (prefix.starts_with('-')) return candidates.add_options(usage);
  for (const Parameter& parameter : usage.parameters) {
    if (!parameter.is_positional) continue;
    for (const std::string& choice : parameter.choices) candidates.add(choice, parameter.about);
  }
}

void complete_first_word(const json::Array& tools, Candidates& candidates) {
  for (const Command* command : all_commands()) {
    const auto name = command->name.substr(0, command->name.find(' '));
    candidates.add(name, name == command->name ? command->summary : "");
  }
  for (const json::Value& tool : tools) {
    const std::string pack = split_tool_name(json::string_or(tool, "name", "")).pack;
    if (!pack.empty()) candidates.add(pack, "pack");
  }
}

void complete_second_word(const std::string& first,
                          const json::Array& tools,
                          Candidates& candidates) {
  for (const Command* command : all_commands()) {
    if (command->name.starts_with(first + " "))
      candidates.add(command->name.substr(first.size() + 1), command->summary);
  }
  for (const json::Value& tool : tools) {
    ToolName name = split_tool_name(json::string_or(tool, "name", ""));
    std::ranges::replace(name.verb, '_', '-');
    if (name.pack == first) candidates.add(name.verb, json::string_or(tool, "title", ""));
  }
}

const Command* find_command(const std::vector<std::string>& words) {
  for (const Command* command : all_commands()) {
    if (command->name == words[0]) return command;
    if (words.size() > 1 && command->name == words[0] + " " + words[1]) return command;
  }
  return nullptr;
}

void complete(const std::vector<std::string>& words, const Output& output, Candidates& candidates) {
  const std::vector<std::string> before(words.begin(),
                                        words.empty() ? words.end() : words.end() - 1);
  const CommandLine line = split_command(before, 2);
  const Usage none{.command = "", .title = {}, .description = {}, .parameters = {}};
  if (const Command* command = line.command.empty() ? nullptr : find_command(line.command))
    return complete_arguments(usage_of(*command), before, candidates);
  if (candidates.prefix().starts_with('-') && line.command.size() < 2)
    return complete_arguments(none, before, candidates);
  const json::Array tools = listed_tools(before, output);
  if (line.command.empty()) return complete_first_word(tools, candidates);
  if (line.command.size() == 1) return complete_second_word(line.command[0], tools, candidates);
  std::string name = line.command[0] + "_" + line.command[1];
  std::ranges::replace(name, '-', '_');
  for (const json::Value& tool : tools) {
    if (json::string_or(tool, "name", "") == name)
      return complete_arguments(tool_usage(tool), before, candidates);
  }
}

std::vector<Parameter> completion_parameters() {
  return {{.name = "shell",
           .about = "The shell to print a script for",
           .is_positional = true,
           .is_required = true,
           .choices = {"bash", "zsh"}}};
}

Result<int> run_completion(const Context& context, const Arguments& arguments) {
  return context.output().text(arguments.one("shell") == "bash" ? bash_script : zsh_script);
}

constexpr std::array commands{
    Command{"completion", "Print a shell completion script",
            "bash: source <(hearth completion bash), in ~/.bashrc.\n"
            "zsh:  source <(hearth completion zsh), in ~/.zshrc after compinit.",
            completion_parameters, run_completion},
};

}  // namespace

std::span<const Command> completion_commands() {
  return commands;
}

int run_complete(const std::vector<std::string>& words) {
  const auto separator = std::ranges::find(words, "--");
  std::vector<std::string> typed(separator == words.end() ? words.end() : separator + 1,
                                 words.end());
  // bash hands --name=value over as three words; the = in the middle says nothing more.
  if (!typed.empty() && typed.back() == "=") typed.back().clear();
  std::erase(typed, "=");
  Candidates candidates(typed.empty() ? "" : typed.back());
  const Output output(true);  // says nothing to people
  try {
    complete(typed, output, candidates);
  } catch (const std::exception&) {
    return 0;  // a shell that waits for candidates is no place for messages
  }
  return output.text(candidates.text());
}

}  // namespace hearth::cli
