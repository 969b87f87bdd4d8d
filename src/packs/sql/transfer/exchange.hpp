// Files of one call in the directory that an engine's process may read and write: what is to be
// loaded, and what was exported before it goes where the caller wants it. Blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::sql {

// Files are read and written in pieces of this size.
inline constexpr std::size_t piece_bytes = std::size_t{1} << 20;

// Its files go when it goes; what a killed daemon has left goes with the first call a day later.
class Exchange final {
 public:
  static constexpr std::chrono::hours one_day{24};
  // `directory` is made if need be, 0700. What was put there longer ago is removed.
  [[nodiscard]] static Result<Exchange> open(const std::string& directory,
                                             std::chrono::seconds longest_use = one_day);
  Exchange(Exchange&& other) noexcept = default;
  Exchange& operator=(Exchange&&) = delete;
  ~Exchange();

  // A new name that ends in `suffix`.
  [[nodiscard]] std::string new_path(std::string_view suffix);
  // Makes the file at `path`, a canonical path, readable under a new name: as another name of the
  // same file where that can be, else as a copy. What has become another kind of file since is
  // refused.
  [[nodiscard]] Result<std::string> bring(const std::string& path,
                                          std::string_view suffix,
                                          const std::stop_token& stop);
  // A new file with what `write` gives piece by piece, until it gives nothing.
  [[nodiscard]] Result<std::string> write(std::string_view suffix,
                                          const std::function<Result<std::string>()>& next);

 private:
  explicit Exchange(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
  std::vector<std::string> made_;
};

// Moves a file that is complete to where it is wanted, by way of a name beside it: there it is
// whole, or not at all. Without `replaces` a file that is there stays, and is a `conflict`.
[[nodiscard]] Result<void> deliver(const std::string& from, const std::string& to, bool replaces);

}  // namespace hearth::packs::sql
