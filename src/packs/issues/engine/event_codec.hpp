// Events as bytes: what their ids are digests of, and how they lie in a chunk
// (docs/formats/issues.md).
#pragma once

#include <cstdint>
#include <string>

#include "packs/issues/engine/cbor.hpp"
#include "packs/issues/engine/event.hpp"

namespace hearth::packs::issues {

// What the id is the digest of: all of the event but its id and its signature.
[[nodiscard]] std::string event_preimage(const Event& event);
[[nodiscard]] EventId event_id(const Event& event);
// Puts the payload into the order in which it is written (labels, symbols) and sets the id.
void seal(Event& event);

// One record of a chunk.
void append_record(std::string& out, const Event& event);
enum class RecordRead : std::uint8_t {
  good,
  forged,      // its id is not the digest of what it says
  unreadable,  // the reader tells why, and may be anywhere
};
// Reads the next record.
[[nodiscard]] RecordRead read_record(CborReader& reader, Event& event);
// The same of records that were read before and kept by us: their ids are believed. False when it
// is unreadable.
[[nodiscard]] bool read_kept_record(CborReader& reader, Event& event);

}  // namespace hearth::packs::issues
