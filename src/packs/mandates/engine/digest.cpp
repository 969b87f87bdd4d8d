#include "packs/mandates/engine/digest.hpp"

#include <sodium.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/ids.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::mandates {
namespace {

const unsigned char* data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Picks the fastest code for this processor; idempotent and thread-safe.
void prepare() {
  static const bool is_ready = sodium_init() >= 0;
  if (!is_ready) std::abort();
}

}  // namespace

Digest digest(std::string_view bytes) {
  prepare();
  Digest result;
  crypto_generichash(result.data(), result.size(), data(bytes), bytes.size(), nullptr, 0);
  return result;
}

std::string hex(const Digest& digest) {
  std::string text(2 * digest.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
  text.pop_back();
  return text;
}

std::optional<Digest> digest_from_hex(std::string_view text) {
  Digest digest;
  std::size_t size = 0;
  if (text.size() != 2 * digest.size() ||
      sodium_hex2bin(digest.data(), digest.size(), text.data(), text.size(), nullptr, &size,
                     nullptr) != 0 ||
      size != digest.size()) {
    return std::nullopt;
  }
  // Only the form that hex() writes.
  return hex(digest) == text ? std::optional(digest) : std::nullopt;
}

std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool is_equal(const Digest& a, const Digest& b) {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Key::~Key() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

Result<Key> Key::load(store::Env& env, const std::string& path, bool may_make) {
  prepare();
  auto text = env.read(path, 65);
  if (!text && text.error().code == Errc::not_found && may_make) {
    text = random_hex(std::tuple_size_v<Digest>) + "\n";
    if (auto made = store::replace_file(env, path, *text); !made) {
      return std::unexpected(std::move(made.error()).within("make the key of mandates"));
    }
  }
  if (!text) {
    return std::unexpected(std::move(text.error()).within("read the key of mandates"));
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    return fail(Errc::permission, path + ": others can read this key",
                {"find out who may have read it; then chmod 600"});
  }
  const auto bytes = digest_from_hex(std::string_view(*text).substr(0, 64));
  if (text->size() != 65 || !bytes) {
    return fail(Errc::damaged, path + ": no key of 64 hexadecimal digits",
                {"restore the file; what was sealed with it cannot be verified otherwise"});
  }
  return Key(*bytes);
}

Key Key::derive(std::string_view purpose) const {
  return Key(mac({"key", purpose}));
}

Digest Key::mac(std::initializer_list<std::string_view> parts) const {
  prepare();
  crypto_generichash_state state;
  Digest result;
  crypto_generichash_init(&state, bytes_.data(), bytes_.size(), result.size());
  for (const std::string_view part : parts) {
    std::array<unsigned char, 8> size;
    for (std::size_t i = 0; i < size.size(); ++i) {
      size[i] = static_cast<unsigned char>(part.size() >> (8 * i));
    }
    crypto_generichash_update(&state, size.data(), size.size());
    crypto_generichash_update(&state, data(part), part.size());
  }
  crypto_generichash_final(&state, result.data(), result.size());
  return result;
}

}  // namespace hearth::packs::mandates
