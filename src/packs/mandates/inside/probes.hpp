// Attempts to break out, made from where a command runs: the inner half of the sandbox's self-test.
#pragma once

#include <string_view>

namespace hearth::packs::mandates::inside {

// In place of a command's program.
inline constexpr std::string_view probe_word = "hearth:probe";

// What its first argument says:
//   walls      prints one line for each: "name holds" or "name broken: what was possible";
//   "landlock absent" where the
//              kernel has none. Standard input names, one a line, what must not be reachable: "file
//              PATH", "variable NAME", "process PID". Harmless whatever is broken: it opens, but
//              writes and ends nothing.
//   memory     of its own until it gets no more, says "limited", then shared, up to four times as
//   much as it may have processes  as many as it gets; says how many; one stays behind, with a lock
//   on the file "lock" sleep, output  until it is ended
// Returns the exit status.
[[nodiscard]] int run_probe(std::string_view what);

}  // namespace hearth::packs::mandates::inside
