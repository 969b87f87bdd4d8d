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

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "search/index_directory.hpp"
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

struct IndexStatus {
  std::uint64_t documents = 0;
  std::uint64_t gone = 0;  // still taking space
  std::size_t generations_in_memory = 0;
  std::size_t generations_on_disk = 0;
  std::uint64_t bytes_in_memory = 0;
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t bytes_written = 0;  // to generations, by this process: the cost of merging
  std::uint64_t sequence = 0;       // the last change that is visible
  std::uint64_t covered = 0;        // the last change that is on disk
  Trust trust = Trust::verified;
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
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  [[nodiscard]] Result<SearchAnswer> search(const Query& query,
                                            const Filter& filter,
                                            std::size_t limit,
                                            std::size_t offset = 0,
                                            const std::stop_token& stop = {}) const;

  // Does one piece of work that waits, if any does; says whether there was one. Blocks for as long
  // as it takes to write a generation.
  [[nodiscard]] Result<bool> maintain(const std::stop_token& stop = {});
  // Writes everything in memory, so that `covered` is what was visible at the call.
  [[nodiscard]] Result<void> flush(const std::stop_token& stop = {});
  // Reads everything on disk against its checksums: run it in the background after opening.
  // Generations that fail are left out from then on. `damaged` names the first of them.
  [[nodiscard]] Result<void> verify(const std::stop_token& stop = {});

  [[nodiscard]] std::uint64_t covered() const;
  [[nodiscard]] IndexStatus status() const;

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

  Index(std::unique_ptr<IndexDirectory> directory, Schema schema, IndexOptions options);
  void load_generations();
  [[nodiscard]] Result<Part> load_part(const Manifest::Entry& entry) const;

  [[nodiscard]] Result<void> end_segment();
  void forget_older(Key key);
  [[nodiscard]] std::vector<Part> parts_after(const Snapshot& before) const;
  [[nodiscard]] Result<void> merge_small(std::vector<Part>& parts) const;
  void publish(std::shared_ptr<const Snapshot> next);

  [[nodiscard]] std::vector<std::size_t> choose_waiting(const Snapshot& from) const;
  template <typename Choose>
  [[nodiscard]] std::shared_ptr<const Snapshot> begin_writing(Choose choose,
                                                              std::vector<std::size_t>& chosen);
  void end_writing();
  [[nodiscard]] Result<void> write_parts(const Snapshot& from,
                                         const std::vector<std::size_t>& chosen,
                                         const std::stop_token& stop);
  [[nodiscard]] Manifest manifest_of(const Snapshot& from, const std::vector<Part>& saved) const;
  [[nodiscard]] Result<Part> write_generation(const Snapshot& from,
                                              const std::vector<std::size_t>& chosen,
                                              const std::stop_token& stop);
  [[nodiscard]] Result<void> save_tombstones(Part& part, std::uint64_t sequence);
  void install(const Snapshot& from,
               const std::vector<std::size_t>& chosen,
               const std::vector<Part>& saved,
               const Part* written);
  void leave_out_damaged();

  const Schema schema_;
  const IndexOptions options_;

  // Order of locking: maintenance_, then writing_, then snapshot_.
  mutable std::mutex maintenance_;  // of directory_ and bytes_written_
  std::unique_ptr<IndexDirectory> directory_;
  std::atomic<std::uint64_t> covered_ = 0;
  std::atomic<std::uint64_t> bytes_written_ = 0;

  std::mutex writing_mutex_;
  Writing writing_;
  std::vector<const Segment*> being_written_;  // by maintenance: to stay as they are meanwhile

  mutable Guarded<std::shared_ptr<const Snapshot>> snapshot_;  // shared with running searches
};

}  // namespace hearth::search::text
