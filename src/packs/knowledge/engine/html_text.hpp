// What there is to read on a page of HTML, as Markdown.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::packs::knowledge {

// Headings, paragraphs, lists, preformatted text and links' words; scripts, styles, navigation and
// buttons are left out. The title stands first. Any bytes are a page; deeply nested ones are
// `unsupported`.
[[nodiscard]] Result<std::string> html_to_markdown(std::string_view html);

}  // namespace hearth::packs::knowledge
