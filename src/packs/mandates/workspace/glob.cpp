#include "packs/mandates/workspace/glob.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace hearth::packs::mandates::workspace {
namespace {

// One element of a pattern.
struct Element {
  enum class Kind : unsigned char { literal, any_one, star, double_star, set } kind;
  char literal = 0;
  std::string_view set;  // without its brackets and its !
  bool is_negated = false;
};

// A set's end is the first ] that is not its first character; without one the bracket is a literal.
std::size_t read_set(std::string_view rest, Element& element) {
  std::size_t from = 1;
  const bool is_negated = rest.size() > from && (rest[from] == '!' || rest[from] == '^');
  if (is_negated) ++from;
  const auto end = rest.find(']', from + 1);
  if (rest.size() <= from || end == std::string_view::npos) {
    element = {.kind = Element::Kind::literal, .literal = '['};
    return 1;
  }
  element = {
      .kind = Element::Kind::set, .set = rest.substr(from, end - from), .is_negated = is_negated};
  return end + 1;
}

std::vector<Element> parse(std::string_view pattern) {
  using Kind = Element::Kind;
  std::vector<Element> elements;
  while (!pattern.empty()) {
    Element element{.kind = Kind::literal, .literal = pattern.front()};
    std::size_t length = 1;
    if (pattern.front() == '?') element.kind = Kind::any_one;
    if (pattern.front() == '[') length = read_set(pattern, element);
    if (pattern.front() == '*') {
      length = pattern.find_first_not_of('*');
      if (length == std::string_view::npos) length = pattern.size();
      element.kind = length == 1 ? Kind::star : Kind::double_star;
    }
    if (pattern.front() == '\\' && pattern.size() > 1) {
      element.literal = pattern[1];
      length = 2;
    }
    elements.push_back(element);
    pattern.remove_prefix(length);
    // "**/x" also fits "x": no names at all.
    if (element.kind == Kind::double_star && pattern.starts_with('/') &&
        (elements.size() == 1 || elements[elements.size() - 2].literal == '/')) {
      pattern.remove_prefix(1);
      elements.back().literal = '/';  // what it takes ends with a slash
    }
  }
  return elements;
}

bool is_in(std::string_view set, char c) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      if (set[i] <= c && c <= set[i + 2]) return true;
      i += 2;
    } else if (set[i] == c) {
      return true;
    }
  }
  return false;
}

bool takes_one(const Element& element, char c) {
  switch (element.kind) {
    case Element::Kind::literal:
      return element.literal == c;
    case Element::Kind::any_one:
      return c != '/';
    case Element::Kind::set:
      return c != '/' && is_in(element.set, c) != element.is_negated;
    default:
      return false;
  }
}

// Follows all ways through a pattern at once: `at_` holds which elements may come next.
class Ways final {
 public:
  explicit Ways(std::string_view pattern) : elements_(parse(pattern)), at_(elements_.size() + 1) {
    at_[0] = true;
    skip_stars(at_, true);
  }
  void take(char c) {
    using Kind = Element::Kind;
    std::vector<bool> next(at_.size());
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      if (!at_[i]) continue;
      const Kind kind = elements_[i].kind;
      if (kind == Kind::double_star || (kind == Kind::star && c != '/')) next[i] = true;
      if (takes_one(elements_[i], c)) next[i + 1] = true;
    }
    skip_stars(next, c == '/');
    at_ = std::move(next);
  }
  [[nodiscard]] bool is_through() const { return at_.back(); }
  // Whether anything more could lead through.
  [[nodiscard]] bool goes_on() const {
    return std::find(at_.begin(), at_.end() - 1, true) != at_.end() - 1;
  }

 private:
  // A star may take nothing. One that ends with a slash takes whole names only: it is left at its
  // beginning, or behind a slash.
  void skip_stars(std::vector<bool>& places, bool is_behind_slash) const {
    using Kind = Element::Kind;
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      if (!places[i]) continue;
      const Element& each = elements_[i];
      const bool is_star = each.kind == Kind::star || (each.kind == Kind::double_star &&
                                                       (each.literal != '/' || is_behind_slash));
      if (is_star) places[i + 1] = true;
    }
  }

  const std::vector<Element> elements_;
  std::vector<bool> at_;
};

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) {
  Ways ways(pattern);
  for (const char c : text) ways.take(c);
  return ways.is_through();
}

bool matches_below(std::string_view pattern, std::string_view directory) {
  Ways ways(pattern);
  for (const char c : directory) ways.take(c);
  ways.take('/');
  return ways.goes_on();
}

}  // namespace hearth::packs::mandates::workspace
