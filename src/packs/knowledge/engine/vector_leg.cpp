#include "packs/knowledge/engine/vector_leg.hpp"

#include <utility>

#include "base/log.hpp"

namespace hearth::packs::knowledge {

using search::vector::Index;

Result<std::unique_ptr<VectorLeg>> VectorLeg::open(store::Env& env,
                                                   const std::string& directory,
                                                   EmbeddingModel model) {
  std::unique_ptr<VectorLeg> leg(new VectorLeg(env, directory, std::move(model)));
  auto opened = Index::open(env, directory, leg->schema());
  if (!opened) {
    log::warning("the vector index is made again", {log::kv("why", opened.error().message)});
    opened = Index::recreate(env, directory, leg->schema());
  }
  if (!opened) return std::unexpected(std::move(opened.error()).within("open the vector index"));
  *leg->index_.lock() = std::move(*opened);
  return leg;
}

Result<void> VectorLeg::put_into(Index& index, const IndexedEntry& entry) {
  const auto key = static_cast<search::Key>(entry.n);
  if (!entry.vector.empty()) return index.put(key, entry.vector);
  index.erase(key);
  return {};
}

Result<void> VectorLeg::put(const IndexedEntry& entry) {
  return put_into(*now(), entry);
}

void VectorLeg::erase(std::int64_t n) {
  now()->erase(static_cast<search::Key>(n));
}

Result<void> VectorLeg::commit(std::uint64_t sequence) {
  now()->commit(sequence);
  return {};
}

Result<void> VectorLeg::restart(std::span<const IndexedEntry> entries) {
  auto made = Index::recreate(env_, directory_, schema());
  if (!made) return std::unexpected(std::move(made.error()).within("make the vector index again"));
  for (const IndexedEntry& entry : entries) {
    if (auto done = put_into(**made, entry); !done) return done;
  }
  (*made)->commit(0);
  *index_.lock() = std::move(*made);
  return {};
}

LegStatus VectorLeg::status() const {
  const search::vector::IndexStatus status = now()->status();
  return {.entries = status.vectors,
          .visible = status.sequence,
          .covered = status.covered,
          .bytes_on_disk = status.bytes_on_disk,
          .bytes_in_memory = status.bytes_in_memory,
          .is_damaged = status.trust == search::Trust::damaged};
}

Result<bool> VectorLeg::maintain(const std::stop_token& stop) {
  return now()->maintain(stop);
}

Result<void> VectorLeg::flush(const std::stop_token& stop) {
  return now()->flush(stop);
}

Result<void> VectorLeg::verify(const std::stop_token& stop) {
  return now()->verify(stop);
}

}  // namespace hearth::packs::knowledge
