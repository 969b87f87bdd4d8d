#include "packs/knowledge/engine/knowledge_store.hpp"

#include <utility>

#include "packs/knowledge/engine/schema.hpp"
#include "store/env.hpp"

namespace hearth::packs::knowledge {
namespace {

// Opened as needed, the last used first: an idle store has one. Each has a cache of its own.
constexpr std::size_t most_readers = 4;
constexpr int reader_cache_kib = 1024;
constexpr int writer_cache_kib = 2048;

}  // namespace

KnowledgeStore::KnowledgeStore(std::string path, const Clock& clock)
    : path_(std::move(path)), clock_(clock), readers_(path_, most_readers, reader_cache_kib) {}

Result<std::unique_ptr<KnowledgeStore>> KnowledgeStore::open(const std::string& path,
                                                             const Clock& clock,
                                                             const StoreOptions& options) {
  std::unique_ptr<KnowledgeStore> made(new KnowledgeStore(path, clock));
  if (options.is_read_only) {
    auto reader = made->reader({});
    if (!reader) return std::unexpected(std::move(reader.error()));
    if (auto known = store::check_version(**reader, knowledge_schema()); !known) {
      return std::unexpected(std::move(known.error()));
    }
    return made;
  }
  auto database = store::Database::open(
      path, {.cache_kib = writer_cache_kib, .durability = options.durability});
  if (!database) return std::unexpected(std::move(database.error()));
  if (auto migrated = store::migrate(*database, knowledge_schema()); !migrated) {
    return std::unexpected(std::move(migrated.error()));
  }
  auto writer = store::Writer::start(std::move(*database), clock);
  if (!writer) return std::unexpected(std::move(writer.error()));
  made->writer_ = std::move(*writer);
  return made;
}

void KnowledgeStore::write(store::WriteJob job) {
  if (writer_) return writer_->submit(std::move(job));
  job.done(fail(Errc::read_only, path_ + " belongs to another process; nothing was written"));
}

void KnowledgeStore::close() {
  if (!writer_) return;
  readers_.shrink();  // so that they do not hold the journal
  writer_->close();
}

std::uint64_t KnowledgeStore::bytes() const {
  std::uint64_t all = 0;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    all += store::system_env().size(path_ + suffix).value_or(0);
  }
  return all;
}

}  // namespace hearth::packs::knowledge
