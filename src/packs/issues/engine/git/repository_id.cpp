#include "packs/issues/engine/git/repository_id.hpp"

#include "base/regular_file.hpp"
#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/git/write_lock.hpp"
#include "packs/issues/engine/ids.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t id_bytes = 16;

std::string path_in(const std::string& common_directory) {
  return common_directory + "/hearth/id";
}

}  // namespace

Result<std::string> read_repository_id(const std::string& common_directory) {
  auto text = read_head(path_in(common_directory), 2 * id_bytes);
  if (!text && text.error().code == Errc::not_found) return std::string();
  if (!text) return text;
  const auto bytes = bytes_of_hex(*text);  // what a loss of power leaves is none
  return bytes && bytes->size() == id_bytes ? *text : std::string();
}

// To be read by whoever may write there.
Result<void> make_repository_id(const std::string& common_directory) {
  const auto known = read_repository_id(common_directory);
  if (known && !known->empty()) return {};
  return store::replace_file(path_in(common_directory), hex_of(random_bytes(id_bytes)) + "\n",
                             (0644 | shared_bits(common_directory)) & 0777);
}

}  // namespace hearth::packs::issues
