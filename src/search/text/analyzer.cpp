#include "search/text/analyzer.hpp"

#include <algorithm>
#include <array>

#include "search/text/unicode.hpp"

namespace hearth::search::text {
namespace {

constexpr std::array<CodeClass, 128> make_ascii_classes() {
  std::array<CodeClass, 128> classes{};
  for (std::size_t c = 'a'; c <= 'z'; ++c) classes[c] = CodeClass::letter;
  for (std::size_t c = 'A'; c <= 'Z'; ++c) classes[c] = CodeClass::upper;
  for (std::size_t c = '0'; c <= '9'; ++c) classes[c] = CodeClass::digit;
  return classes;
}
constexpr std::array<CodeClass, 128> ascii_classes = make_ascii_classes();

struct Code {
  char32_t code;
  std::uint32_t size;
  CodeClass kind;
};

Code code_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {byte, 1, ascii_classes[byte]};
  const DecodedCode decoded = decode_utf8(text.substr(at));
  return {decoded.code, decoded.size, class_of(decoded.code)};
}

void fold_onto(std::string& out, char32_t code) {
  if (code >= 0x80) return append_folded(out, code);
  out += static_cast<char>(code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code);
}

// Whether a new part of an identifier begins between two characters: foo|Bar, sha|256, 2|d, and
// before the last of several capitals, HTTP|Server.
bool begins_part(CodeClass before, CodeClass here, CodeClass after) {
  if (before == CodeClass::letter && here == CodeClass::upper) return true;
  if ((before == CodeClass::digit) != (here == CodeClass::digit)) return true;
  return before == CodeClass::upper && here == CodeClass::upper && after == CodeClass::letter;
}

// The greatest length of `term` that ends with a whole character and is at most `limit`.
std::size_t cut_length(std::string_view term, std::size_t limit) {
  if (term.size() <= limit) return term.size();
  while (limit > 0 && (static_cast<unsigned char>(term[limit]) & 0xC0) == 0x80) --limit;
  return limit;
}

}  // namespace

void TokenStream::reset(std::string_view text) {
  text_ = text;
  at_ = 0;
  position_ = 0;
  parts_.clear();
  next_part_ = 0;
}

bool TokenStream::next(Token& token) {
  if (next_part_ == parts_.size() && !read_word()) return false;
  const Part& part = parts_[next_part_++];
  const std::string_view term =
      std::string_view(folded_).substr(part.term_begin, part.term_end - part.term_begin);
  token.term = term.substr(0, cut_length(term, most_term_bytes));
  token.kind = part.kind;
  token.position = position_;
  token.begin = part.begin;
  token.end = part.end;
  if (part.advances) ++position_;
  return true;
}

bool TokenStream::read_word() {
  parts_.clear();
  folded_.clear();
  next_part_ = 0;
  while (at_ < text_.size() && parts_.empty()) {
    const Code code = code_at(text_, at_);
    if (code.kind == CodeClass::separator || code.kind == CodeClass::dropped) {
      at_ += code.size;
    } else if (code.kind == CodeClass::ideograph) {
      read_ideographs(at_);
    } else if (!read_ascii_word(at_)) {
      read_mixed_word(at_);
    }
  }
  return !parts_.empty();
}

// The common case: lower-case ASCII letters, perhaps with one capital in front. False, and nothing
// read, for other words.
bool TokenStream::read_ascii_word(std::size_t begin) {
  std::size_t end = begin;
  if (text_[end] >= 'A' && text_[end] <= 'Z') ++end;
  while (end < text_.size() && text_[end] >= 'a' && text_[end] <= 'z') ++end;
  if (end == begin) return false;
  if (end < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[end]);
    if (byte >= 0x80 || ascii_classes[byte] != CodeClass::separator) return false;
  }
  folded_.assign(text_.substr(begin, end - begin));
  folded_[0] = static_cast<char>(folded_[0] | 0x20);
  parts_.push_back({0, folded_.size(), begin, end, TokenKind::word, true});
  at_ = end;
  return true;
}

void TokenStream::read_mixed_word(std::size_t begin) {
  std::size_t end = begin;
  std::size_t part_begin = begin;
  std::size_t term_begin = 0;
  CodeClass before = CodeClass::separator;
  while (end < text_.size()) {
    const Code code = code_at(text_, end);
    if (code.kind == CodeClass::separator || code.kind == CodeClass::ideograph) break;
    if (code.kind != CodeClass::dropped) {
      if (before != CodeClass::separator) {
        CodeClass after = CodeClass::separator;
        if (end + code.size < text_.size()) after = code_at(text_, end + code.size).kind;
        if (begins_part(before, code.kind, after)) {
          add_part(term_begin, part_begin, end);
          part_begin = end;
          term_begin = folded_.size();
        }
      }
      before = code.kind;
      fold_onto(folded_, code.code);
    }
    end += code.size;
  }
  add_part(term_begin, part_begin, end);
  finish_parts(begin, end);
  at_ = end;
}

void TokenStream::add_part(std::size_t term_begin, std::size_t begin, std::size_t end) {
  if (folded_.size() > term_begin) {
    parts_.push_back({term_begin, folded_.size(), begin, end, TokenKind::word, true});
  }
}

// The parts' terms lie side by side in folded_: together they are the whole.
void TokenStream::finish_parts(std::size_t begin, std::size_t end) {
  if (parts_.size() < 2) return;
  parts_.insert(parts_.begin(), {0, folded_.size(), begin, end, TokenKind::whole, false});
}

void TokenStream::read_ideographs(std::size_t begin) {
  std::size_t end = begin;
  std::size_t previous_begin = 0;
  std::size_t previous_term = 0;
  bool has_previous = false;
  while (end < text_.size()) {
    const Code code = code_at(text_, end);
    if (code.kind == CodeClass::dropped) {
      end += code.size;
      continue;
    }
    if (code.kind != CodeClass::ideograph) break;
    const std::size_t term_begin = folded_.size();
    fold_onto(folded_, code.code);
    if (has_previous) {
      parts_.push_back({previous_term, folded_.size(), previous_begin, end + code.size,
                        TokenKind::bigram, true});
    }
    previous_begin = end;
    previous_term = term_begin;
    has_previous = true;
    end += code.size;
  }
  parts_.push_back({previous_term, folded_.size(), previous_begin, end, TokenKind::single, true});
  at_ = end;
}

}  // namespace hearth::search::text
