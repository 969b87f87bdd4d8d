#include "packs/issues/engine/board.hpp"

#include <algorithm>

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_proposals = 5;
constexpr std::size_t usual_short_id = 8;
constexpr std::size_t longer_short_id = 16;

std::uint32_t prefix_of(const IssueId& id) {
  std::uint32_t prefix = 0;
  for (std::size_t i = 0; i < sizeof prefix; ++i) prefix = prefix << 8 | id.bytes[i];
  return prefix;
}

}  // namespace

void Board::put(Summary summary, std::int64_t row) {
  const auto [place, is_new] = places_.emplace(summary.id, issues_.size());
  rows_[row] = place->second;
  graph_.reset();
  if (is_new) {
    ++prefixes_[prefix_of(summary.id)];
    issues_.push_back(std::move(summary));
  } else {
    issues_[place->second] = std::move(summary);
  }
}

void Board::clear() {
  *this = Board();
}

void Board::reserve(std::size_t count) {
  issues_.reserve(count);
  places_.reserve(count);
  rows_.reserve(count);
  prefixes_.reserve(count);
}

const Summary* Board::find(const IssueId& id) const {
  const auto place = places_.find(id);
  return place == places_.end() ? nullptr : &issues_[place->second];
}

const Summary* Board::find_row(std::int64_t row) const {
  const auto place = rows_.find(row);
  return place == rows_.end() ? nullptr : &issues_[place->second];
}

const IssueGraph& Board::graph() const {
  if (!graph_) graph_.emplace(issues_);
  return *graph_;
}

std::optional<std::string> Board::digits_of(std::string_view text) {
  if (text.size() < least_prefix || text.size() > 2 * IssueId::size) return std::nullopt;
  std::string digits;
  std::ranges::transform(text, std::back_inserter(digits), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  });
  if (!bytes_of_hex(digits + (digits.size() % 2 == 0 ? "" : "0"))) return std::nullopt;
  return digits;
}

std::vector<const Summary*> Board::starting_with(std::string_view digits) const {
  std::vector<const Summary*> found;
  const auto first = bytes_of_hex(digits.substr(0, digits.size() / 2 * 2)).value_or("");
  for (const Summary& each : issues_) {
    if (each.id.view().starts_with(first) && hex_of(each.id).starts_with(digits))
      found.push_back(&each);
  }
  std::ranges::sort(found, {}, &Summary::id);
  return found;
}

Result<IssueId> Board::resolve(std::string_view prefix) const {
  const auto digits = digits_of(prefix);
  if (!digits) {
    return fail(
        Errc::invalid_args,
        "\"" + std::string(prefix) + "\" is no issue id: at least 4 hexadecimal digits of one",
        {"hearth issues list"});
  }
  const std::string& wanted = *digits;
  const auto whole = id_of_hex<IssueId>(wanted);
  if (whole && find(*whole) != nullptr) return *whole;
  const auto found = whole ? std::vector<const Summary*>() : starting_with(wanted);
  if (found.size() == 1) return found.front()->id;
  if (found.empty()) {
    return fail(Errc::not_found, "there is no issue " + wanted, {"hearth issues list"});
  }
  Error error{
      Errc::invalid_args, std::to_string(found.size()) + " issues begin with " + wanted, {}};
  for (const Summary* each : std::span(found).first(std::min(found.size(), most_proposals))) {
    error.suggestions.push_back(hex_of(each->id) + " " + each->title);
  }
  return std::unexpected(std::move(error));
}

std::string Board::short_id(const IssueId& id) const {
  const auto found = prefixes_.find(prefix_of(id));
  const bool is_shared = found != prefixes_.end() && found->second > 1;
  return hex_of(id).substr(0, is_shared ? longer_short_id : usual_short_id);
}

}  // namespace hearth::packs::issues
