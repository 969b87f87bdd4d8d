#include "packs/issues/engine/filter.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include "base/ascii.hpp"
#include "search/text/unicode.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::array<std::string_view, 4> orders{"created", "updated", "priority", "title"};

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c >= 0x80; });
}

std::string folded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [code, size] = search::text::decode_utf8(text);
    if (size == 1) {
      out += ascii_lower(text.front());
    } else {
      search::text::append_folded(out, code);
    }
    text.remove_prefix(size);
  }
  return out;
}

// Letter case and accents aside.
bool contains_text(std::string_view text, std::string_view wanted) {
  if (wanted.empty()) return true;
  if (!is_ascii(text) || !is_ascii(wanted)) return folded(text).contains(folded(wanted));
  constexpr auto lower = [](char c) { return ascii_lower(c); };
  return !std::ranges::search(text, wanted, {}, lower, lower).empty();
}

bool comes_before(const Summary& a, const Summary& b, Order order) {
  const auto by_age = [&] { return std::tie(a.created_ms, a.id) < std::tie(b.created_ms, b.id); };
  switch (order) {
    case Order::updated:
      return a.updated_ms != b.updated_ms ? a.updated_ms < b.updated_ms : by_age();
    case Order::priority:
      return a.priority != b.priority ? a.priority < b.priority : by_age();
    case Order::title:
      return a.title != b.title ? a.title < b.title : by_age();
    case Order::created:
      break;
  }
  return by_age();
}

}  // namespace

bool Filter::admits(const Summary& issue) const {
  if (state && issue.state != *state) return false;
  if (priority && issue.priority != *priority) return false;
  if (type && issue.type != *type) return false;
  if (parent && issue.parent != parent) return false;
  if (since_ms && issue.updated_ms < *since_ms) return false;
  if (before_ms && issue.updated_ms >= *before_ms) return false;
  if (assignee && !std::ranges::binary_search(issue.assignees, *assignee)) return false;
  const auto has_label = [&](const std::string& label) {
    return std::ranges::binary_search(issue.labels, label);
  };
  return std::ranges::all_of(labels, has_label) && contains_text(issue.title, text);
}

std::optional<Order> order_of(std::string_view name) {
  for (std::size_t i = 0; i < orders.size(); ++i) {
    if (orders[i] == name) return static_cast<Order>(i);
  }
  return std::nullopt;
}

Page select(std::span<const Summary> issues,
            const Filter& filter,
            Order order,
            bool is_reversed,
            std::size_t offset,
            std::size_t limit) {
  Page page;
  for (const Summary& issue : issues) {
    if (filter.admits(issue)) page.issues.push_back(&issue);
  }
  page.total = page.issues.size();
  const auto before = [&](const Summary* a, const Summary* b) {
    return is_reversed ? comes_before(*b, *a, order) : comes_before(*a, *b, order);
  };
  const std::size_t end = std::min(page.total, offset + limit);
  // Only what is shown has to be in order.
  std::ranges::partial_sort(page.issues, page.issues.begin() + static_cast<std::ptrdiff_t>(end),
                            before);
  page.issues.resize(end);
  page.issues.erase(page.issues.begin(),
                    page.issues.begin() + static_cast<std::ptrdiff_t>(std::min(offset, end)));
  return page;
}

}  // namespace hearth::packs::issues
