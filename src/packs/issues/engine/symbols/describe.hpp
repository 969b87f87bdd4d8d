// What the log keeps of a source file, from its path and its bytes.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "packs/issues/engine/event.hpp"
#include "packs/issues/engine/symbols/extract.hpp"

namespace hearth::packs::issues {

// `path` as git lists it. Errors of extract_symbols; `unsupported` also for files of other kinds.
[[nodiscard]] Result<ContextUpdated> describe_file(std::string_view path,
                                                   std::string_view bytes,
                                                   const ExtractLimits& limits = {});

}  // namespace hearth::packs::issues
