// A fifth of an index replaced while it is searched.
#pragma once

#include <string>

namespace hearth::bench {

// Of the vectors that `bench_vectors make` left in `directory`. Prints recall@10 and the latencies
// of searches before, meanwhile, after, and after the merge; and the inserts a second.
void stream(const std::string& directory);

}  // namespace hearth::bench
