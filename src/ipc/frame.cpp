#include "ipc/frame.hpp"

#include <utility>

namespace hearth::ipc {
namespace {

constexpr std::size_t prefix_size = 4;

std::size_t read_length(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < prefix_size; ++i) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

std::unexpected<Error> too_large(std::string_view what) {
  return fail(Errc::invalid_args,
              std::string(what) + " exceeds the cap of " + std::to_string(frame_cap) + " bytes",
              {"page the request, or pass a file"});
}

}  // namespace

void FrameReader::feed(std::string_view bytes) {
  if (framing_ == Framing::undecided && !bytes.empty()) {
    framing_ = bytes.front() == '{' ? Framing::newline_delimited : Framing::length_prefixed;
  }
  if (start_ == buffer_.size()) {
    buffer_.clear();
    start_ = 0;
  } else if (start_ > buffer_.size() / 2) {  // keep the copying linear in what is read
    buffer_.erase(0, start_);
    start_ = 0;
  }
  buffer_.append(bytes);
}

Result<std::optional<std::string_view>> FrameReader::next() {
  if (buffered() == 0) {
    // An idle connection keeps no large buffer: memory follows what is in flight, not the largest
    // message ever.
    if (buffer_.capacity() > std::size_t{16} << 10) std::string().swap(buffer_), start_ = 0;
    return std::nullopt;
  }
  return framing_ == Framing::newline_delimited ? next_line() : next_prefixed();
}

Result<std::optional<std::string_view>> FrameReader::next_prefixed() {
  const std::string_view bytes = std::string_view(buffer_).substr(start_);
  if (bytes.size() < prefix_size) return std::nullopt;
  const std::size_t length = read_length(bytes);
  if (length > frame_cap) return too_large("a frame of " + std::to_string(length) + " bytes");
  if (length == 0) return fail(Errc::invalid_args, "an empty frame");
  if (bytes.size() < prefix_size + length) return std::nullopt;
  start_ += prefix_size + length;
  return bytes.substr(prefix_size, length);
}

Result<std::optional<std::string_view>> FrameReader::next_line() {
  for (;;) {
    const std::string_view bytes = std::string_view(buffer_).substr(start_);
    const std::size_t end = bytes.find('\n', scanned_);
    const bool is_whole = end != std::string_view::npos;
    const bool is_too_large = (is_whole ? end : bytes.size()) > frame_cap;
    if (!is_whole && !is_too_large && !is_skipping_) {
      scanned_ = bytes.size();
      return std::nullopt;
    }
    scanned_ = 0;
    start_ = is_whole ? start_ + end + 1 : buffer_.size();
    const bool is_rest = std::exchange(is_skipping_, !is_whole);
    if (is_rest && !is_whole) return std::nullopt;
    if (is_rest) continue;
    if (is_too_large) return too_large("a line");
    std::string_view line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) return line;
  }
}

void append_frame(std::string& out, std::string_view message, Framing framing) {
  if (framing == Framing::newline_delimited) {
    out.append(message).push_back('\n');
    return;
  }
  const auto length = static_cast<std::uint32_t>(message.size());
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(length >> shift & 0xff));
  out.append(message);
}

}  // namespace hearth::ipc
