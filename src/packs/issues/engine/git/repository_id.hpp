// Which repository lies at a path: a random name in the file hearth/id below its common git
// directory, made with the first write.
//
// It moves and is copied with the directory, and comes back with a backup; a clone has none. (The
// number of the directory's file would do for none of these, and is given again on some file
// systems, or another one after each mount.)
#pragma once

#include <string>

#include "base/result.hpp"

namespace hearth::packs::issues {

// 32 hexadecimal digits; empty where there is none.
[[nodiscard]] Result<std::string> read_repository_id(const std::string& common_directory);
// Makes one where there is none. The write lock is held.
[[nodiscard]] Result<void> make_repository_id(const std::string& common_directory);

}  // namespace hearth::packs::issues
