#include "cli/parser.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <deque>

#include "base/closest.hpp"
#include "base/values.hpp"

namespace hearth::cli {
namespace {

// "--dry-run,--dry_run": how people type it, and how tools spell it.
std::string spellings(const Parameter& parameter) {
  const std::string dashed = option_name(parameter.name);
  std::string names = dashed;
  if (parameter.short_name != '\0') names = std::string("-") + parameter.short_name + "," + names;
  if (const std::string plain = "--" + parameter.name; plain != dashed) names += "," + plain;
  return names;
}

std::string flag_spellings(const Parameter& parameter) {
  std::string names = spellings(parameter);
  const std::string dashed = option_name(parameter.name);
  if (dashed.starts_with("--no-")) return names;
  return names + ",!--no-" + dashed.substr(2);
}

// A parameter in complaints: "--limit", or "QUERY" for what is mostly typed as a plain word.
std::string label_of(const Parameter& parameter) {
  return parameter.is_positional ? word_name(parameter.name) : option_name(parameter.name);
}

// A Usage as a CLI11 application, and where the values arrive.
class Application {
 public:
  Application(const Usage& usage, bool allow_unknown) : usage_(usage) {
    app_.set_help_flag();
    app_.allow_extras(allow_unknown);
    for (const Parameter& parameter : usage.parameters) add(parameter);
  }

  Result<Arguments> parse(const std::vector<std::string>& words) {
    std::vector<std::string> reversed = split_values(words);
    std::ranges::reverse(reversed);  // as CLI11 takes them
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::ExtrasError&) {
      return std::unexpected(unknown_word(app_.remaining()));
    } catch (const CLI::ArgumentMismatch& error) {
      // "--limit: 1 required TEXT missing", "--limit: At Most 1 required but received 2"
      const std::string what = error.what();
      const bool is_missing = what.ends_with("missing");
      return fail(Errc::invalid_args,
                  what.substr(0, what.find(':')) +
                      (is_missing ? ": its value is missing" : ": it is there more than once"),
                  {help_hint()});
    } catch (const CLI::ParseError& error) {
      return fail(Errc::invalid_args, error.what(), {help_hint()});
    }
    return collect();
  }

 private:
  std::string help_hint() const {
    return "see hearth " + usage_.command + (usage_.command.empty() ? "" : " ") + "--help";
  }

  static constexpr char sealed = '\x1f';  // no text that somebody types ends with it

  struct Slot {
    const Parameter* parameter;
    CLI::Option* option;
    std::string one;
    std::vector<std::string> many;
  };

  void add(const Parameter& parameter) {
    Slot& slot = slots_.emplace_back(Slot{&parameter, nullptr, {}, {}});
    if (parameter.kind == ValueKind::boolean && !parameter.is_list) {
      slot.option = app_.add_flag(flag_spellings(parameter), slot.one);
      slot.option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      return;
    }
    std::string names = spellings(parameter);
    if (parameter.is_positional) names = parameter.name + "," + names;
    // Without extra arguments a repeated option takes one value each time, not all that follow; one
    // that stands for words does take these.
    slot.option = parameter.is_list
                      ? app_.add_option(names, slot.many)->allow_extra_args(parameter.is_positional)
                      : app_.add_option(names, slot.one);
  }

  // The value that an option alone stands for; empty when it needs one.
  std::string bare_value_of(const std::string& word) const {
    for (const Parameter& parameter : usage_.parameters) {
      if (option_name(parameter.name) == word) return parameter.bare_value;
    }
    return {};
  }

  // CLI11 takes "--name=" for an option without its value; an empty value is one. An option that
  // may stand alone would take the next word. And of a list it cuts "[a,b]" at the commas, also
  // where that is JSON: it does not see the bracket behind `sealed`.
  std::vector<std::string> split_values(const std::vector<std::string>& words) const {
    std::vector<std::string> out;
    bool has_ended = false;  // options, by "--"
    for (const std::string& word : words) {
      has_ended = has_ended || word == "--";
      const bool is_empty =
          !has_ended && word.starts_with("--") && word.find('=') + 1 == word.size();
      out.push_back(is_empty ? word.substr(0, word.size() - 1) : word);
      if (word.ends_with(']')) out.back() += sealed;
      if (is_empty) out.emplace_back();
      const std::string bare = has_ended ? "" : bare_value_of(word);
      if (!bare.empty()) out.push_back(bare);
    }
    return out;
  }

  Result<Arguments> collect() {
    Arguments arguments;
    for (Slot& slot : slots_) {
      if (slot.option->count() == 0) continue;
      if (!slot.parameter->is_list) slot.many = {slot.one};
      for (std::string& value : slot.many) {
        if (value.ends_with(sealed)) value.pop_back();
        if (auto taken = take(*slot.parameter, std::move(value), arguments); !taken)
          return std::unexpected(std::move(taken.error()));
      }
    }
    if (arguments.flag("help")) return arguments;
    for (const Parameter& parameter : usage_.parameters) {
      if (!parameter.is_required || arguments.has(parameter.name)) continue;
      const std::string what = parameter.about.empty() ? "" : " (" + parameter.about + ")";
      return fail(Errc::invalid_args, "missing " + label_of(parameter) + what, {help_hint()});
    }
    return arguments;
  }

  static Result<void> take(const Parameter& parameter, std::string value, Arguments& arguments) {
    const std::string option = label_of(parameter);
    if (parameter.kind == ValueKind::boolean) {
      const auto truth = parse_bool(value);
      if (!truth)
        return fail(Errc::invalid_args, option + ": expected true or false, got \"" + value + "\"");
      value = *truth ? "true" : "false";
    }
    const auto& choices = parameter.choices;
    if (!choices.empty() && std::ranges::find(choices, value) == choices.end()) {
      std::string all;
      for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
      return fail(Errc::invalid_args,
                  option + ": expected one of " + all + "; got \"" + value + "\"",
                  closest_names(value, choices));
    }
    arguments.add(parameter.name, std::move(value));
    return {};
  }

  Error unknown_word(const std::vector<std::string>& remaining) const {
    std::string word = remaining.empty() ? "" : remaining.front();
    const bool is_option = word.size() > 1 && word.starts_with('-');
    if (const auto equals = word.find('='); is_option) word = word.substr(0, equals);
    const std::string help = help_hint();
    if (!is_option) {
      return {Errc::invalid_args,
              "unexpected word \"" + word + "\"",
              {"put quotes around a value of several words", help}};
    }
    std::vector<std::string> known;
    for (const Parameter& parameter : usage_.parameters)
      known.push_back(option_name(parameter.name));
    std::vector<std::string> suggestions = closest_names(word, known);
    const std::string nearest =
        suggestions.empty() ? "" : "; did you mean " + suggestions.front() + "?";
    if (suggestions.empty()) suggestions = {help, "write -- before words that begin with a dash"};
    return {Errc::invalid_args, "unknown option " + word + nearest, std::move(suggestions)};
  }

  const Usage& usage_;
  CLI::App app_{"", "hearth"};
  std::deque<Slot> slots_;  // CLI11 keeps addresses of the values
};

}  // namespace

Result<Arguments> parse_words(const Usage& usage, const std::vector<std::string>& words) {
  return Application(usage, false).parse(words);
}

Result<Arguments> parse_known_words(const Usage& usage, const std::vector<std::string>& words) {
  return Application(usage, true).parse(words);
}

}  // namespace hearth::cli
