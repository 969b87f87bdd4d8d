// The identifiers of the issue log (docs/formats/issues.md): raw bytes here, lower-case hexadecimal
// in texts. Each kind is a type of its own, so that none is taken for another.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::packs::issues {

template <typename Tag, std::size_t Size>
struct Identifier {
  static constexpr std::size_t size = Size;
  std::array<std::uint8_t, Size> bytes{};
  auto operator<=>(const Identifier&) const = default;

  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), Size};
  }
  // `raw` has at least Size bytes.
  [[nodiscard]] static Identifier of(std::string_view raw) {
    Identifier id;
    for (std::size_t i = 0; i < Size; ++i) id.bytes[i] = static_cast<std::uint8_t>(raw[i]);
    return id;
  }
};

using ActorId = Identifier<struct ActorTag, 16>;    // who wrote an event
using IssueId = Identifier<struct IssueTag, 16>;    //
using EventId = Identifier<struct EventTag, 32>;    // BLAKE2b-256 of what the event says
using Sha256 = Identifier<struct Sha256Tag, 32>;    // of an attachment's or a source file's bytes
using ChunkHash = Identifier<struct ChunkTag, 32>;  // BLAKE2b-256 of a whole chunk
using CommitId = Identifier<struct CommitTag, 20>;  // a git object

[[nodiscard]] std::string hex_of(std::string_view bytes);
// The bytes; nothing when the text is not an even number of hexadecimal digits.
[[nodiscard]] std::optional<std::string> bytes_of_hex(std::string_view hex);

template <typename Tag, std::size_t Size>
[[nodiscard]] std::string hex_of(const Identifier<Tag, Size>& id) {
  return hex_of(id.view());
}
template <typename Id>
[[nodiscard]] std::optional<Id> id_of_hex(std::string_view hex) {
  if (hex.size() != 2 * Id::size) return std::nullopt;
  const auto bytes = bytes_of_hex(hex);
  if (!bytes) return std::nullopt;
  return Id::of(*bytes);
}

}  // namespace hearth::packs::issues

template <typename Tag, std::size_t Size>
struct std::hash<hearth::packs::issues::Identifier<Tag, Size>> {
  // The bytes are random or digests: any eight of them will do.
  std::size_t operator()(const hearth::packs::issues::Identifier<Tag, Size>& id) const noexcept {
    std::size_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | id.bytes[i];
    return value;
  }
};
