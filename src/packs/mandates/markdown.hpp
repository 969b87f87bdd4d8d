// Markdown (CommonMark) around texts that are nobody's markup: whatever they hold is read as what
// it is, by people and by programs. No heading, link, picture or HTML comes out of them, and
// nothing that a terminal would obey.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::packs::mandates {

class Markdown final {
 public:
  void heading(int level, std::string_view text);
  void paragraph(std::string_view text);
  // Of a list. Nothing where the text is empty.
  void item(std::string_view label, std::string_view text);
  // Line by line as it is.
  void block(std::string_view text);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void begin_block();

  std::string text_;
  bool is_in_list_ = false;
};

// The same text with the lines of its blocks broken at so many columns, the rest behind "… ": a
// page is no window that can be scrolled.
[[nodiscard]] std::string broken_blocks(std::string_view markdown, std::size_t columns);

}  // namespace hearth::packs::mandates
