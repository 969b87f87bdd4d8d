// The parser of the request language: recursive descent over the text, one character ahead.
//
// Both forms share the reader of values, so that a complaint names line and column in either. A
// function that returns false has left the complaint in `error_`; nothing is read after that.
#include <array>
#include <set>
#include <utility>

#include "base/closest.hpp"
#include "request/program.hpp"
#include "request/words.hpp"

namespace hearth::request {
namespace {

constexpr std::size_t most_index_digits = 9;
constexpr std::string_view reference_word = "$prev";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The first of a character's UTF-8 bytes.
bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Program> program() {
    skip_space();
    const bool is_read = next() == '{' ? json_form() : text_form();
    if (is_read) (void)end_of_text();
    if (error_) return std::unexpected(std::move(*error_));
    if (program_.shape == Shape::chain && program_.operations.size() == 1)
      program_.shape = Shape::one;
    return std::move(program_);
  }

  // "$prev.items[0]" as a whole, for the JSON form's strings.
  std::optional<Path> whole_reference() {
    Path path;
    if (!reference(path) || at_ != text_.size()) return std::nullopt;
    return path;
  }

 private:
  // ---- Characters and complaints --------------------------------------------------------------

  [[nodiscard]] char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] bool is_at_end() const { return at_ == text_.size(); }
  void skip_space() {
    while (!is_at_end() && is_space(text_[at_])) ++at_;
  }
  [[nodiscard]] bool take(char c) {
    if (is_at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Behind any space.
  [[nodiscard]] bool takes_next(char c) {
    skip_space();
    return take(c);
  }

  [[nodiscard]] std::string found() const {
    if (is_at_end()) return "the end";
    if (static_cast<unsigned char>(text_[at_]) < 0x20) return "a control character";
    if (text_[at_] == '"') return "a string";
    std::size_t size = 1;
    if (starts_word(text_[at_])) {
      while (at_ + size < text_.size() && continues_word(text_[at_ + size]) && size < 40) ++size;
    } else {
      while (at_ + size < text_.size() && !begins_character(text_[at_ + size]) && size < 4) ++size;
    }
    return json::quoted(text_.substr(at_, size));
  }
  [[nodiscard]] std::string place() const {
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text_.substr(0, at_)) {
      if (begins_character(c)) ++column;
      if (c != '\n') continue;
      ++line;
      column = 1;
    }
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
  }
  bool complain(std::string what, std::vector<std::string> suggestions = {}) {
    if (!error_)
      error_ = Error{Errc::invalid_args, place() + ": " + std::move(what), std::move(suggestions)};
    return false;
  }
  bool complain_at(std::size_t where, std::string what, std::vector<std::string> suggestions = {}) {
    at_ = where;
    return complain(std::move(what), std::move(suggestions));
  }
  bool expected(std::string_view what, std::vector<std::string> suggestions = {}) {
    return complain("expected " + std::string(what) + ", got " + found(), std::move(suggestions));
  }

  bool end_of_text() {
    skip_space();
    if (is_at_end()) return true;
    const bool is_batch = program_.shape == Shape::batch;
    if (next() == ',' && program_.shape == Shape::chain) {
      return complain("expected \"|\" or the end, got \",\": a chain and a batch do not mix",
                      {"send the batch as a request of its own: [a(), b()]"});
    }
    if (next() == ',') return expected("the end", {"put a batch into brackets: [a(), b()]"});
    if (next() == '|' && is_batch) {
      return complain("expected the end, got \"|\": a batch and a chain do not mix",
                      {"send the chain as a request of its own: a() | b(x=$prev.id)"});
    }
    return expected(is_batch || is_json_ ? "the end" : "\"|\" or the end");
  }

  // ---- Text form ------------------------------------------------------------------------------

  bool text_form() {
    if (take('[')) return batch();
    program_.shape = Shape::one;
    if (!operation()) return false;
    while (takes_next('|')) {
      program_.shape = Shape::chain;
      skip_space();
      if (!operation()) return false;
    }
    return true;
  }

  bool batch() {
    program_.shape = Shape::batch;
    skip_space();
    if (next() == '{') {
      return expected("an operation", {R"(the JSON form of a batch is {"ops":[{"verb":"…"}]})"});
    }
    do {
      skip_space();
      if (!operation()) return false;
    } while (takes_next(','));
    if (take(']')) return true;
    if (next() == '|') {
      return complain("expected \",\" or \"]\", got \"|\": a batch and a chain do not mix",
                      {"send the chain as a request of its own"});
    }
    return expected("\",\" or \"]\"");
  }

  bool operation() {
    if (!begin_operation()) return false;
    if (!verb()) return false;
    skip_space();
    if (!take('(')) {
      return expected("\"(\" after the verb", {"a verb without arguments is written " +
                                               program_.operations.back().verb + "()"});
    }
    skip_space();
    if (!take(')')) {
      do {
        if (!argument()) return false;
      } while (takes_next(','));
      if (!take(')')) return expected("\",\" or \")\"");
    }
    skip_space();
    return next() != '@' || presentation_mark();
  }

  bool begin_operation() {
    if (program_.operations.size() == most_operations) {
      return complain("expected at most " + std::to_string(most_operations) + " operations",
                      {"send the rest as another request"});
    }
    program_.operations.emplace_back();
    return true;
  }

  // knowledge_search, or knowledge.search for the same.
  bool verb() {
    if (!starts_word(next())) {
      return expected("the name of a verb",
                      {"an operation is written verb(name=value, …)", "`verbs` lists the verbs"});
    }
    std::string name(word());
    if (next() == '.') {
      ++at_;
      if (!starts_word(next())) return expected("the second part of the verb's name");
      name.append("_").append(word());
    }
    current().verb = std::move(name);
    return true;
  }

  bool argument() {
    skip_space();
    const std::size_t begin = at_;
    std::string name;
    if (next() == '"') {
      if (!string(name)) return false;
    } else if (starts_word(next())) {
      name = word();
    } else {
      return expected("the name of an argument", {"an argument is written name=value"});
    }
    skip_space();
    if (!take('=')) {
      return expected("\"=\" after the argument's name",
                      {"an argument is written name=value, text in double quotes"});
    }
    if (current().arguments.contains(name))
      return complain_at(begin, "the argument " + json::quoted(name) + " is there already");
    where_ = {name};
    skip_space();
    json::Value read;
    if (!value(read)) return false;
    current().arguments[name] = std::move(read);
    return true;
  }

  bool presentation_mark() {
    ++at_;
    const std::size_t begin = at_;
    current().presentation = read_presentation(word());
    if (current().presentation) return true;
    at_ = begin;
    return expected("agent, verbose or human after \"@\"");
  }

  [[nodiscard]] std::string_view word() {
    const std::size_t begin = at_;
    while (!is_at_end() && continues_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  [[nodiscard]] Operation& current() { return program_.operations.back(); }

  // ---- JSON form ------------------------------------------------------------------------------

  // {"ops":[…]}, {"chain":[…]} or {"verb":"…"}.
  bool json_form() {
    is_json_ = true;
    const std::size_t begin = at_;
    std::size_t probe = at_ + 1;
    while (probe < text_.size() && is_space(text_[probe])) ++probe;
    const bool is_list =
        text_.substr(probe).starts_with("\"ops\"") || text_.substr(probe).starts_with("\"chain\"");
    if (!is_list) {
      program_.shape = Shape::one;
      return json_operation({"ops", "chain"});
    }
    bool is_read = false;
    if (!members([&](const std::string& name, std::size_t where) {
          const bool is_chain = name == "chain";
          if (!is_chain && name != "ops") return unknown_member(where, name, {"ops", "chain"});
          if (is_read) return complain_at(where, "expected either \"ops\" or \"chain\", got both");
          is_read = true;
          program_.shape = is_chain ? Shape::chain : Shape::batch;
          return json_operations();
        }))
      return false;
    return is_read || complain_at(begin, "expected \"ops\" or \"chain\"");
  }

  bool json_operations() {
    if (!take('[')) return expected("an array of operations");
    do {
      skip_space();
      if (!json_operation({})) return false;
    } while (takes_next(','));
    return take(']') || expected("\",\" or \"]\"");
  }

  // {"verb":"…","args":{…},"presentation":"…"}; `others` is what else could stand here.
  bool json_operation(const std::vector<std::string>& others) {
    const std::size_t begin = at_;
    if (next() != '{') return expected("an operation", {R"(such as {"verb":"…","args":{…}})"});
    if (!begin_operation()) return false;
    if (!members([&](const std::string& name, std::size_t where) {
          if (name == "verb") return json_verb();
          if (name == "args") return json_arguments();
          if (name == "presentation") return json_presentation();
          std::vector<std::string> known{"verb", "args", "presentation"};
          known.insert(known.end(), others.begin(), others.end());
          return unknown_member(where, name, known);
        }))
      return false;
    return !current().verb.empty() ||
           complain_at(begin, "this operation has no \"verb\"", {"`verbs` lists the verbs"});
  }

  bool json_verb() {
    const std::size_t begin = at_;
    std::string name;
    if (!string(name)) return false;
    Parser inner(name);
    inner.program_.operations.emplace_back();
    if (!inner.verb() || !inner.is_at_end())
      return complain_at(begin, "expected the name of a verb, got " + json::quoted(name));
    current().verb = std::move(inner.current().verb);
    return true;
  }

  bool json_arguments() {
    const std::size_t begin = at_;
    where_.clear();
    json::Value read;
    if (!value(read)) return false;
    if (!read.is_object())
      return complain_at(
          begin, "expected an object of arguments, got " + std::string(json::kind_name(read)));
    current().arguments = std::move(read.get_object());
    return true;
  }

  bool json_presentation() {
    const std::size_t begin = at_;
    std::string name;
    if (!string(name)) return false;
    current().presentation = read_presentation(name);
    return current().presentation.has_value() ||
           complain_at(begin, "expected agent, verbose or human, got " + json::quoted(name));
  }

  bool unknown_member(std::size_t where,
                      const std::string& name,
                      const std::vector<std::string>& known) {
    std::string all;
    for (const std::string& each : known) all += (all.empty() ? "\"" : ", \"") + each + "\"";
    return complain_at(where, "expected one of " + all + ", got " + json::quoted(name),
                       closest_names(name, known));
  }

  // ---- Values ---------------------------------------------------------------------------------

  bool value(json::Value& to) {
    switch (next()) {
      case '"':
        return text_value(to);
      case '{':
        return nested([&] { return object(to); });
      case '[':
        return nested([&] { return array(to); });
      case '$':
        if (!is_json_) return reference_value();
        break;
      case '\'':
        return expected("a value", {"text goes into double quotes"});
      default:
        if (next() == '-' || is_digit(next())) return number(to);
        if (starts_word(next())) return literal(to);
    }
    return expected("a value");
  }

  template <typename Read>
  bool nested(Read read) {
    if (depth_ == deepest_value)
      return complain("expected at most " + std::to_string(deepest_value) + " levels of nesting");
    ++depth_;
    const bool is_read = read();
    --depth_;
    return is_read;
  }

  bool object(json::Value& to) {
    json::Object& object = to.emplace_object();
    return members([&](const std::string& name, std::size_t) {
      where_.emplace_back(name);
      json::Value read;
      if (!value(read)) return false;
      where_.pop_back();
      object[name] = std::move(read);
      return true;
    });
  }

  bool array(json::Value& to) {
    json::Array& items = to.emplace_array();
    ++at_;
    skip_space();
    if (take(']')) return true;
    do {
      skip_space();
      where_.emplace_back(items.size());
      json::Value read;
      if (!value(read)) return false;
      where_.pop_back();
      items.push_back(std::move(read));
    } while (takes_next(','));
    return take(']') || expected("\",\" or \"]\"");
  }

  // Reads {"name":…,…}; `read` takes each value. A name that comes twice is refused.
  template <typename Read>
  bool members(Read read) {
    ++at_;  // the brace
    std::set<std::string> seen;
    skip_space();
    if (take('}')) return true;
    do {
      skip_space();
      const std::size_t begin = at_;
      std::string name;
      if (next() != '"') return expected("a name in double quotes");
      if (!string(name)) return false;
      if (seen.contains(name))
        return complain_at(begin, "the member " + json::quoted(name) + " is there already");
      skip_space();
      if (!take(':')) return expected("\":\"");
      skip_space();
      if (!read(name, begin)) return false;
      seen.insert(std::move(name));
    } while (takes_next(','));
    return take('}') || expected("\",\" or \"}\"");
  }

  bool number(json::Value& to) {
    const std::size_t begin = at_;
    while (!is_at_end() && (is_digit(next()) || next() == '-' || next() == '+' || next() == '.' ||
                            next() == 'e' || next() == 'E'))
      ++at_;
    auto read = json::parse(text_.substr(begin, at_ - begin));
    if (!read)
      return complain_at(
          begin, "expected a number, got " +
                     json::quoted(text_.substr(begin, std::min(at_ - begin, std::size_t{40}))));
    to = std::move(*read);
    return true;
  }

  bool literal(json::Value& to) {
    const std::size_t begin = at_;
    const std::string_view name = word();
    if (name == "true" || name == "false") {
      to = name == "true";
      return true;
    }
    if (name == "null") {
      to = nullptr;
      return true;
    }
    at_ = begin;
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> foreign{
        {{"True", "true"}, {"False", "false"}, {"None", "null"}}};
    for (const auto& [theirs, ours] : foreign) {
      if (name == theirs) return expected("a value", {"write " + std::string(ours)});
    }
    return expected("a value",
                    {"text goes into double quotes: " + json::quoted(name.substr(0, 40))});
  }

  // Line breaks and tabs may stand in a string as they are: requests are often a string within a
  // JSON text, whose own escapes are gone by now.
  bool string(std::string& to) {
    const std::size_t begin = at_;
    if (!take('"')) return expected("a string in double quotes");
    std::string strict = "\"";
    for (;;) {
      if (is_at_end()) return complain_at(begin, "this string does not end");
      const char c = text_[at_];
      if (c == '\\') {
        const std::size_t escape = at_;
        if (!escaped()) return false;
        strict.append(text_.substr(escape, at_ - escape));
        continue;
      }
      ++at_;
      if (c == '"') break;
      if (c == '\n' || c == '\r' || c == '\t') {
        strict.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
      } else if (static_cast<unsigned char>(c) < 0x20) {
        return complain_at(at_ - 1, "expected text, got a control character",
                           {"write it as \\u and four hexadecimal digits"});
      } else {
        strict.push_back(c);
      }
    }
    const auto read = json::parse(strict + "\"");
    if (!read || !read->is_string())
      return complain_at(begin, "this string is not valid Unicode text");
    to = read->get_string();
    return true;
  }

  bool escaped() {
    const std::size_t begin = at_;
    ++at_;
    static constexpr std::string_view simple = "\"\\/bfnrt";
    if (!is_at_end() && simple.find(next()) != std::string_view::npos) {
      ++at_;
      return true;
    }
    bool is_good = take('u');
    for (int i = 0; i < 4 && is_good; ++i) {
      is_good = is_hex(next());
      if (is_good) ++at_;
    }
    return is_good ||
           complain_at(begin,
                       "expected one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
  }

  // ---- References -----------------------------------------------------------------------------

  bool reference_value() {
    const std::size_t begin = at_;
    Path from;
    return reference(from) && fill_later(begin, std::move(from));
  }

  // In the JSON form a string is a reference if it begins like one; "$$prev…" is text.
  bool text_value(json::Value& to) {
    const std::size_t begin = at_;
    std::string text;
    if (!string(text)) return false;
    if (is_json_ && text.starts_with("$" + std::string(reference_word))) {
      text.erase(0, 1);
    } else if (is_json_ && text.starts_with(reference_word)) {
      const char after = text.size() > reference_word.size() ? text[reference_word.size()] : '.';
      if (after == '.' || after == '[') {
        auto from = Parser(text).whole_reference();
        if (from) return fill_later(begin, std::move(*from));
        return complain_at(begin,
                           "expected a reference such as \"$prev.items[0].id\", got " +
                               json::quoted(std::string_view(text).substr(0, 60)),
                           {R"(text that begins so is written "$$prev…")"});
      }
    }
    to = json::Value(text);
    return true;
  }

  bool fill_later(std::size_t begin, Path from) {
    if (program_.shape != Shape::chain || program_.operations.size() < 2) {
      return complain_at(begin,
                         "$prev is the answer of the operation before; there is none in this place",
                         {"chain them: a() | b(x=$prev.id)"});
    }
    current().slots.push_back({where_, std::move(from)});
    return true;
  }

  bool reference(Path& path) {
    if (!text_.substr(at_).starts_with(reference_word))
      return expected("$prev", {"such as $prev.items[0].id"});
    at_ += reference_word.size();
    if (!is_at_end() && continues_word(next()))
      return expected("\".\" or \"[\" after $prev", {"such as $prev.items[0].id"});
    for (;;) {
      if (take('.')) {
        if (!starts_word(next())) return expected("the name of a member");
        path.emplace_back(std::string(word()));
      } else if (take('[')) {
        if (!index(path)) return false;
      } else {
        return true;
      }
    }
  }

  // [7] or ["odd name"]
  bool index(Path& path) {
    if (next() == '"') {
      std::string name;
      if (!string(name)) return false;
      path.emplace_back(std::move(name));
    } else {
      const std::size_t begin = at_;
      std::size_t number = 0;
      for (; is_digit(next()) && at_ - begin < most_index_digits; ++at_)
        number = number * 10 + static_cast<std::size_t>(next() - '0');
      if (at_ == begin) return expected("an index from 0, or a name in double quotes");
      path.emplace_back(number);
    }
    return take(']') || expected("\"]\"");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Program program_;
  std::optional<Error> error_;
  bool is_json_ = false;
  Path where_;  // of the value that is being read, within the operation's arguments
  std::size_t depth_ = 0;
};

}  // namespace

Result<Program> parse(std::string_view text) {
  return Parser(text).program();
}

}  // namespace hearth::request
