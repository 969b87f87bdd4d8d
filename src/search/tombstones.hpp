// Which documents of a generation are gone: one bit each.
//
// Immutable: to delete is to make another set, which shares all pages but those that changed. So a
// search keeps the set it began with, and a new set costs a page, whatever the size of the
// generation. A set from a file shares the mapped bytes.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "search/generation.hpp"

namespace hearth::search {

inline constexpr FileKind tombstones_kind = file_kind("tomb", 1);

class Tombstones final {
 public:
  explicit Tombstones(std::uint32_t documents);
  // `damaged` when the file is not one for so many documents.
  [[nodiscard]] static Result<Tombstones> read(const std::shared_ptr<const Generation>& file,
                                               std::uint32_t documents);

  // The same and `documents`, of which some may be there already. What each weighs is the index's
  // business: a text index counts the words that are gone.
  [[nodiscard]] Tombstones with(
      std::span<const std::uint32_t> documents,
      const std::function<std::uint64_t(std::uint32_t)>& weight_of = {}) const;
  void write(GenerationWriter& writer) const;

  // False beyond the end.
  [[nodiscard]] bool contains(std::uint32_t document) const {
    const std::size_t page = document / bits_of_page;
    if (page >= pages_.size() || !pages_[page]) return false;
    return ((*pages_[page])[document % bits_of_page / 64] >> (document % 64) & 1) != 0;
  }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::uint32_t documents() const { return documents_; }
  [[nodiscard]] std::uint64_t weight() const { return weight_; }  // of all of them
  [[nodiscard]] bool empty() const { return count_ == 0; }
  // Those of this set that `before` lacks, ascending.
  [[nodiscard]] std::vector<std::uint32_t> added_since(const Tombstones& before) const;

 private:
  static constexpr std::size_t words_of_page = 512;
  static constexpr std::size_t bits_of_page = words_of_page * 64;
  using Page = std::array<std::uint64_t, words_of_page>;

  std::uint32_t documents_;
  std::uint32_t count_ = 0;
  std::uint64_t weight_ = 0;
  std::vector<std::shared_ptr<const Page>> pages_;  // null: no bit set; shared by the sets
};

}  // namespace hearth::search
