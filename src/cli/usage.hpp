// What a command takes, as data: the same table parses the words, prints the help and completes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::cli {

enum class ValueKind : std::uint8_t { text, integer, number, boolean, json };

struct Parameter {
  std::string name;   // as tools name it: "dry_run"; typed --dry-run, --dry_run is understood too
  std::string about;  // one line for help
  ValueKind kind = ValueKind::text;
  bool is_list = false;        // may be repeated
  bool is_positional = false;  // may also be given as a plain word, in the order of the table
  bool is_required = false;
  std::vector<std::string> choices = {};  // the only values, when not empty
  std::string value_name = {};            // in help; empty: from the kind
  char short_name = '\0';
  std::string bare_value = {};  // what the option alone, without "=VALUE", stands for
};

struct Usage {
  std::string command;      // "daemon status"
  std::string title;        // one line
  std::string description;  // more, may be empty
  std::vector<Parameter> parameters;
};

// The option name of a parameter: "--dry-run".
[[nodiscard]] std::string option_name(std::string_view parameter);
// The name of a positional parameter in a synopsis: "DRY_RUN".
[[nodiscard]] std::string word_name(std::string_view parameter);

// What was given, by parameter name.
class Arguments {
 public:
  void add(const std::string& name, std::string value) {
    values_[name].push_back(std::move(value));
  }
  void remove(const std::string& name) { values_.erase(name); }
  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  // The last value given.
  [[nodiscard]] std::optional<std::string> one(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second.back());
  }
  [[nodiscard]] std::vector<std::string> all(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
  }
  // Of a boolean parameter; the parser has made it "true" or "false".
  [[nodiscard]] bool flag(const std::string& name) const { return one(name) == "true"; }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace hearth::cli
