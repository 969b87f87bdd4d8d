// Anything as CBOR, as a chunk of the issue log, as meta.json, lock.json or snapshot.json; the
// first byte chooses. What is read is written again and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "packs/issues/engine/cbor.hpp"
#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/event_codec.hpp"
#include "packs/issues/engine/log_files.hpp"
#include "packs/issues/engine/small_json.hpp"

namespace {

using namespace hearth::packs::issues;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_cbor(std::string_view bytes) {
  CborReader reader(bytes);
  while (reader.ok() && reader.offset() < bytes.size()) {
    const std::size_t before = reader.offset();
    reader.skip();
    require(reader.offset() <= bytes.size());
    require(!reader.ok() || reader.offset() > before);
  }
}

void read_chunk(std::string_view bytes) {
  const auto content = decode_chunk(bytes);
  if (!content) return;
  for (const Event& event : content->events) require(event.id == event_id(event));
  const auto again = decode_chunk(encode_chunk(content->events));
  require(again && again->events == content->events && again->problems.empty());
}

// Records with right ids, since nobody guesses a digest.
void read_record_with_its_id(std::string_view bytes) {
  CborReader reader(bytes);
  Event event;
  if (!read_kept_record(reader, event)) return;
  seal(event);
  std::string record;
  append_record(record, event);
  CborReader again(record);
  Event same;
  require(read_record(again, same) == RecordRead::good && same == event);
}

template <typename Value, typename Decode, typename Encode>
void read_file(std::string_view text, Decode decode, Encode encode) {
  const auto value = decode(text);
  if (!value) return;
  const auto again = decode(encode(*value));
  require(again && *again == *value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      read_cbor(rest);
      break;
    case 1:
      read_chunk(rest);
      break;
    case 2:
      read_record_with_its_id(rest);
      break;
    case 3:
      read_file<WalMeta>(rest, decode_meta, encode_meta);
      break;
    case 4:
      read_file<Lock>(rest, decode_lock, encode_lock);
      break;
    case 5:
      read_file<SnapshotMeta>(rest, decode_snapshot, encode_snapshot);
      break;
    default:
      (void)parse_small_json(rest);
  }
  return 0;
}
