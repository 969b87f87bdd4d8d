// The symbols of one source file, by tree-sitter: the syntax tree is walked once, and the nodes
// that docs/formats/issue-symbols.md lists for the language become symbols.
//
// Pure functions, callable on any thread; a parse takes some 0.2 s a MiB and belongs on a
// pool. Broken source has symbols too: the parser recovers and goes on.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/issues/engine/event.hpp"
#include "packs/issues/engine/symbols/language.hpp"

namespace hearth::packs::issues {

struct ExtractLimits {
  std::size_t most_bytes = 1UL << 20;  // the tree takes some 30 times as much
  MonotonicTime deadline = MonotonicTime::max();
  std::stop_token stop = {};
};

// Whether this program was built with the grammars.
[[nodiscard]] bool has_symbols();

// Sorted by line, at one line the more specific kind first; neighbours of one name at one line are
// one symbol. `unsupported` without the grammars, and for text that is no UTF-8; `invalid_args`
// beyond most_bytes; `timed_out`; `cancelled`.
[[nodiscard]] Result<std::vector<Symbol>> extract_symbols(Language language,
                                                          std::string_view text,
                                                          const ExtractLimits& limits = {});

}  // namespace hearth::packs::issues
