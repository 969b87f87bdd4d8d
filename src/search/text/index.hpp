// A text index: documents in, ranked keys out.
//
// Changes are collected by `put` and `erase` and become visible together by `commit`, as a small
// generation in memory. `maintain`, run on some thread of the caller's from time to time, writes
// what is in memory to disk and merges generations (merge_policy.hpp). Searches look at a snapshot
// and wait for nobody.
//
// What is in memory is lost with the process, and that is as it should be: the truth is elsewhere,
// in the caller's store. After opening, the caller repeats the changes after `covered()`. To repeat
// more of them, or some of them twice, does no harm.
//
//   auto index = Index::open(env, directory, schema);
//   index->put({.key = 7, .fields = {{title, text}}});
//   index->commit(sequence);
//   auto found = index->search(parse_query("drain deadline").query, {}, 10);
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "search/generations.hpp"
#include "search/merge_policy.hpp"
#include "search/text/search.hpp"
#include "search/text/segment_builder.hpp"
#include "search/text/snapshot.hpp"

namespace hearth::search::text {

// What an index is made with. Another schema makes another index.
struct Schema {
  // One for each field: as how many occurrences one there counts, 1 … 1000.
  std::vector<std::uint16_t> weights{1};
  // What brings words to their stems: queries and snippets need the same (stemmer.hpp).
  Stemming stemming = Stemming::none;
};

struct IndexOptions {
  // Generations in memory beyond this are written by the next `maintain`.
  std::uint64_t memory_bytes = std::uint64_t{16} << 20;
  MergePolicy on_disk;
};

// Thread-safe. `put`, `erase` and `commit` belong to one writer at a time: between the first put
// and its commit nobody else's changes may come.
class Index final {
 public:
  // The directory exists. Errors as IndexDirectory::open; a damaged generation is none, but is left
  // out, and answers say so until the index is cleared and filled again.
  [[nodiscard]] static Result<std::unique_ptr<Index>> open(store::Env& env,
                                                           std::string directory,
                                                           Schema schema,
                                                           IndexOptions options = {});
  // An empty index in the place of whatever there is.
  [[nodiscard]] static Result<std::unique_ptr<Index>> recreate(store::Env& env,
                                                               std::string directory,
                                                               Schema schema,
                                                               IndexOptions options = {});

  // Adds a document, or replaces the one of the same key.
  [[nodiscard]] Result<void> put(const Document& document);
  void erase(Key key);
  // Makes all changes since the last commit visible at once. `sequence` is the last of them in the
  // caller's count. After an error none of them is, and they are forgotten.
  [[nodiscard]] Result<void> commit(std::uint64_t sequence);

  [[nodiscard]] const Schema& schema() const { return schema_; }
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const { return generations_.snapshot(); }
  [[nodiscard]] Result<SearchAnswer> search(const Query& query,
                                            const Filter& filter,
                                            std::size_t limit,
                                            std::size_t offset = 0,
                                            const std::stop_token& stop = {}) const;

  // Does one piece of work that waits, if any does; says whether there was one. Blocks for as long
  // as it takes to write a generation.
  [[nodiscard]] Result<bool> maintain(const std::stop_token& stop = {}) {
    return generations_.maintain(stop);
  }
  // Writes everything in memory, so that `covered` is what was visible at the call.
  [[nodiscard]] Result<void> flush(const std::stop_token& stop = {}) {
    return generations_.flush(stop);
  }
  // Reads everything on disk against its checksums: run it in the background after opening.
  // Generations that fail are left out from then on. `damaged` names the first of them.
  [[nodiscard]] Result<void> verify(const std::stop_token& stop = {}) {
    return generations_.verify(stop);
  }
  // Gives back the memory of what is on disk: searches fetch what they need again, from the
  // system's cache while it is there.
  void unload() const { generations_.unload(); }

  [[nodiscard]] std::uint64_t covered() const { return generations_.covered(); }
  [[nodiscard]] IndexStatus status() const { return generations_.status(); }

 private:
  struct Change {
    // The newest version within this commit; none after an erase.
    std::size_t segment = SIZE_MAX;
    DocId document = no_document;
  };
  struct Writing {
    explicit Writing(const Schema& schema) : builder(schema.weights, schema.stemming) {}
    SegmentBuilder builder;
    std::vector<std::shared_ptr<const Segment>> segments;  // built since the last commit
    std::vector<std::vector<DocId>> replaced;              // of each of them and of the builder
    std::unordered_map<Key, Change> changes;
  };

  Index(std::unique_ptr<IndexDirectory> directory, Schema schema, const IndexOptions& options);

  [[nodiscard]] Result<void> end_segment();
  void forget_older(Key key);
  [[nodiscard]] Result<void> add_segments(std::vector<Part>& parts, const HeldContents& held) const;

  const Schema schema_;
  std::mutex writing_mutex_;  // taken before those of generations_
  Writing writing_;
  Generations generations_;
};

}  // namespace hearth::search::text
