// git's trees and commits as bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/git/repository.hpp"

namespace hearth::packs::issues {

[[nodiscard]] std::string encode_tree(std::vector<TreeEntry> entries);
[[nodiscard]] Result<std::vector<TreeEntry>> decode_tree(std::string_view bytes);
[[nodiscard]] std::string encode_commit(const Commit& commit);
// Headers that are not known here (signatures, encodings) are passed over.
[[nodiscard]] Result<Commit> decode_commit(std::string_view bytes);

}  // namespace hearth::packs::issues
