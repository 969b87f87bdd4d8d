#include "packs/knowledge/engine/chunker.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ids.hpp"
#include "packs/knowledge/engine/entry.hpp"

namespace hearth::packs::knowledge {
namespace {

struct Line {
  std::string_view text;   // without its end
  std::string_view whole;  // with it
  std::int64_t number = 1;
};

class Lines {
 public:
  explicit Lines(std::string_view content) : rest_(content) {}
  bool next(Line& line) {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line.whole = rest_.substr(0, end == std::string_view::npos ? end : end + 1);
    line.text = rest_.substr(0, end);
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    line.number = ++number_;
    rest_.remove_prefix(line.whole.size());
    return true;
  }

 private:
  std::string_view rest_;
  std::int64_t number_ = 0;
};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

// Collects lines into chunks of one title.
class Cutter {
 public:
  explicit Cutter(std::vector<Chunk>& chunks) : chunks_(chunks) {}

  void begin_section(std::string_view title) {
    flush();
    title_ = utf8_prefix(title, most_title_bytes);
  }

  void add(const Line& line) {
    // A blank line ends a passage that is long enough; a passage that is too long ends anywhere.
    const bool is_break = is_blank(line.text) && text_.size() >= chunk_bytes;
    if (is_break || text_.size() + line.whole.size() > most_chunk_bytes) flush();
    if (text_.empty()) {
      if (is_blank(line.text)) return;
      line_ = line.number;
    }
    text_.append(line.whole);
    while (text_.size() > most_chunk_bytes) cut_long_line();
  }

  void flush() {
    const std::string_view text = trimmed_end(text_);
    if (!text.empty()) push(text);
    text_.clear();
  }

 private:
  static std::string_view trimmed_end(std::string_view text) {
    const std::size_t last = text.find_last_not_of(" \t\r\n\f\v");
    return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
  }

  void cut_long_line() {
    std::string_view head = utf8_prefix(text_, most_chunk_bytes);
    // What is no UTF-8 may have no border to cut at.
    if (head.empty()) head = std::string_view(text_).substr(0, most_chunk_bytes);
    push(head);
    text_.erase(0, head.size());
  }

  void push(std::string_view text) {
    if (is_blank(text)) return;
    Chunk& chunk = chunks_.emplace_back();
    chunk.title = title_;
    chunk.text = text;
    chunk.line = line_;
    chunk.hash = fingerprint_hex(title_ + '\0' + chunk.text);
  }

  std::vector<Chunk>& chunks_;
  std::string title_;
  std::string text_;
  std::int64_t line_ = 1;
};

// The level of "## Heading", 0 if the line is none.
std::size_t heading_level(std::string_view text) {
  const std::size_t indent = text.find_first_not_of(' ');
  if (indent == std::string_view::npos || indent > 3) return 0;
  text.remove_prefix(indent);
  const std::size_t level = std::min(text.find_first_not_of('#'), text.size());
  if (level < 1 || level > 6) return 0;
  return level == text.size() || text[level] == ' ' || text[level] == '\t' ? level : 0;
}

std::string heading_text(std::string_view text) {
  text = trimmed(text);
  text.remove_prefix(std::min(text.find_first_not_of('#'), text.size()));
  text = trimmed(text);
  const std::size_t last = text.find_last_not_of('#');  // "## Closed ##"
  if (last != std::string_view::npos && last + 1 < text.size() && text[last] == ' ') {
    text = trimmed(text.substr(0, last));
  }
  return std::string(text);
}

// The marks that open or close a block of code: "```" or "~~~", at least three.
std::string_view fence(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || (text[0] != '`' && text[0] != '~')) return {};
  const std::size_t length = std::min(text.find_first_not_of(text[0]), text.size());
  return length < 3 ? std::string_view() : text.substr(0, length);
}

class MarkdownCutter {
 public:
  MarkdownCutter(std::string_view name, std::vector<Chunk>& chunks) : name_(name), cutter_(chunks) {
    cutter_.begin_section(name_);
  }

  void add(const Line& line) {
    const std::string_view marks = fence(line.text);
    if (!open_fence_.empty()) {
      const bool closes = marks.starts_with(open_fence_) && trimmed(line.text) == marks;
      cutter_.add(line);
      if (closes) open_fence_.clear();
      return;
    }
    open_fence_ = marks;
    const std::size_t level = marks.empty() ? heading_level(line.text) : 0;
    if (level == 0) return cutter_.add(line);
    // The words of a heading are the title's: a section without a text of its own makes no chunk.
    open_section(level, heading_text(line.text));
  }

  void finish() { cutter_.flush(); }

 private:
  void open_section(std::size_t level, std::string text) {
    for (std::size_t deeper = level; deeper <= path_.size(); ++deeper) path_[deeper - 1].clear();
    path_[level - 1] = std::move(text);
    std::string title;
    for (const std::string& part : path_) {
      if (!part.empty()) title.append(title.empty() ? "" : " › ").append(part);
    }
    cutter_.begin_section(title.empty() ? name_ : title);
  }

  std::string name_;
  Cutter cutter_;
  std::array<std::string, 6> path_;
  std::string open_fence_;
};

}  // namespace

std::vector<Chunk> chunk_markdown(std::string_view name, std::string_view content) {
  std::vector<Chunk> chunks;
  MarkdownCutter cutter(name, chunks);
  Lines lines(content);
  for (Line line; lines.next(line);) cutter.add(line);
  cutter.finish();
  return chunks;
}

std::vector<Chunk> chunk_text(std::string_view name, std::string_view content) {
  std::vector<Chunk> chunks;
  Cutter cutter(chunks);
  cutter.begin_section(name);
  Lines lines(content);
  for (Line line; lines.next(line);) cutter.add(line);
  cutter.flush();
  return chunks;
}

}  // namespace hearth::packs::knowledge
