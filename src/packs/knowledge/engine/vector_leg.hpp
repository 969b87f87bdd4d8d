// The vector index of a store: what entries are about, in the space of one model.
#pragma once

#include <memory>
#include <string>

#include "base/guarded.hpp"
#include "packs/knowledge/engine/embedder.hpp"
#include "packs/knowledge/engine/index_leg.hpp"
#include "search/vector/index.hpp"
#include "store/env.hpp"

namespace hearth::packs::knowledge {

class VectorLeg final : public IndexLeg {
 public:
  // Opens what is in `directory`, making it if it is missing, and starts again with nothing where
  // that cannot be used: also when it is of vectors of another length.
  [[nodiscard]] static Result<std::unique_ptr<VectorLeg>> open(store::Env& env,
                                                               const std::string& directory,
                                                               EmbeddingModel model);

  [[nodiscard]] const EmbeddingModel& model() const { return model_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  // For searches; shared, since a restart puts another in its place. Any thread.
  [[nodiscard]] std::shared_ptr<const search::vector::Index> index() const {
    return *index_.lock();
  }

  [[nodiscard]] std::string_view name() const override { return "vectors"; }
  [[nodiscard]] bool wants_vectors() const override { return true; }
  [[nodiscard]] std::uint64_t most_uncovered() const override { return UINT64_MAX; }
  [[nodiscard]] Result<void> put(const IndexedEntry& entry) override;
  void erase(std::int64_t n) override;
  [[nodiscard]] Result<void> commit(std::uint64_t sequence) override;
  [[nodiscard]] Result<void> restart(std::span<const IndexedEntry> entries) override;
  [[nodiscard]] LegStatus status() const override;
  [[nodiscard]] Result<bool> maintain(const std::stop_token& stop) override;
  [[nodiscard]] Result<void> flush(const std::stop_token& stop) override;
  [[nodiscard]] Result<void> verify(const std::stop_token& stop) override;

 private:
  VectorLeg(store::Env& env, std::string directory, EmbeddingModel model)
      : env_(env), directory_(std::move(directory)), model_(std::move(model)) {}
  [[nodiscard]] search::vector::Schema schema() const {
    return {.dimensions = model_.dimensions, .metric = search::vector::Metric::cosine};
  }
  [[nodiscard]] std::shared_ptr<search::vector::Index> now() const { return *index_.lock(); }
  [[nodiscard]] static Result<void> put_into(search::vector::Index& index,
                                             const IndexedEntry& entry);

  store::Env& env_;
  const std::string directory_;
  const EmbeddingModel model_;
  mutable Guarded<std::shared_ptr<search::vector::Index>> index_;
};

}  // namespace hearth::packs::knowledge
