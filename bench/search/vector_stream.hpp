// A fifth of an index replaced while it is searched.
#pragma once

#include <string>

namespace hearth::bench {

// Of the vectors that `bench_vectors make` left in `directory`: `rate` inserts a second, so many in
// a commit, while one thread searches and another merges. Prints recall@10 and the latencies of
// searches before, meanwhile, after, and after the last merge; and how many inserts a second there
// could have been.
void stream(const std::string& directory, std::size_t rate, std::size_t in_a_commit);

}  // namespace hearth::bench
