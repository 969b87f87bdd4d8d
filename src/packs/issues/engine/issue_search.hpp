// Full text of a repository's issues: titles, labels, texts, comments.
//
// The index lies beside the cache and follows it by the numbers of its changes, at each search: so
// what was answered is found, and the first search after a long rest pays for what came meanwhile.
// It belongs to one filling of the cache, and is thrown away with it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/issues/engine/file_id.hpp"
#include "packs/issues/engine/filter.hpp"
#include "packs/issues/engine/issue_store.hpp"
#include "search/text/index.hpp"

namespace hearth::packs::issues {

struct SearchHit {
  Summary issue;
  double score = 0;
  std::string snippet = {};
};
struct SearchPage {
  std::vector<SearchHit> hits;  // best first; in front what the query is the id of
  std::uint64_t total = 0;
  bool is_verified = true;  // false while checksums of the index are still unread
};

// Members are for any thread.
class IssueSearch final {
 public:
  // `store` outlives it.
  explicit IssueSearch(IssueStore& store) : store_(store) {}

  [[nodiscard]] Result<SearchPage> search(const std::string& query,
                                          const Filter& filter,
                                          std::size_t limit,
                                          const std::stop_token& stop);

 private:
  using Index = search::text::Index;
  struct State {
    std::string epoch;  // of the cache
    std::string directory;
    std::optional<FileId> place;  // of the directory: it may be removed at any time
    std::shared_ptr<Index> index;
    std::int64_t change = 0;  // up to which it has everything
  };
  [[nodiscard]] Result<std::shared_ptr<Index>> follow(store::Database& database,
                                                      const std::stop_token& stop);
  [[nodiscard]] Result<void> open(State& state, const std::string& epoch);
  [[nodiscard]] static Result<void> put(Index& index, store::Database& database, std::int64_t row);

  IssueStore& store_;
  Guarded<State> state_;
};

}  // namespace hearth::packs::issues
