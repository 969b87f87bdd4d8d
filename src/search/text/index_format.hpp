// How generations of texts are read, written and chosen for merging.
#pragma once

#include <memory>

#include "search/generations.hpp"
#include "search/text/index.hpp"

namespace hearth::search::text {

[[nodiscard]] std::unique_ptr<const IndexFormat> make_format(const IndexOptions& options);

// Several parts into one in memory.
[[nodiscard]] Result<Part> merge_in_memory(std::span<const Part> parts);

}  // namespace hearth::search::text
