// Frames on the Unix socket: a 4-byte big-endian length, then that many bytes of UTF-8 JSON.
//
// A connection whose first byte is `{` speaks newline-delimited JSON instead (as a length, 0x7b……
// would exceed the cap), so that a plain MCP client or socat can talk to the socket. The first byte
// decides for the whole connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::ipc {

inline constexpr std::size_t frame_cap = std::size_t{8}
                                         << 20;  // bytes of one message, both framings

enum class Framing : std::uint8_t { undecided, length_prefixed, newline_delimited };

// Cuts a stream of bytes into messages. Feed it what arrives, then take messages until there is
// none.
class FrameReader {
 public:
  explicit FrameReader(Framing framing = Framing::undecided) : framing_(framing) {}

  void feed(std::string_view bytes);
  // The next whole message, valid until the next call of a member; nothing when more bytes are
  // needed. Fails with `invalid_args` at a frame over the cap (before buffering it) and at an empty
  // frame, for good; at a line over the cap once: the next call goes on behind it. Blank lines are
  // skipped.
  [[nodiscard]] Result<std::optional<std::string_view>> next();

  [[nodiscard]] Framing framing() const { return framing_; }
  [[nodiscard]] std::size_t buffered() const { return buffer_.size() - start_; }
  // Whether a message has begun and is not complete.
  [[nodiscard]] bool is_partial() const { return buffered() != 0; }

 private:
  [[nodiscard]] Result<std::optional<std::string_view>> next_prefixed();
  [[nodiscard]] Result<std::optional<std::string_view>> next_line();

  Framing framing_;
  std::string buffer_;
  std::size_t start_ = 0;     // of the first message not yet taken
  std::size_t scanned_ = 0;   // bytes after start_ known to hold no newline
  bool is_skipping_ = false;  // the rest of a line over the cap
};

// Appends `message` as one frame in the given framing (undecided counts as length-prefixed).
void append_frame(std::string& out,
                  std::string_view message,
                  Framing framing = Framing::length_prefixed);

}  // namespace hearth::ipc
