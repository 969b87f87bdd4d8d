// All issues of a repository as lists need them, in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/issue.hpp"
#include "packs/issues/engine/issue_graph.hpp"

namespace hearth::packs::issues {

// A value; whoever shares it guards it.
class Board final {
 public:
  static constexpr std::size_t least_prefix = 4;

  void put(Summary summary, std::int64_t row);
  void clear();
  void reserve(std::size_t count);

  // In no order that means anything.
  [[nodiscard]] std::span<const Summary> issues() const { return issues_; }
  [[nodiscard]] const Summary* find(const IssueId& id) const;
  [[nodiscard]] const Summary* find_row(std::int64_t row) const;
  // What links the issues; built when it is asked for after a change. Until the next change.
  [[nodiscard]] const IssueGraph& graph() const;
  // What may be a prefix of an id, in small letters: 4 to 32 hexadecimal digits.
  [[nodiscard]] static std::optional<std::string> digits_of(std::string_view text);
  // The issues whose ids begin with such digits, by id.
  [[nodiscard]] std::vector<const Summary*> starting_with(std::string_view digits) const;
  // By the whole id or a prefix of at least 4 digits. `not_found`; `invalid_args` when it is too
  // short, no id or ambiguous, with those that it may be.
  [[nodiscard]] Result<IssueId> resolve(std::string_view prefix) const;
  // Its first 8 digits, more where others begin with them, too.
  [[nodiscard]] std::string short_id(const IssueId& id) const;

 private:
  std::vector<Summary> issues_;
  std::unordered_map<IssueId, std::size_t> places_;
  std::unordered_map<std::int64_t, std::size_t> rows_;
  std::unordered_map<std::uint32_t, int> prefixes_;  // of 8 digits: how many begin so
  mutable std::optional<IssueGraph> graph_;
};

}  // namespace hearth::packs::issues
