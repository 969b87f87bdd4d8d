#include "mcp/request_state.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "mcp/base64.hpp"

namespace hearth::mcp {
namespace {

constexpr auto lifetime = std::chrono::hours(24);

// The subject has its length and the time is a number, so that no two triples read the same.
std::string signed_text(std::string_view state, std::string_view subject, std::int64_t made) {
  std::string text = std::to_string(subject.size()) + ':';
  return text.append(subject).append(std::to_string(made)).append(1, ':').append(state);
}

std::string tag_of(std::string_view text, const unsigned char* key) {
  std::string tag(crypto_auth_BYTES, '\0');
  crypto_auth(reinterpret_cast<unsigned char*>(tag.data()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), key);
  return tag;
}

}  // namespace

std::string StateSeal::make_key() {
  if (sodium_init() < 0) std::abort();
  std::string key(key_size, '\0');
  randombytes_buf(key.data(), key.size());
  return key;
}

StateSeal::StateSeal(std::string_view key) {
  if (sodium_init() < 0) std::abort();
  std::ranges::copy(key.substr(0, key_.size()), key_.begin());
}

// tag.made.state, each in base64 but for the time, which is in milliseconds.
std::string StateSeal::seal(std::string_view state, std::string_view subject, WallTime now) const {
  const std::int64_t made = now.time_since_epoch().count();
  const std::string tag = tag_of(signed_text(state, subject, made), key_.data());
  return base64(tag) + '.' + std::to_string(made) + '.' + base64(state);
}

Result<std::string> StateSeal::open(std::string_view sealed,
                                    std::string_view subject,
                                    WallTime now) const {
  const auto refuse = [](std::string why) {
    return fail(Errc::invalid_args, "requestState " + std::move(why),
                {"make the call again without requestState and inputResponses"});
  };
  const auto first = sealed.find('.');
  const auto second = first == std::string_view::npos ? first : sealed.find('.', first + 1);
  if (second == std::string_view::npos) return refuse("is not one that this server gave");
  const auto tag = from_base64(sealed.substr(0, first));
  std::int64_t made = 0;
  const char* end = sealed.data() + second;
  const auto read = std::from_chars(sealed.data() + first + 1, end, made);
  const auto state = from_base64(sealed.substr(second + 1));
  if (!tag || !state || tag->size() != crypto_auth_BYTES || read.ec != std::errc() ||
      read.ptr != end)
    return refuse("is not one that this server gave");
  const std::string expected = tag_of(signed_text(*state, subject, made), key_.data());
  if (sodium_memcmp(expected.data(), tag->data(), expected.size()) != 0)
    return refuse("was changed, or belongs to another call");
  if (now - WallTime(std::chrono::milliseconds(made)) > lifetime) return refuse("is too old");
  return *state;
}

}  // namespace hearth::mcp
