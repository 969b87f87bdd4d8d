// The thread that asks a model for the vectors that a store lacks: of what was written, and of
// everything when the model is another than before.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/embedder.hpp"
#include "store/readers.hpp"
#include "store/writer.hpp"

namespace hearth::packs::knowledge {

class EmbeddingWorker final {
 public:
  // Runs on the store's writer, and returns when that is done.
  using Write = std::function<Result<std::string>(
      std::move_only_function<Result<std::string>(store::Database&)>)>;
  // Told once, before the first vector is stored, which space they are of.
  using Known = std::function<void(const EmbeddingModel&)>;

  // All of these outlive the worker.
  EmbeddingWorker(Embedder& embedder, store::Readers& readers, Write write, Known known);
  ~EmbeddingWorker();  // close()
  EmbeddingWorker(const EmbeddingWorker&) = delete;
  EmbeddingWorker& operator=(const EmbeddingWorker&) = delete;

  // Begins to work. Once, before close().
  void start();
  // Something was written. Any thread; cheap.
  void nudge();
  // Ends what it does, as soon as that can be left. Any thread but its own; idempotent.
  void close();
  // Why there may be entries without a vector; nothing when there are none.
  [[nodiscard]] std::optional<std::string> lacks() const;

 private:
  struct Waiting {
    std::int64_t n = 0;
    std::int64_t seq = 0;
    std::string text;
  };
  struct Stretch {
    std::vector<Waiting> waiting;  // at most a batch
    std::int64_t last = 0;         // all changes up to here were looked at
    bool is_last = true;           // there are none after it
  };
  struct State {
    bool is_nudged = true;  // what was written before may lack a vector
    bool is_closed = false;
    bool is_looking = false;  // through what was written since it looked last
    std::optional<std::string> trouble;
  };
  void work();
  [[nodiscard]] Result<void> probe();
  [[nodiscard]] Result<void> learn_model();
  // False when nothing is left.
  [[nodiscard]] Result<bool> embed_some();
  [[nodiscard]] Result<Stretch> read_stretch();
  [[nodiscard]] Result<void> embed(const std::vector<Waiting>& waiting);
  [[nodiscard]] Result<void> store(const std::vector<Waiting>& entries,
                                   const std::vector<float>& vectors);
  void pause_after(const Error& error);

  Embedder& embedder_;
  store::Readers& readers_;
  const Write write_;
  const Known known_;
  std::stop_source stop_;
  mutable Guarded<State> state_;

  // The worker's thread.
  std::optional<EmbeddingModel> model_;
  std::int64_t looked_at_ = 0;  // all changes up to here
  std::chrono::milliseconds pause_;
  std::thread thread_;
};

}  // namespace hearth::packs::knowledge
