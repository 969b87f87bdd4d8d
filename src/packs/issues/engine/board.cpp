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

Result<IssueId> Board::resolve(std::string_view prefix) const {
  const std::string text(prefix);
  if (prefix.size() < least_prefix || prefix.size() > 2 * IssueId::size ||
      !bytes_of_hex(text + (text.size() % 2 == 0 ? "" : "0"))) {
    return fail(Errc::invalid_args,
                "\"" + text + "\" is no issue id: at least 4 hexadecimal digits of one",
                {"hearth issues list"});
  }
  std::string wanted;
  std::ranges::transform(text, std::back_inserter(wanted), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  });
  std::vector<const Summary*> found;
  if (const auto whole = id_of_hex<IssueId>(wanted)) {
    if (const Summary* issue = find(*whole)) return issue->id;
  } else {
    const auto first = bytes_of_hex(wanted.substr(0, wanted.size() / 2 * 2)).value_or("");
    for (const Summary& each : issues_) {
      if (!each.id.view().starts_with(first)) continue;
      if (hex_of(each.id).starts_with(wanted)) found.push_back(&each);
    }
  }
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
