// Events of the common issue of the format's vectors.
#pragma once

#include <cstdint>
#include <utility>

#include "packs/issues/engine/event_codec.hpp"

namespace hearth::packs::issues::test {

inline constexpr std::uint64_t vector_time = 1'700'000'000'000;

template <typename Id>
[[nodiscard]] Id counting_id(std::uint8_t first) {
  Id id;
  for (auto& byte : id.bytes) byte = first++;
  return id;
}

[[nodiscard]] inline Event event_of(Kind kind, std::uint64_t after_ms = 0) {
  Event event;
  event.issue = counting_id<IssueId>(0x00);
  event.actor = counting_id<ActorId>(0x10);
  event.ts_ms = vector_time + after_ms;
  event.kind = std::move(kind);
  seal(event);
  return event;
}

}  // namespace hearth::packs::issues::test
