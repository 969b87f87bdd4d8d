// The generations of one index as they come and go: what both kinds of index have in common.
//
// A commit publishes another snapshot. A rewrite turns some parts of a snapshot into one generation
// on disk: in memory they are or small, or mostly gone. It holds them meanwhile: others neither
// merge nor drop what is held, so that afterwards what was deleted of it in between is deleted of
// its successor too. The manifest comes last: until it is in place, everything that it will replace
// is still there.
//
// Thread-safe. `commit` belongs to one writer at a time; searches wait for nobody.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "search/index_directory.hpp"
#include "search/part.hpp"

namespace hearth::search {

struct IndexStatus {
  std::uint64_t live = 0;
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

// What an index knows of its own generations.
class IndexFormat {
 public:
  virtual ~IndexFormat() = default;
  [[nodiscard]] virtual FileKind kind() const = 0;
  [[nodiscard]] virtual Result<std::shared_ptr<const Contents>> open(
      std::shared_ptr<const Generation> file) const = 0;
  // All that is live in the parts as the sections of one generation; `finish` is the caller's.
  [[nodiscard]] virtual Result<void> write(std::span<const Part> parts,
                                           GenerationWriter& writer,
                                           const std::stop_token& stop) const = 0;
  // Which parts are to become one now; empty when all is well.
  [[nodiscard]] virtual std::vector<std::size_t> choose(const Snapshot& now) const = 0;
};

// The contents of parts that a rewrite holds.
using HeldContents = std::vector<const Contents*>;

class Generations final {
 public:
  // Damaged generations are left out. `format` is kept.
  Generations(std::unique_ptr<IndexDirectory> directory, std::unique_ptr<const IndexFormat> format);

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const { return *snapshot_.lock(); }
  [[nodiscard]] std::uint64_t covered() const { return covered_; }
  [[nodiscard]] IndexStatus status() const;

  // Adds the new to the parts of which the old is gone; may merge those in memory that are not
  // held.
  using Add = std::function<Result<void>(std::vector<Part>& parts, const HeldContents& held)>;
  // What `changed` names is gone, what `add` adds is there, both at once. On its error nothing is.
  [[nodiscard]] Result<void> commit(std::uint64_t sequence,
                                    std::span<const Key> changed,
                                    const Add& add);

  // As the indexes' functions of these names.
  [[nodiscard]] Result<bool> maintain(const std::stop_token& stop);
  [[nodiscard]] Result<void> flush(const std::stop_token& stop);
  [[nodiscard]] Result<void> verify(const std::stop_token& stop);
  void unload() const;

 private:
  struct Rewrite {
    std::shared_ptr<const Snapshot> from;
    std::vector<Part> chosen;
    std::vector<Part> kept;  // the others that are on disk
    bool covers_all = false;
    std::optional<Part> written;  // none when all that was chosen is gone
  };

  void load();
  [[nodiscard]] Result<Part> load_part(const Manifest::Entry& entry) const;
  void publish(std::shared_ptr<const Snapshot> next);
  template <typename Choose>
  [[nodiscard]] Rewrite begin(Choose choose);
  [[nodiscard]] Result<void> run(Rewrite& work, const std::stop_token& stop);
  [[nodiscard]] Result<void> rewrite(Rewrite& work, const std::stop_token& stop);
  [[nodiscard]] Result<Manifest> write_files(Rewrite& work, const std::stop_token& stop);
  [[nodiscard]] Result<Part> write_generation(const Rewrite& work, const std::stop_token& stop);
  [[nodiscard]] Result<void> save_tombstones(Part& part,
                                             std::uint64_t sequence,
                                             const std::stop_token& stop);
  template <typename Write>
  [[nodiscard]] Result<std::shared_ptr<const Generation>> write_file(const std::string& path,
                                                                     FileKind kind,
                                                                     std::uint64_t sequence,
                                                                     Write write,
                                                                     const std::stop_token& stop);
  void install(const Rewrite& work);
  void leave_out_damaged();

  // Order of locking: maintenance_, then changing_, then snapshot_.
  std::mutex maintenance_;  // of directory_
  const std::unique_ptr<IndexDirectory> directory_;
  const std::unique_ptr<const IndexFormat> format_;
  std::atomic<std::uint64_t> covered_ = 0;
  std::atomic<std::uint64_t> bytes_written_ = 0;

  std::mutex changing_;  // held by whoever makes a snapshot of another
  HeldContents held_;

  mutable Guarded<std::shared_ptr<const Snapshot>> snapshot_;  // shared with running searches
};

}  // namespace hearth::search
