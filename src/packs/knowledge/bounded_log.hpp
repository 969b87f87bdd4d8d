// What an engine prints, in a file that does not grow without end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace hearth::packs::knowledge {

// Appends to `path` (0600). What would pass `most_bytes` begins a new file; the one before stays as
// `path`.1. Losing output is no reason to fail: errors are ignored. One thread at a time.
class BoundedLog final {
 public:
  BoundedLog(std::string path, std::size_t most_bytes);
  void append(std::string_view bytes);

 private:
  void open();

  const std::string path_;
  const std::size_t most_bytes_;
  UniqueFd file_;
  std::size_t size_ = 0;
};

}  // namespace hearth::packs::knowledge
