// Numbers in byte strings: fixed-width little-endian ones, which a mapped file is read by in place,
// and variable-length ones (LEB128: seven bits a byte, the low ones first, the top bit set on all
// but the last).
//
// What is read comes from files and is never trusted: a ByteReader cannot leave its bytes.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace hearth::search {

static_assert(std::endian::native == std::endian::little,
              "files are mapped and read in place: a big-endian machine would need its own format");

template <typename T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] inline T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// From the front of `bytes`, which has as many.
template <typename T>
[[nodiscard]] inline T load(std::string_view bytes) {
  return load<T>(static_cast<const char*>(bytes.begin()));
}

template <typename T>
  requires std::is_trivially_copyable_v<T>
inline void append_fixed(std::string& out, const T& value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

inline constexpr std::size_t longest_varint = 10;

inline void append_varint(std::string& out, std::uint64_t value) {
  char bytes[longest_varint];
  std::size_t size = 0;
  while (value >= 0x80) {
    bytes[size++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, size);
}

// `bytes[offset, offset + size)`, or nothing where that is not inside.
[[nodiscard]] inline std::optional<std::string_view> slice(std::string_view bytes,
                                                           std::uint64_t offset,
                                                           std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.substr(offset, size);
}

// An array of numbers in place. Any index beyond its end reads as 0.
template <typename T>
class ArrayView {
 public:
  ArrayView() = default;
  explicit ArrayView(std::string_view bytes)
      : data_(bytes.data()), size_(bytes.size() / sizeof(T)) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T operator[](std::size_t index) const {
    return index < size_ ? load<T>(data_ + index * sizeof(T)) : T{};
  }
  // For an index that is known to be inside.
  [[nodiscard]] T unchecked(std::size_t index) const { return load<T>(data_ + index * sizeof(T)); }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

// Reads from the front. The first read that would leave the bytes, and all after it, give 0 or
// nothing; `failed` tells.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool is_at_end() const { return at_ == end_; }
  [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] const char* position() const { return at_; }

  [[nodiscard]] std::uint64_t varint() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      return static_cast<unsigned char>(*at_++);
    }
    return long_varint();
  }

  [[nodiscard]] std::string_view take(std::uint64_t size) {
    if (size > remaining()) {
      fail();
      return {};
    }
    const std::string_view taken(at_, size);
    at_ += size;
    return taken;
  }

 private:
  void fail() {
    failed_ = true;
    at_ = end_;
  }

  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace hearth::search
