#include "packs/issues/engine/attachments.hpp"

#include "packs/issues/engine/crypto.hpp"

namespace hearth::packs::issues {

Result<Sha256> keep_attachment(Repository& repository, std::string_view bytes) {
  const Sha256 digest = sha256(bytes);
  const auto blob = repository.write_blob(bytes);
  if (!blob) return std::unexpected(blob.error());
  auto held = repository.lock();
  if (!held) return std::unexpected(std::move(held.error()));
  // False when it is there already: the same bytes.
  const auto set =
      repository.update_reference(*held, attachment_prefix + hex_of(digest), std::nullopt, *blob);
  if (!set) return std::unexpected(set.error());
  return digest;
}

Result<std::string> read_attachment(const Repository& repository, const Sha256& digest) {
  const auto blob = repository.read_reference(attachment_prefix + hex_of(digest));
  if (!blob) return std::unexpected(blob.error());
  if (!*blob) {
    return fail(Errc::not_found, "the bytes of the attachment are not here",
                {"hearth issues sync"});
  }
  auto bytes = repository.read_blob(**blob);
  if (!bytes) return bytes;
  if (sha256(*bytes) != digest) {
    return fail(Errc::damaged, "the attachment's bytes are not those that were attached");
  }
  return bytes;
}

}  // namespace hearth::packs::issues
