#include "packs/issues/engine/cbor.hpp"

#include <algorithm>

#include "search/text/unicode.hpp"

namespace hearth::packs::issues {
namespace {

enum Major : unsigned { unsigned_major, negative, bytes, text, array, map, tag, simple };
constexpr unsigned null_info = 22;
constexpr unsigned open_info = 31;
constexpr char break_byte = '\xff';

void append_head(std::string& out, Major major, std::uint64_t value) {
  const auto begin = static_cast<unsigned char>(major << 5);
  int size = 0;
  if (value < 24) {
    out.push_back(static_cast<char>(begin | value));
  } else if (value <= 0xff) {
    out.push_back(static_cast<char>(begin | 24));
    size = 1;
  } else if (value <= 0xffff) {
    out.push_back(static_cast<char>(begin | 25));
    size = 2;
  } else if (value <= 0xffff'ffff) {
    out.push_back(static_cast<char>(begin | 26));
    size = 4;
  } else {
    out.push_back(static_cast<char>(begin | 27));
    size = 8;
  }
  for (int i = size - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

void append_cbor_unsigned(std::string& out, std::uint64_t value) {
  append_head(out, unsigned_major, value);
}

void append_cbor_bytes(std::string& out, std::string_view content) {
  append_head(out, bytes, content.size());
  out.append(content);
}

void append_cbor_text(std::string& out, std::string_view content) {
  append_head(out, text, content.size());
  out.append(content);
}

void append_cbor_array(std::string& out, std::uint64_t count) {
  append_head(out, array, count);
}

void append_cbor_null(std::string& out) {
  out.push_back(static_cast<char>(simple << 5 | null_info));
}

void CborReader::fail(std::string_view why) {
  if (!ok()) return;
  error_ = std::string(why) + " at byte " + std::to_string(at_);
}

std::string_view CborReader::take(std::uint64_t count) {
  if (!ok()) return {};
  if (count > bytes_.size() - at_) {
    fail("cut short");
    return {};
  }
  const std::string_view part = bytes_.substr(at_, count);
  at_ += count;
  return part;
}

CborReader::Head CborReader::read_head() {
  const std::string_view first = take(1);
  if (first.empty()) return {};
  const auto byte = static_cast<unsigned char>(first.front());
  Head head{
      .major = static_cast<unsigned>(byte) >> 5U, .is_open = false, .value = 0, .info = byte & 31U};
  if (head.info < 24) {
    head.value = head.info;
  } else if (head.info < 28) {
    for (const char next : take(std::uint64_t{1} << (head.info - 24))) {
      head.value = head.value << 8 | static_cast<unsigned char>(next);
    }
  } else if (head.info == open_info && head.major >= bytes && head.major <= map) {
    head.is_open = true;
  } else {
    fail("not CBOR");
  }
  return head;
}

CborReader::Head CborReader::read_untagged_head() {
  for (int tags = 0; tags < most_depth; ++tags) {
    const Head head = read_head();
    if (head.major != tag) return head;
  }
  fail("too many tags");
  return {};
}

bool CborReader::take_break() {
  if (!ok() || at_ >= bytes_.size() || bytes_[at_] != break_byte) return false;
  ++at_;
  return true;
}

std::uint64_t CborReader::read_unsigned() {
  const Head head = read_untagged_head();
  if (ok() && head.major != unsigned_major) fail("expected an unsigned integer");
  return ok() ? head.value : 0;
}

std::string CborReader::read_string(unsigned major) {
  const Head head = read_untagged_head();
  if (ok() && head.major != major) fail(major == text ? "expected a text" : "expected bytes");
  if (!ok()) return {};
  if (!head.is_open) return std::string(take(head.value));
  std::string whole;
  while (ok() && !take_break()) {
    const Head part = read_head();
    if (ok() && (part.major != major || part.is_open)) fail("expected a part of a string");
    whole.append(take(part.value));
  }
  return ok() ? whole : std::string();
}

std::string CborReader::read_bytes() {
  return read_string(bytes);
}

// In one piece as a rule, and then without a copy in between: an event has three of them.
void CborReader::read_bytes(std::span<std::uint8_t> to) {
  const std::size_t begin = at_;
  const Head head = read_untagged_head();
  std::string joined;
  std::string_view content;
  if (ok() && head.is_open) {
    at_ = begin;
    joined = read_string(bytes);
    content = joined;
  } else {
    if (ok() && head.major != bytes) fail("expected bytes");
    content = take(head.value);
  }
  if (ok() && content.size() != to.size()) fail("expected bytes of another length");
  if (!ok()) return;
  std::ranges::transform(content, to.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
}

std::string CborReader::read_text() {
  std::string read = read_string(text);
  if (!search::text::is_utf8(read)) {
    fail("expected UTF-8");
    read.clear();
  }
  return read;
}

bool CborReader::take_null() {
  if (!ok() || at_ >= bytes_.size()) return false;
  if (static_cast<unsigned char>(bytes_[at_]) != (simple << 5 | null_info)) return false;
  ++at_;
  return true;
}

CborReader::Array CborReader::begin_array() {
  const Head head = read_untagged_head();
  if (ok() && head.major != array) fail("expected an array");
  if (!ok()) return {.left = 0};
  if (head.is_open) return {.left = std::nullopt};
  return {.left = head.value};
}

bool CborReader::next(Array& items) {
  if (!ok()) return false;
  if (!items.left) return !take_break();
  if (*items.left == 0) return false;
  --*items.left;
  return true;
}

void CborReader::end(Array& items) {
  if (!ok()) return;
  const bool is_over = items.left ? *items.left == 0 : take_break();
  if (!is_over) fail("expected the end of an array");
}

void CborReader::skip() {
  skip(0);
}

void CborReader::skip(int depth) {
  if (depth >= most_depth) return fail("nested too deep");
  const Head head = read_untagged_head();
  if (!ok() || head.major == unsigned_major || head.major == negative || head.major == simple) {
    return;
  }
  if (head.major == bytes || head.major == text) {
    if (!head.is_open) {
      (void)take(head.value);
      return;
    }
    while (ok() && !take_break()) skip(depth + 1);
    return;
  }
  if (head.major == map && head.value > bytes_.size()) return fail("cut short");
  Array items{head.is_open ? std::nullopt
                           : std::optional(head.major == map ? 2 * head.value : head.value)};
  while (next(items)) skip(depth + 1);
}

}  // namespace hearth::packs::issues
