// One namespace's knowledge: its database, with its writer and its readers, and the indexes beside
// it, which follow.
//
//   knowledge.db          the truth
//   text/                 the index of words (search/text)
//   vectors-FINGERPRINT/  the index of one model's vectors (search/vector)
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/embedder.hpp"
#include "packs/knowledge/engine/embedding_worker.hpp"
#include "packs/knowledge/engine/index_feed.hpp"
#include "packs/knowledge/engine/index_keeper.hpp"
#include "packs/knowledge/engine/text_leg.hpp"
#include "packs/knowledge/engine/vector_leg.hpp"
#include "store/private_directory.hpp"
#include "store/readers.hpp"
#include "store/writer.hpp"

namespace hearth::packs::knowledge {

struct StoreOptions {
  store::Durability durability = store::Durability::power;
  bool is_read_only = false;                         // another process owns the file
  std::shared_ptr<Embedder> embedder = nullptr;      // null: there are no vectors
  std::string no_embedder = "there is no embedder";  // why
  // A model that takes longer for a query is asked for two at a time: it must not hold all threads.
  std::chrono::milliseconds slow_query{150};
  // Indexes that nobody asked for so long give back their memory.
  std::chrono::milliseconds unload_after{30'000};
  // Told after each commit of ours which entries it has changed, by their ids. On the writer's
  // thread.
  std::function<void(const std::vector<std::string>&)> changed = {};
};

// Members are for any thread.
class KnowledgeStore final {
 public:
  // Opens the file, migrating it, or making it when it is missing. Takes milliseconds, and blocks.
  // `clock` outlives the store.
  [[nodiscard]] static Result<std::unique_ptr<KnowledgeStore>> open(const std::string& path,
                                                                    const Clock& clock,
                                                                    const StoreOptions& options);
  ~KnowledgeStore();  // close()
  KnowledgeStore(const KnowledgeStore&) = delete;
  KnowledgeStore& operator=(const KnowledgeStore&) = delete;

  [[nodiscard]] Result<store::Reader> reader(const std::stop_token& stop) {
    return readers_.take(stop);
  }
  // `done` is always called: with `read_only` at once in a store of another process.
  void write(store::WriteJob job);
  // The same, for threads that may wait for it.
  [[nodiscard]] Result<std::string> write_and_wait(
      std::move_only_function<Result<std::string>(store::Database&)> run,
      const std::stop_token& stop = {});
  // Finishes the writes that wait and refuses more. Readers go on.
  void close();

  // For searches. The vectors' is null while the model is not known, or if there is none.
  [[nodiscard]] const TextLeg& text() const { return *text_; }
  [[nodiscard]] std::shared_ptr<const VectorLeg> vectors() const;
  // The space of vectors that callers may bring; nothing where the store makes its own.
  [[nodiscard]] std::optional<EmbeddingModel> supplied_model() const;
  [[nodiscard]] Embedder* embedder() const { return options_.embedder.get(); }
  // The vector of a query, if the embedder gives one soon: a search does not wait for a model.
  // After one that did not come in time none is asked for, for some seconds.
  [[nodiscard]] Result<std::vector<float>> embed_query(std::string_view text,
                                                       const std::stop_token& stop);
  // Before a search of the indexes: brings what another process has written, if it is another's.
  [[nodiscard]] Result<void> begin_search(store::Database& database);
  // Why an index cannot answer as well as it should; nothing when it can.
  [[nodiscard]] std::optional<std::string> text_lacks() const;
  [[nodiscard]] std::optional<std::string> vectors_lack() const;
  // A search met damage: the index is looked at, and made again where that is so.
  void look_after_indexes() { keeper_->nudge(); }
  // Throws an index away and makes it again, in the background. `unavailable` when there is none.
  [[nodiscard]] Result<void> rebuild_text();
  [[nodiscard]] Result<void> rebuild_vectors();

  [[nodiscard]] const std::string& path() const { return path_; }
  // On disk, with its journals and indexes.
  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  KnowledgeStore(std::string path, const Clock& clock, StoreOptions options);
  [[nodiscard]] Result<void> open_indexes(store::Database& database);
  [[nodiscard]] Result<void> open_vectors(const EmbeddingModel& model);
  void take_model(const EmbeddingModel& model);
  void remove_other_vectors();
  [[nodiscard]] Result<std::string> index_directory(const std::string& name) const;

  const std::string path_;
  const Clock& clock_;
  const StoreOptions options_;
  store::Readers readers_;
  std::unique_ptr<TextLeg> text_;
  mutable Guarded<std::shared_ptr<VectorLeg>> vectors_;
  IndexFeed feed_;
  std::optional<store::PrivateDirectory> private_indexes_;  // of a store of another process
  std::mutex refreshing_;
  Guarded<MonotonicTime> no_query_before_;
  Guarded<std::vector<MonotonicTime>> asking_;  // since when, the queries that the model is asked
  std::unique_ptr<IndexKeeper> keeper_;
  std::unique_ptr<EmbeddingWorker> embedding_;  // null where vectors are made at once, or not here
  std::unique_ptr<store::Writer> writer_;       // null in a store of another process
};

}  // namespace hearth::packs::knowledge
