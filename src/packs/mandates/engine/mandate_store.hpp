// The durable truth of one namespace's mandates: a database, and the journal that follows it.
//
//   DIRECTORY/mandates.db   what is true
//   DIRECTORY/journal       what happened (journal.hpp)
//   DIRECTORY/key           seals journal, approvals and ledger; 0600
//
// A change and its journal records are one transaction. They are journaled after the commit and
// before the caller is told; what a kill leaves in between is journaled by the next open. When the
// journal cannot be written, every further change is refused: nothing happens unseen.
#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "packs/mandates/engine/digest.hpp"
#include "packs/mandates/engine/journal.hpp"
#include "packs/mandates/engine/points.hpp"
#include "store/env.hpp"
#include "store/readers.hpp"
#include "store/sqlite.hpp"
#include "store/writer.hpp"

namespace hearth::packs::mandates {

// "run=… state=waiting reason=\"no model\"": the text of a journal record. Of a value longer than
// 2,000 bytes the beginning and its length. `filter` sees each value before it is cut or quoted: of
// a secret a part would not be known.
using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
using TextFilter = std::function<std::string(std::string_view)>;
[[nodiscard]] std::string fields_text(Fields fields, const TextFilter& filter = {});

// One transaction, on the writer thread.
class Change final {
 public:
  Change(store::Database& database, WallTime now, const TextFilter& filter)
      : database_(database), now_(now), filter_(filter) {}
  [[nodiscard]] store::Database& operator*() const { return database_; }
  [[nodiscard]] store::Database* operator->() const { return &database_; }
  [[nodiscard]] WallTime now() const { return now_; }
  [[nodiscard]] std::int64_t now_ms() const { return now_.time_since_epoch().count(); }
  // For a new row of mandates, schedules or runs: one that no row of that table ever had.
  [[nodiscard]] Result<std::int64_t> next_number(std::string_view table);
  // Adds a record to the journal.
  [[nodiscard]] Result<void> note(std::string_view kind, Fields fields);

 private:
  store::Database& database_;
  WallTime now_;
  const TextFilter& filter_;
};

struct MandateStoreOptions {
  std::string directory;
  store::Durability durability = store::Durability::power;
  PointHook hook;
  // Takes out of a record's text what no journal may keep; of those that nothing reads again.
  TextFilter filter;
  // Told of each record once it is in the journal, on the writer's thread; at once.
  std::function<void(const JournalEntry&)> recorded;
};

// Members are for any thread.
class MandateStore final {
 public:
  // Makes what is missing of a new store. `damaged` when the journal, or what it says of the
  // database, does not hold. `env` (of journal and key) and `clock` outlive the store.
  [[nodiscard]] static Result<std::unique_ptr<MandateStore>> open(
      store::Env& env, const Clock& clock, const MandateStoreOptions& options);
  ~MandateStore();

  // Returns when the change is committed and journaled. `change` may be called again after its
  // effect was undone: it changes nothing but the database, and what it returns.
  template <typename T>
  [[nodiscard]] Result<T> write(Point point, std::function<Result<T>(Change&)> change) {
    std::optional<T> value;
    auto done = commit(point, [&](Change& each) -> Result<void> {
      auto result = change(each);
      if (!result) return std::unexpected(std::move(result.error()));
      value = std::move(*result);
      return {};
    });
    if (!done) return std::unexpected(std::move(done.error()));
    return std::move(*value);
  }
  [[nodiscard]] Result<void> commit(Point point, std::function<Result<void>(Change&)> change);
  // A view that sees every change that was answered before.
  [[nodiscard]] Result<store::Reader> read() { return readers_->take(); }
  // Grows with each change, before it is answered: what was read since it was last asked is still
  // so while it stays.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  void reach(Point point, When when) const {
    if (hook_) hook_(point, when);
  }

  [[nodiscard]] const Key& key() const { return key_; }
  // The wall clock, but never before what the journal has seen: when the clock is set back, time
  // stands still until it has caught up. So nothing fires again, no approval revives, and no day's
  // budget begins anew.
  [[nodiscard]] WallTime now() const;
  // A person's word that the clock is right where it is behind: time goes on from there, and what
  // was put off to a time that has not come is due.
  [[nodiscard]] Result<void> accept_clock(const std::string& reviewer);
  // How far the clock is behind; more than moments means that it was set back, or was once ahead.
  [[nodiscard]] std::chrono::milliseconds clock_lag() const { return now() - clock_.wall(); }
  // The text of the last record of kind "budget" that the journal had when it was opened: what the
  // ledger must agree with.
  [[nodiscard]] const std::string& last_budget() const { return last_budget_; }
  // Checks the journal against the anchor, while all goes on; shows each record to `visit`.
  [[nodiscard]] Result<JournalCheck> audit(const JournalVisitor& visit = {});

 private:
  MandateStore(store::Env& env,
               const Clock& clock,
               const MandateStoreOptions& options,
               const Key& key);
  [[nodiscard]] Result<void> open_journal(store::Database& database);
  [[nodiscard]] Result<void> deliver(store::Database& database);
  void see(WallTime time) const;
  void see(const JournalEntry& entry) const;
  [[nodiscard]] Result<void> anchor(store::Database& database) const;
  [[nodiscard]] Result<void> check_whole();
  void settle();

  store::Env& env_;
  const Clock& clock_;
  const std::string directory_;
  const store::Durability durability_;
  const PointHook hook_;
  const TextFilter filter_;
  const std::function<void(const JournalEntry&)> recorded_;
  const Key key_;
  std::unique_ptr<Journal> journal_;                // writer thread, once it runs
  mutable std::atomic<std::int64_t> latest_ms_{0};  // that now() ever said
  std::string last_budget_;
  std::atomic<std::uint64_t> changes_{0};
  Guarded<std::optional<Error>> broken_;  // why nothing is written any more
  std::unique_ptr<store::Readers> readers_;
  std::unique_ptr<store::Writer> writer_;  // last: its thread uses what stands above
};

}  // namespace hearth::packs::mandates
