// Cuts a file into the passages that become entries: large enough to make sense alone, small enough
// to be read whole.
//
// Markdown is cut at its headings; the title of a passage is the path of headings above it
// ("Install › On Debian"). Other text, and long sections, are cut at blank lines, then at line
// ends. Cutting depends on the content before a passage only as far as the section reaches, so that
// an edit changes the passages around it and no others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::packs::knowledge {

inline constexpr std::size_t chunk_bytes = 2000;  // aimed at
inline constexpr std::size_t most_chunk_bytes = 4000;

struct Chunk {
  std::string title;
  std::string text;
  std::int64_t line = 1;  // of its first line, from 1
  std::string hash;       // of title and text
};

// `name` stands as the title of what has no heading.
[[nodiscard]] std::vector<Chunk> chunk_markdown(std::string_view name, std::string_view content);
[[nodiscard]] std::vector<Chunk> chunk_text(std::string_view name, std::string_view content);

}  // namespace hearth::packs::knowledge
