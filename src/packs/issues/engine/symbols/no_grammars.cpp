// Extraction of a build without the grammars.
#include "packs/issues/engine/symbols/extract.hpp"

namespace hearth::packs::issues {

bool has_symbols() {
  return false;
}

Result<std::vector<Symbol>> extract_symbols(Language, std::string_view, const ExtractLimits&) {
  return fail(Errc::unsupported, "this hearth was built without tree-sitter's grammars",
              {"run scripts/setup where npm reaches a registry, then build again"});
}

}  // namespace hearth::packs::issues
