#include "packs/issues/engine/small_json.hpp"

#include <algorithm>
#include <charconv>

namespace hearth::packs::issues {
namespace {

constexpr int most_depth = 16;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<SmallJson> parse() {
    SmallJson whole;
    const bool is_read = value(whole, 0);
    skip_blanks();
    if (!is_read || at_ != text_.size()) {
      return fail(Errc::damaged, "not JSON at byte " + std::to_string(at_));
    }
    return whole;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool value(SmallJson& to, int depth) {
    skip_blanks();
    if (depth == most_depth || at_ == text_.size()) return false;
    switch (text_[at_]) {
      case '{':
        return object(to, depth);
      case '[':
        return array(to, depth);
      case '"':
        return text(to.scalar.emplace<std::string>());
      case 'n':
        return take("null");
      case 't':
        to.scalar = true;
        return take("true");
      case 'f':
        to.scalar = false;
        return take("false");
      default:
        return number(to);
    }
  }
  bool number(SmallJson& to) {
    const std::size_t end = std::min(text_.find_first_not_of("+-.0123456789eE", at_), text_.size());
    const std::string_view digits = text_.substr(at_, end - at_);
    std::uint64_t whole = 0;
    const auto [rest, code] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
    if (code == std::errc() && rest == digits.data() + digits.size()) {
      to.scalar = whole;
    } else {
      to.scalar = std::string(digits);
    }
    at_ = end;
    return !digits.empty();
  }
  bool array(SmallJson& to, int depth) {
    to.kind = SmallJson::Kind::array;
    ++at_;
    for (skip_blanks(); !take("]"); skip_blanks()) {
      if (!to.items.empty() && !take(",")) return false;
      if (!value(to.items.emplace_back(), depth + 1)) return false;
    }
    return true;
  }
  bool object(SmallJson& to, int depth) {
    to.kind = SmallJson::Kind::object;
    ++at_;
    for (skip_blanks(); !take("}"); skip_blanks()) {
      if (!to.items.empty() && !take(",")) return false;
      skip_blanks();
      if (at_ == text_.size() || text_[at_] != '"' || !text(to.names.emplace_back())) return false;
      skip_blanks();
      if (!take(":") || !value(to.items.emplace_back(), depth + 1)) return false;
    }
    return true;
  }
  bool text(std::string& to) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] != '\\') {
        to.push_back(text_[at_]);
      } else if (!escape(to)) {
        return false;
      }
    }
    return false;
  }
  bool escape(std::string& to) {
    if (++at_ == text_.size()) return false;
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    if (text_[at_] != 'u') {
      const std::size_t which = names.find(text_[at_]);
      if (which == std::string_view::npos) return false;
      to.push_back(meant[which]);
      return true;
    }
    std::uint32_t code = 0;
    if (!code_unit(code)) return false;
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_ + 1).starts_with("\\u")) {
      at_ += 2;
      std::uint32_t low = 0;
      if (!code_unit(low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x1'0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(to, code);
    return true;
  }
  // The four digits behind "u"; ends at the last of them.
  bool code_unit(std::uint32_t& code) {
    if (text_.size() - at_ < 5) return false;
    const char* const begin = text_.data() + at_ + 1;
    const auto [rest, error] = std::from_chars(begin, begin + 4, code, 16);
    at_ += 4;
    return error == std::errc() && rest == begin + 4;
  }
  static void append_utf8(std::string& to, std::uint32_t code) {
    if (code < 0x80) {
      to.push_back(static_cast<char>(code));
      return;
    }
    int rest = code < 0x800 ? 1 : code < 0x1'0000 ? 2 : 3;
    constexpr std::uint32_t heads[] = {0, 0xc0, 0xe0, 0xf0};
    to.push_back(static_cast<char>(heads[rest] | code >> (6 * rest)));
    while (rest-- > 0) to.push_back(static_cast<char>(0x80 | (code >> (6 * rest) & 0x3f)));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const SmallJson* SmallJson::find(std::string_view name) const {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? nullptr : &items[static_cast<std::size_t>(found - names.begin())];
}

const std::vector<SmallJson>* SmallJson::array(std::string_view name) const {
  const SmallJson* member = find(name);
  return member == nullptr || member->kind != Kind::array ? nullptr : &member->items;
}

const std::string* SmallJson::text(std::string_view name) const {
  const SmallJson* member = find(name);
  return member == nullptr ? nullptr : std::get_if<std::string>(&member->scalar);
}

std::optional<std::uint64_t> SmallJson::number(std::string_view name) const {
  const SmallJson* member = find(name);
  const auto* found = member == nullptr ? nullptr : std::get_if<std::uint64_t>(&member->scalar);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Result<SmallJson> parse_small_json(std::string_view text) {
  return Parser(text).parse();
}

void append_json_text(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::string_view meant = "\"\\\b\f\n\r\t";
  constexpr std::string_view names = "\"\\bfnrt";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t which = meant.find(c); which != std::string_view::npos) {
      out.push_back('\\');
      out.push_back(names[which]);
    } else if (byte < 0x20) {
      out.append("\\u00").push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace hearth::packs::issues
