// Which nodes of a syntax tree are definitions, language by language, and what they are called.
//
// One table of node types for each language; how the name is found is a property of the row. Names
// are taken as they stand in the source (`Foo::Bar`, `name=`), except where the table wants a plain
// identifier.
#pragma once

#include <tree_sitter/api.h>

#include <string_view>
#include <vector>

#include "packs/issues/engine/event.hpp"
#include "packs/issues/engine/symbols/language.hpp"

namespace hearth::packs::issues {

[[nodiscard]] const TSLanguage* grammar_of(Language language);

// In the order of the source, the outer before the inner.
[[nodiscard]] std::vector<Symbol> definitions_in(TSNode root,
                                                 Language language,
                                                 std::string_view text);

}  // namespace hearth::packs::issues
