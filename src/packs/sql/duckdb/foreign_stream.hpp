// A SELECT that runs on another database of this process while its rows are read here.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.hpp"
#include "packs/sql/duckdb/handles.hpp"
#include "packs/sql/duckdb/instances.hpp"

namespace hearth::packs::sql::duckdb {

// What a statement's columns are, without running it.
struct ForeignColumns {
  std::vector<std::string> names;
  std::vector<LogicalType> types;
};
// Blocks: on a thread of its own, confined like `instance`. `read_only` for what is no SELECT.
[[nodiscard]] Result<ForeignColumns> columns_of(Spawner& spawner,
                                                const std::shared_ptr<Instance>& instance,
                                                const std::string& sql);

// Its thread is confined like the database it reads. Any thread may take chunks.
class ForeignStream final {
 public:
  ForeignStream(Spawner& spawner, std::shared_ptr<Instance> instance, std::string sql);
  ~ForeignStream();  // ends the query
  ForeignStream(const ForeignStream&) = delete;
  ForeignStream& operator=(const ForeignStream&) = delete;

  // Waits for the next chunk; an empty one at the end.
  [[nodiscard]] Result<Chunk> next();
  void interrupt();

 private:
  struct State {
    std::deque<Chunk> chunks;
    std::optional<Error> error;
    duckdb_connection link = nullptr;  // while it runs
    bool is_done = false;
    bool is_ended = false;  // nobody reads any more
  };
  static constexpr std::size_t most_chunks = 16;

  [[nodiscard]] Result<void> run();
  [[nodiscard]] Result<void> pump(duckdb_connection link);
  [[nodiscard]] bool push(Chunk chunk);

  const std::shared_ptr<Instance> instance_;
  const std::string sql_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace hearth::packs::sql::duckdb
