#include "cli/jsonc_edit.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "json/envelope.hpp"

namespace hearth::cli {
namespace {

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Member {
  std::string name;
  std::size_t begin = 0;  // of the quoted name
  Span value;
};

struct ObjectView {
  std::size_t open = 0;   // of '{'
  std::size_t close = 0;  // of '}'
  std::vector<Member> members;
  std::optional<std::size_t> trailing_comma;  // after the last member
};

constexpr int max_depth = 100;

// Walks the text once; collects the plain JSON of it, or the members of one object.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // The whole document as plain JSON text.
  Result<std::string> plain() {
    skip();
    value(0);
    skip();
    if (!error_ && at_ < text_.size()) complain("text after the value");
    if (error_) return std::unexpected(*error_);
    return std::move(out_);
  }

  // The object whose '{' is at `open`; the text is known to be good.
  ObjectView object_at(std::size_t open) {
    ObjectView view;
    view.open = open;
    at_ = open;
    wanted_ = &view;
    value(0);
    return view;
  }

 private:
  void complain(const std::string& what) {
    if (error_) return;
    const std::string_view before = text_.substr(0, at_);
    const auto line = std::ranges::count(before, '\n') + 1;
    const std::size_t line_start =
        before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    error_ = Error{Errc::invalid_args,
                   "line " + std::to_string(line) + ", column " +
                       std::to_string(at_ - line_start + 1) + ": " + what,
                   {}};
    at_ = text_.size();
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("//")) {
        at_ += std::min(rest.find('\n'), rest.size());
      } else if (rest.starts_with("/*")) {
        const std::size_t end = rest.find("*/", 2);
        if (end == std::string_view::npos) return complain("a comment without end");
        at_ += end + 2;
      } else if (std::string_view(" \t\r\n").find(rest[0]) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  void value(int depth) {
    if (depth > max_depth) return complain("nested too deeply");
    const char c = peek();
    if (c == '{') return object(depth);
    if (c == '[') return array(depth);
    if (c == '"') {
      string();
      return;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n,]}/:\"{[").find(text_[at_]) == std::string_view::npos)
      ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (!word.empty() && json::parse(word)) {
      out_ += word;
      return;
    }
    at_ = begin;
    complain(word.empty() ? "expected a value"
                          : "\"" + std::string(word.substr(0, 40)) + "\" is no JSON value");
  }

  // Returns the string with its quotes.
  std::string_view string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\n') break;
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (peek() != '"') {
      at_ = begin;
      complain("a string without end");
      return {};
    }
    ++at_;
    const std::string_view whole = text_.substr(begin, at_ - begin);
    if (!json::parse(whole)) {
      at_ = begin;
      complain("a malformed string");
      return {};
    }
    out_ += whole;
    return whole;
  }

  void array(int depth) {
    out_ += text_[at_++];
    bool is_first = true;
    for (skip(); !error_ && peek() != ']'; skip()) {
      if (!is_first) out_ += ',';
      is_first = false;
      value(depth + 1);
      skip();
      if (peek() == ',') {
        ++at_;
      } else if (peek() != ']') {
        return complain("expected ',' or ']'");
      }
    }
    if (!error_) out_ += text_[at_++];
  }

  void object(int depth) {
    ObjectView* const view = depth == 0 ? wanted_ : nullptr;
    out_ += text_[at_++];
    bool is_first = true;
    for (skip(); !error_ && peek() != '}'; skip()) {
      if (peek() != '"') return complain("expected a name in double quotes or '}'");
      if (!is_first) out_ += ',';
      is_first = false;
      Member member;
      member.begin = at_;
      const std::string_view name = string();
      skip();
      if (peek() != ':') return complain("expected ':'");
      out_ += text_[at_++];
      skip();
      member.value.begin = at_;
      value(depth + 1);
      member.value.end = at_;
      skip();
      std::optional<std::size_t> comma;
      if (peek() == ',') {
        comma = at_++;
      } else if (peek() != '}') {
        return complain("expected ',' or '}'");
      }
      if (view == nullptr) continue;
      member.name = json::unquote(name).value_or("");
      view->members.push_back(std::move(member));
      view->trailing_comma = comma;
    }
    if (error_) return;
    if (view != nullptr) view->close = at_;
    out_ += text_[at_++];
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  std::optional<Error> error_;
  ObjectView* wanted_ = nullptr;
};

// How the file is laid out, so that what is added looks like the rest.
struct Layout {
  std::string newline = "\n";
  std::string unit = "  ";
  bool is_one_line = false;
};

// The blanks at the start of the line that holds `at`.
std::string indentation_at(std::string_view text, std::size_t at) {
  const std::size_t newline = text.substr(0, at).rfind('\n');
  const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t end = std::min(text.find_first_not_of(" \t", start), text.size());
  return std::string(text.substr(start, end - start));
}

bool spans_lines(std::string_view text, std::size_t begin, std::size_t end) {
  return text.substr(begin, end - begin).find('\n') != std::string_view::npos;
}

Layout layout_of(std::string_view text, const ObjectView& root) {
  Layout layout;
  if (text.find("\r\n") != std::string_view::npos) layout.newline = "\r\n";
  layout.is_one_line = !root.members.empty() && !spans_lines(text, root.open, root.close);
  if (root.members.empty() || !spans_lines(text, root.open, root.members.front().begin))
    return layout;
  const std::string unit = indentation_at(text, root.members.front().begin);
  if (!unit.empty()) layout.unit = unit;
  return layout;
}

// `value` as text whose first line continues at `indent`.
void print(std::string& out,
           const json::Value& value,
           const Layout& layout,
           const std::string& indent) {
  if (!value.is_object() || value.get_object().empty() || layout.is_one_line) {
    if (!value.is_array() || layout.is_one_line) return json::append(out, value);
    out += '[';  // short lists of words stay on one line
    for (const json::Value& item : value.get_array()) {
      if (out.back() != '[') out += ", ";
      print(out, item, layout, indent);
    }
    out += ']';
    return;
  }
  out += '{';
  const std::string inner = indent + layout.unit;
  for (const auto& member : value.get_object()) {
    if (out.back() != '{') out += ',';
    out += layout.newline + inner;
    json::append_string(out, member.key());
    out += ": ";
    print(out, member.value(), layout, inner);
  }
  out += layout.newline + indent + "}";
}

std::string member_text(const std::string& name,
                        const json::Value& value,
                        const Layout& layout,
                        const std::string& indent) {
  std::string out = json::quoted(name) + (layout.is_one_line ? ":" : ": ");
  print(out, value, layout, indent);
  return out;
}

// Where the line of `at` ends, past blanks and comments; `at` itself when something else follows.
std::size_t end_of_line(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size()) {
    const std::string_view rest = text.substr(end);
    if (rest[0] == '\n' || rest.starts_with("\r\n")) return end;
    if (rest.starts_with("//")) {
      end += std::min(rest.find('\n'), rest.size());
      if (end > at && text[end - 1] == '\r') --end;
      return end;
    }
    if (rest.starts_with("/*")) {
      end += rest.find("*/", 2) + 2;
    } else if (rest[0] == ' ' || rest[0] == '\t') {
      ++end;
    } else {
      return at;
    }
  }
  return end;
}

// Past the comment that begins at `at`.
std::size_t end_of_comment(std::string_view text, std::size_t at) {
  const bool is_line = text.substr(at).starts_with("//");
  const std::size_t end = is_line ? text.find('\n', at) : text.find("*/", at + 2);
  return std::min(end, text.size() - 2) + (is_line ? 1 : 2);
}

// Adds a member after the last one of `object`.
std::string insert_member(std::string_view text,
                          const ObjectView& object,
                          const Layout& layout,
                          const std::string& name,
                          const json::Value& value) {
  std::string out;
  if (object.members.empty()) {
    const std::string outer = indentation_at(text, object.open);
    const std::string indent = outer + layout.unit;
    // What stands before the brace, such as comments, stays before the new member.
    std::size_t end = object.close;
    while (std::string_view(" \t\r\n").find(text[end - 1]) != std::string_view::npos) --end;
    out = text.substr(0, end);
    if (layout.is_one_line) {
      out += member_text(name, value, layout, indent);
    } else {
      out += layout.newline + indent + member_text(name, value, layout, indent) + layout.newline +
             outer;
    }
    return out.append(text.substr(object.close));
  }
  const Member& last = object.members.back();
  const bool is_one_line = !spans_lines(text, object.open, last.begin);
  const std::size_t after = object.trailing_comma ? *object.trailing_comma + 1 : last.value.end;
  out = text.substr(0, after);
  if (!object.trailing_comma) out += ',';
  if (is_one_line) {
    Layout compact = layout;
    compact.is_one_line = true;
    out += (layout.is_one_line ? "" : " ") + member_text(name, value, compact, "");
    return out.append(text.substr(after));
  }
  const std::string indent = indentation_at(text, last.begin);
  const std::size_t line_end = end_of_line(text, after);
  out.append(text.substr(after, line_end - after));
  out += layout.newline + indent + member_text(name, value, layout, indent);
  return out.append(text.substr(line_end));
}

std::string replace_span(std::string_view text, Span span, std::string_view by) {
  return std::string(text.substr(0, span.begin)).append(by).append(text.substr(span.end));
}

// The wanted value wrapped into the objects of a path that is not there yet.
json::Value wrapped(std::span<const std::string> path, const json::Value& value) {
  if (path.empty()) return value;
  json::Object object;
  object[path.front()] = wrapped(path.subspan(1), value);
  return object;
}

// Merges `value` under `path`, below the object that begins at `open`.
Result<std::string> merge_below(std::string_view text,
                                std::size_t open,
                                const Layout& layout,
                                std::span<const std::string> path,
                                const json::Value& value) {
  const ObjectView object = Scanner(text).object_at(open);
  const auto found = std::ranges::find(object.members.rbegin(), object.members.rend(), path.front(),
                                       &Member::name);
  if (found == object.members.rend())
    return insert_member(text, object, layout, path.front(), wrapped(path.subspan(1), value));
  const Span span = found->value;
  const bool is_object = text[span.begin] == '{';
  if (path.size() > 1) {
    if (is_object) return merge_below(text, span.begin, layout, path.subspan(1), value);
    return fail(Errc::conflict, "\"" + path.front() + "\" is no object there");
  }
  if (is_object && value.is_object()) {
    std::string out(text);
    for (const auto& member : value.get_object()) {
      const std::vector<std::string> name{std::string(member.key())};
      auto merged = merge_below(out, span.begin, layout, name, member.value());
      if (!merged) return merged;
      out = std::move(*merged);
    }
    return out;
  }
  const auto present = parse_jsonc(text.substr(span.begin, span.end - span.begin));
  if (present && *present == value) return std::string(text);
  std::string printed;
  print(printed, value, layout, indentation_at(text, span.begin));
  return replace_span(text, span, printed);
}

void merge_value(json::Value& into, std::span<const std::string> path, const json::Value& value) {
  if (!into.is_object()) into = json::Object();
  if (!path.empty()) return merge_value(into.get_object()[path.front()], path.subspan(1), value);
  for (const auto& member : value.get_object()) {
    json::Value& target = into.get_object()[member.key()];
    if (target.is_object() && member.value().is_object()) {
      merge_value(target, {}, member.value());
    } else {
      target = member.value();
    }
  }
}

}  // namespace

Result<json::Value> parse_jsonc(std::string_view text) {
  auto plain = Scanner(text).plain();
  if (!plain) return std::unexpected(std::move(plain.error()));
  return json::parse(*plain);
}

Result<std::string> merge_jsonc(std::string_view text,
                                std::span<const std::string> path,
                                const json::Value& value) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) {
    auto merged = merge_jsonc(text.substr(byte_order_mark.size()), path, value);
    if (merged) merged->insert(0, byte_order_mark);
    return merged;
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    std::string fresh;
    print(fresh, wrapped(path, value), Layout{}, "");
    return fresh + "\n";
  }
  auto before = parse_jsonc(text);
  if (!before) return std::unexpected(std::move(before.error()));
  if (!before->is_object())
    return fail(Errc::conflict, "the file holds no object at its top level");
  // Finds the root past leading comments: the plain scan has proved that it is there.
  std::size_t root = 0;
  while (text[root] != '{') root = text[root] == '/' ? end_of_comment(text, root) : root + 1;
  const Layout layout = layout_of(text, Scanner(text).object_at(root));
  auto merged = merge_below(text, root, layout, path, value);
  if (!merged) return merged;
  // The edit is worth nothing if it changed more, or less, than it should have.
  const auto after = parse_jsonc(*merged);
  merge_value(*before, path, value);
  if (!after || *after != *before)
    return fail(Errc::internal,
                "the edit would not have come out as intended; nothing was changed");
  return merged;
}

}  // namespace hearth::cli
