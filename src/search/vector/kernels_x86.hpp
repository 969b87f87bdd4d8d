// The kernels for x86, each compiled for its own instructions and used where these are.
#pragma once

#include <vector>

#include "search/vector/kernels.hpp"

namespace hearth::search::vector {

// Appends those that this processor has, the best first; none on others.
void add_x86_kernels(std::vector<Kernels>& to);

}  // namespace hearth::search::vector
