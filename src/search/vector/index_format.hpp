// How generations of vectors are read, built, written and chosen for merging.
#pragma once

#include <memory>

#include "search/generations.hpp"
#include "search/vector/index.hpp"

namespace hearth::search::vector {

[[nodiscard]] std::unique_ptr<const IndexFormat> make_format(const Schema& schema,
                                                             const IndexOptions& options);

}  // namespace hearth::search::vector
