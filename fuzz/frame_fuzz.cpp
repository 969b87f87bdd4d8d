// Frames: how the stream is cut into reads changes nothing about the messages in it, and a failed
// reader stays failed. What append_frame writes, FrameReader reads.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/frame.hpp"

namespace {

using namespace hearth;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Heard {
  std::vector<std::string> messages;
  bool has_failed = false;
  bool operator==(const Heard&) const = default;
};

void drain(ipc::FrameReader& reader, Heard& heard) {
  while (!heard.has_failed) {
    const auto message = reader.next();
    heard.has_failed = !message;
    if (!message || !*message) break;
    heard.messages.emplace_back(**message);
  }
  if (heard.has_failed) require(!reader.next().has_value());
}

Heard read_in_pieces(std::string_view bytes, std::size_t size) {
  ipc::FrameReader reader;
  Heard heard;
  for (std::size_t at = 0; at < bytes.size() && !heard.has_failed; at += size) {
    reader.feed(bytes.substr(at, size));
    drain(reader, heard);
    require(reader.buffered() <= bytes.size());
  }
  return heard;
}

void require_round_trip(std::string_view message, ipc::Framing framing) {
  std::string bytes;
  ipc::append_frame(bytes, message, framing);
  ipc::append_frame(bytes, message, framing);
  ipc::FrameReader reader(framing);
  Heard heard;
  reader.feed(bytes);
  drain(reader, heard);
  require(!heard.has_failed && heard.messages == std::vector<std::string>(2, std::string(message)));
  require(!reader.is_partial());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Heard whole = read_in_pieces(bytes, size);
  require(read_in_pieces(bytes, 1) == whole);
  require(read_in_pieces(bytes, 1 + size / 3) == whole);

  require_round_trip(bytes, ipc::Framing::length_prefixed);
  const bool is_line = bytes.find_first_of("\r\n") == std::string_view::npos &&
                       bytes.find_first_not_of(" \t") != std::string_view::npos;
  if (is_line) require_round_trip(bytes, ipc::Framing::newline_delimited);
  return 0;
}
