#include "packs/issues/engine/attachments.hpp"

#include "packs/issues/engine/crypto.hpp"

namespace hearth::packs::issues {

Result<Sha256> keep_attachment(Repository& repository, std::string_view bytes) {
  const Sha256 digest = sha256(bytes);
  const auto blob = repository.write_blob(bytes);
  if (!blob) return std::unexpected(blob.error());
  auto held = repository.lock();
  if (!held) return std::unexpected(std::move(held.error()));
  // Whoever can push can put something else there.
  const std::string name = attachment_prefix + hex_of(digest);
  const auto before = repository.read_reference(name);
  if (!before) return std::unexpected(before.error());
  const auto set = repository.update_reference(*held, name, *before, *blob);
  if (!set) return std::unexpected(set.error());
  // Once more, for a `git gc --prune=now` that began before; what is there is only touched.
  const auto kept = repository.write_blob(bytes);
  if (!kept) return std::unexpected(kept.error());
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
