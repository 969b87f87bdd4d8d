// Edits of JSON files that people keep by hand: comments, order and layout stay byte for byte.
//
// Understands JSON with // and /* */ comments and trailing commas (what VS Code, opencode and
// others read). Changes are insertions and replacements of single values in the text; the file is
// never written anew from its parsed form.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/json.hpp"

namespace hearth::cli {

// The text as plain JSON: comments and trailing commas gone. `invalid_args` with line and column
// for what is not even that.
[[nodiscard]] Result<json::Value> parse_jsonc(std::string_view text);

// `text` with `value` at `path` (member names from the root object). An object that is there keeps
// the members that `value` does not name. An empty text becomes a new document. Returns `text`
// itself when all is as wanted. `conflict` where the path leads through something that is no
// object.
[[nodiscard]] Result<std::string> merge_jsonc(std::string_view text,
                                              std::span<const std::string> path,
                                              const json::Value& value);

}  // namespace hearth::cli
