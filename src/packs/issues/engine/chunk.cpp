#include "packs/issues/engine/chunk.hpp"

#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/event_codec.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::string_view magic = "GRITECNK";
constexpr std::string_view version("\x01\x00", 2);
constexpr std::string_view codec(
    "\x07"
    "cbor-v1",
    8);

// In front of the records: the header, and how many they are.
constexpr std::size_t most_bytes_before = magic.size() + version.size() + codec.size() + 9;

// What follows the header.
Result<std::string_view> body_of(std::string_view chunk) {
  if (!chunk.starts_with(magic)) return fail(Errc::damaged, "no chunk of events");
  chunk.remove_prefix(magic.size());
  if (chunk.size() < version.size() + 1) return fail(Errc::damaged, "a chunk without its header");
  if (!chunk.starts_with(version)) {
    return fail(Errc::unsupported, "a chunk of a version that is not known here");
  }
  chunk.remove_prefix(version.size());
  if (!chunk.starts_with(codec)) {
    return fail(Errc::unsupported, "a chunk of a codec that is not known here");
  }
  return chunk.substr(codec.size());
}

}  // namespace

Result<void> check_fits(const Event& event, std::size_t record_bytes, const ChunkLimits& limits) {
  if (most_bytes_before + record_bytes <= limits.most_bytes) return {};
  return fail(Errc::invalid_args,
              "an event of the issue " + hex_of(event.issue) + " would have " +
                  std::to_string(record_bytes) + " bytes, and none of more than " +
                  std::to_string(limits.most_bytes - most_bytes_before) +
                  " can be read; nothing was written",
              {"make its text shorter, or attach it as a file"});
}

Result<std::vector<std::span<const Event>>> split_into_chunks(std::span<const Event> events,
                                                              const ChunkLimits& limits) {
  std::vector<std::span<const Event>> parts;
  std::size_t begin = 0;
  std::size_t bytes = most_bytes_before;
  std::string record;
  for (std::size_t i = 0; i < events.size(); ++i) {
    record.clear();
    append_record(record, events[i]);
    if (auto fits = check_fits(events[i], record.size(), limits); !fits)
      return std::unexpected(std::move(fits.error()));
    const bool is_full = i - begin == limits.events || bytes + record.size() > limits.bytes;
    if (is_full && i > begin) {
      parts.push_back(events.subspan(begin, i - begin));
      begin = i;
      bytes = most_bytes_before;
    }
    bytes += record.size();
  }
  if (begin < events.size()) parts.push_back(events.subspan(begin));
  return parts;
}

std::string encode_chunk(std::span<const Event> events) {
  std::string out;
  out.append(magic).append(version).append(codec);
  append_cbor_array(out, events.size());
  for (const Event& event : events) append_record(out, event);
  return out;
}

ChunkHash chunk_hash(std::string_view chunk) {
  return {blake2b_256(chunk)};
}

Result<ChunkContent> decode_chunk(std::string_view chunk) {
  const auto body = body_of(chunk);
  if (!body) return std::unexpected(body.error());
  CborReader reader(*body);
  ChunkContent content;
  for (auto records = reader.begin_array(); reader.next(records);) {
    // With a reader of its own, so that one that makes no sense can be left out.
    const std::string_view rest = body->substr(reader.offset());
    CborReader record(rest);
    Event event;
    const RecordRead read = read_record(record, event);
    if (read != RecordRead::unreadable) reader.advance(record.offset());
    if (read == RecordRead::unreadable) {
      reader.skip();
      content.problems.push_back("event " + std::to_string(content.events.size()) + ": " +
                                 record.error());
    } else if (read == RecordRead::forged) {
      content.problems.push_back("event " + hex_of(event.id) +
                                 " does not have the id of its content");
    } else {
      content.events.push_back(std::move(event));
    }
  }
  if (!reader.ok()) return fail(Errc::damaged, "a chunk of events is " + reader.error());
  return content;
}

}  // namespace hearth::packs::issues
