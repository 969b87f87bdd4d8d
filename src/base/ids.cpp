#include "base/ids.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace hearth {
namespace {

void fill_random(unsigned char* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::getrandom(out + done, size - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) std::abort();  // getrandom on an initialised pool cannot fail otherwise
    done += static_cast<std::size_t>(got);
  }
}

void append_hex(std::string& out, unsigned char byte) {
  static constexpr char digits[] = "0123456789abcdef";
  out.push_back(digits[byte >> 4]);
  out.push_back(digits[byte & 15]);
}

// The millisecond and the 12-bit counter of the last id, as one number: 48 bits of time, 12 bits of
// counter.
std::uint64_t next_tick(std::uint64_t now_ms) {
  static std::mutex mutex;
  static std::uint64_t last = 0;
  const std::lock_guard lock(mutex);
  std::uint64_t tick = now_ms << 12;
  if (tick <= last) tick = last + 1;
  last = tick;
  return tick;
}

}  // namespace

std::string make_uuid_v7(WallTime now) {
  const auto tick = next_tick(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  const std::uint64_t ms = tick >> 12;
  std::array<unsigned char, 16> bytes{};
  fill_random(bytes.data() + 8, 8);
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  bytes[6] = static_cast<unsigned char>(0x70 | ((tick >> 8) & 0x0f));
  bytes[7] = static_cast<unsigned char>(tick & 0xff);
  bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3f));
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    append_hex(text, bytes[i]);
  }
  return text;
}

std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> raw(bytes);
  fill_random(raw.data(), raw.size());
  std::string text;
  text.reserve(2 * bytes);
  for (const unsigned char byte : raw) append_hex(text, byte);
  return text;
}

std::uint64_t fingerprint64(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

std::string fingerprint_hex(std::string_view text) {
  const std::uint64_t hash = fingerprint64(text);
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8)
    append_hex(out, static_cast<unsigned char>(hash >> shift));
  return out;
}

}  // namespace hearth
