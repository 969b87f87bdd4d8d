// What was computed from the log, in a SQLite file that may be deleted at any time.
//
// A row for each id that events are about, with the summary that lists need, and beside it its
// events, in the form projections take. So opening a store reads summaries, no events and no git
// objects, and an event that arrives touches the rows of one id. Nothing here is the truth:
// whatever is wrong with the file, it is removed and filled again from git.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/file_id.hpp"
#include "packs/issues/engine/issue.hpp"
#include "packs/issues/engine/log_files.hpp"
#include "store/readers.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::issues {

enum class RowKind : std::uint8_t { waiting, issue, file, project };

struct CachedSummary {
  std::int64_t row = 0;
  Summary summary;
};

// One thread writes; readers have connections of their own (readers()).
class Cache final {
 public:
  // In a directory, which exists. What cannot be opened or is of another version is made anew. An
  // empty one begins as what another process has in `example`, if that is not empty and can be
  // read.
  [[nodiscard]] static Result<std::unique_ptr<Cache>> open(const std::string& directory,
                                                           const std::string& example = {});

  // Of everything in it: the log's head that it was computed from, and under which rules
  // (signatures …). A cache of other rules has to be cleared.
  [[nodiscard]] std::optional<CommitId> head() const { return head_; }
  [[nodiscard]] const std::string& rules() const { return rules_; }
  [[nodiscard]] Result<void> clear(const std::string& rules);
  // The repository that it was filled from (Repository::id()), which clearing it does not change;
  // empty: nobody noted that.
  [[nodiscard]] const std::string& repository() const { return repository_; }
  [[nodiscard]] Result<void> belong_to(const std::string& repository);

  // Keeps a copy of it beside it, under a name, instead of the one that was kept before.
  [[nodiscard]] Result<void> keep(const std::string& name);
  // Becomes what was kept under a name; false when that is not there, or was made under other
  // rules.
  [[nodiscard]] Result<bool> restore(const std::string& name, const std::string& rules);
  // Outside of transactions: keeps the journal short.
  void trim_journal();
  // The pages that were read and written lately are read again.
  void give_memory_back();

  [[nodiscard]] Result<std::vector<CachedSummary>> summaries();
  [[nodiscard]] Result<std::uint64_t> event_count();
  [[nodiscard]] Result<bool> knows(const CommitId& commit);

  // ---- Between begin() and commit(); without the second it stays as it was
  [[nodiscard]] Result<store::Transaction> begin();
  // Replaces what there is about an id; the row's number.
  [[nodiscard]] Result<std::int64_t> put(const IssueId& id,
                                         RowKind kind,
                                         std::span<const Event> events,
                                         const Summary* summary);
  [[nodiscard]] Result<void> add_commit(const CommitId& commit);
  [[nodiscard]] Result<void> add_call(const CallRecord& call, const CommitId& commit);
  // One that is not signed as it should be; false when that was known.
  [[nodiscard]] Result<bool> add_unsigned(const EventId& event);
  // Something to remember beside it, until it is cleared.
  [[nodiscard]] Result<void> note(std::string_view name, std::string_view value);
  [[nodiscard]] Result<std::string> noted(std::string_view name);  // empty: nothing
  // `head`: of the log, all of which is in the cache now.
  [[nodiscard]] Result<void> commit(store::Transaction& transaction,
                                    const std::optional<CommitId>& head);

  // ---- Reading, with any connection
  [[nodiscard]] store::Database& writer() { return database_; }
  [[nodiscard]] Result<store::Reader> reader(const std::stop_token& stop = {}) {
    auto reader = readers_.take(stop);
    // By its path: it may have opened the file of another.
    if (reader && !is_in_place()) return removed();
    return reader;
  }
  // Normalized; empty when nothing is known of the id.
  [[nodiscard]] static Result<std::vector<Event>> events(store::Database& database,
                                                         const IssueId& id);
  [[nodiscard]] static Result<std::vector<Event>> events_of_row(store::Database& database,
                                                                std::int64_t row);
  // Calls take(events) for all rows of a kind.
  template <typename Take>
  [[nodiscard]] static Result<void> each(store::Database& database, RowKind kind, Take take);
  // Of this filling of the cache: another one numbers its rows anew.
  [[nodiscard]] static Result<std::string> epoch(store::Database& database);
  struct FoundCall {
    CallRecord call;
    CommitId commit;
  };
  [[nodiscard]] static Result<std::optional<FoundCall>> find_call(store::Database& database,
                                                                  const std::string& key);
  // Rows of issues that changed after a number, oldest change first: (change, row).
  struct Change {
    std::int64_t change = 0;
    std::int64_t row = 0;
  };
  [[nodiscard]] static Result<std::vector<Change>> changes_after(store::Database& database,
                                                                 std::int64_t change);
  [[nodiscard]] static Result<std::vector<Event>> decode_events(std::string_view bytes);
  // `damaged` when something in it cannot be read.
  [[nodiscard]] Result<void> check();
  // All events and calls that can be read, whatever else is wrong with it.
  [[nodiscard]] std::vector<Event> readable_events();
  [[nodiscard]] std::vector<FoundCall> readable_calls();
  // How many ids another cache of the same log has otherwise than this one, or alone.
  [[nodiscard]] Result<std::uint64_t> count_differences(const Cache& other);

  [[nodiscard]] const std::string& directory() const { return directory_; }
  // Whether it is what lies at its path. Of one that was removed all that is open can be used on,
  // but nothing more of it can be opened.
  [[nodiscard]] bool is_in_place() const;
  [[nodiscard]] static std::unexpected<Error> removed() {
    return fail(Errc::conflict, "the issue cache was removed meanwhile", {"send it again"});
  }

 private:
  Cache(store::Database database, std::string directory);
  [[nodiscard]] static Result<std::unique_ptr<Cache>> try_open(const std::string& directory);
  [[nodiscard]] Result<void> load_state();
  [[nodiscard]] Result<bool> copy_of(const std::string& path,
                                     const std::optional<std::string>& rules);
  [[nodiscard]] Result<void> begin_epoch();
  [[nodiscard]] std::string kept_path(const std::string& name) const;

  store::Database database_;
  store::Readers readers_;
  const std::string directory_;
  const std::optional<FileId> file_;
  std::optional<CommitId> head_;
  std::string rules_;
  std::string repository_;
  std::int64_t change_ = 0;  // the number of the last change of a row
};

template <typename Take>
Result<void> Cache::each(store::Database& database, RowKind kind, Take take) {
  auto rows = database.query("SELECT bytes FROM rows JOIN events USING(n) WHERE kind = ?",
                             static_cast<int>(kind));
  while (rows.next()) {
    auto events = decode_events(rows.blob(0));
    if (!events) return std::unexpected(std::move(events.error()));
    take(std::move(*events));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return {};
}

}  // namespace hearth::packs::issues
