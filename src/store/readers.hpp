// Read-only connections to one database, lent to the threads that ask: a few, since each has its
// own page cache. A reader sees every write that was answered before it began, and never waits for
// the writer.
#pragma once

#include <condition_variable>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace hearth::store {

class Readers;

// A connection on loan; given back when it goes. One thread. Queries end with `cancelled` once the
// stop token it was taken with fires.
class Reader final {
 public:
  Reader(Reader&&) noexcept = default;
  Reader& operator=(Reader&&) = delete;
  ~Reader();
  [[nodiscard]] Database& operator*() const { return *database_; }
  [[nodiscard]] Database* operator->() const { return database_.get(); }

 private:
  friend class Readers;
  Reader(Readers& owner, std::unique_ptr<Database> database, const std::stop_token& stop);

  Readers* owner_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<StopScope> stop_;
};

// Outlives its Readers on loan. Members are for any thread.
class Readers final {
 public:
  // At most `most` connections, opened when first needed, each with a page cache of at most
  // `cache_kib`.
  Readers(std::string path, std::size_t most, int cache_kib);
  ~Readers();

  // Waits while all are on loan; `cancelled` when `stop` fires first, or the reason why no
  // connection can be opened.
  [[nodiscard]] Result<Reader> take(const std::stop_token& stop = {});
  // Closes those at rest, for their memory.
  void shrink();

 private:
  friend class Reader;
  struct State {
    std::vector<std::unique_ptr<Database>> at_rest;
    std::size_t open = 0;  // at rest and on loan
  };
  void give_back(std::unique_ptr<Database> database);

  const std::string path_;
  const std::size_t most_;
  const int cache_kib_;
  Guarded<State> state_;
};

}  // namespace hearth::store
