// Numbers and texts as bytes, for messages between processes of one machine and one build:
// numbers in the machine's order, texts behind their length.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace hearth::packs::sql {

class ByteWriter final {
 public:
  template <typename Number>
    requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
  void number(Number value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof value);
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Never reads beyond its end: what is missing is zero or empty, and is_good() false from then on.
class ByteReader final {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Number>
    requires std::is_arithmetic_v<Number>
  [[nodiscard]] Number number() {
    Number value{};
    if (const std::string_view raw = take(sizeof value); raw.size() == sizeof value) {
      std::ranges::copy(raw, reinterpret_cast<char*>(&value));
    }
    return value;
  }
  [[nodiscard]] bool flag() { return number<std::uint8_t>() != 0; }
  // One of the enumerators up to `last`.
  template <typename Enum>
  [[nodiscard]] Enum one_of(Enum last) {
    const auto value = number<std::underlying_type_t<Enum>>();
    if (value > static_cast<std::underlying_type_t<Enum>>(last)) {
      is_good_ = false;
      return {};
    }
    return static_cast<Enum>(value);
  }
  [[nodiscard]] std::string_view text() { return take(number<std::uint32_t>()); }
  // The number of things that follow, of at least `least` bytes each: never more than can be there.
  [[nodiscard]] std::size_t count(std::size_t least) {
    const auto value = number<std::uint32_t>();
    if (value > rest_.size() / least) is_good_ = false;
    return is_good_ ? value : 0;
  }
  [[nodiscard]] bool is_good() const { return is_good_; }
  // Whether all was there and nothing is left.
  [[nodiscard]] bool is_done() const { return is_good_ && rest_.empty(); }

 private:
  [[nodiscard]] std::string_view take(std::size_t size) {
    if (!is_good_ || size > rest_.size()) {
      is_good_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

}  // namespace hearth::packs::sql
