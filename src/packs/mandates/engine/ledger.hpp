// Budgets: what runs, mandates and days may cost, in calls, tokens, money and time.
//
// Before a call its worst case is reserved, in every scope, or refused; after it what was used
// replaces the reservation. When nobody can say what was used, or the daemon is killed in between,
// the reservation stays charged. Entries are only added, each sealed over the one before it, and
// the last one is named in the journal: a ledger that was edited, cut or emptied is `damaged`, and
// then nothing is reserved any more.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/guarded.hpp"
#include "packs/mandates/engine/amounts.hpp"
#include "packs/mandates/engine/day_total.hpp"
#include "packs/mandates/engine/mandate_store.hpp"

namespace hearth::packs::mandates {

struct Budget {
  Limits run;
  Limits mandate;  // of all its runs
  Limits day;      // of all mandates of the daemon; days are those of UTC
};

struct Spender {
  std::string run;
  std::string mandate;
};

// Members are for any thread; reservations are made one at a time.
class Ledger final {
 public:
  // `damaged` when an entry is missing, was changed, or is not the last that the journal knows.
  // `days` is shared by all ledgers of a daemon. Where there are more than `most_entries`, those of
  // what is over are folded into one of each mandate.
  [[nodiscard]] static Result<std::unique_ptr<Ledger>> open(
      MandateStore& store,
      std::shared_ptr<DayTotal> days = std::make_shared<DayTotal>(),
      std::int64_t most_entries = 20'000);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Nothing when it is reserved; else which budget leaves too little ("day: tokens"). An error is
  // no reservation either. What is reserved under the name still stays charged.
  [[nodiscard]] Result<std::optional<std::string>> reserve(const std::string& name,
                                                           const Spender& spender,
                                                           const Amounts& worst,
                                                           const Budget& budget);
  // Replaces the reservation by what was used, once; more than was reserved is charged, too.
  // Nothing: not known, the reservation stays charged.
  [[nodiscard]] Result<void> settle(const std::string& name, const std::optional<Amounts>& used);

  struct Usage {
    Amounts run;
    Amounts mandate;
    Amounts day;  // of all ledgers
  };
  [[nodiscard]] Usage usage(const Spender& spender);

 private:
  struct Entry {
    std::string kind;
    std::string name;
    Spender spender;
    std::int64_t day = 0;
    Amounts amounts;
  };
  struct State {
    bool is_open = false;   // what it holds is in the day's total
    std::int64_t last = 0;  // the last entry's number
    Digest mac{};
    std::int64_t day = 0;  // the latest day that was charged
    std::map<std::string, Amounts> runs;
    std::map<std::string, Amounts> mandates;
    std::map<std::int64_t, Amounts> days;
    std::map<std::string, Entry> open;  // reservations
  };

  Ledger(MandateStore& store, std::shared_ptr<DayTotal> days)
      : store_(store), key_(store.key().derive("ledger")), days_(std::move(days)) {}
  [[nodiscard]] Result<void> load(State& state);
  [[nodiscard]] Result<void> settle(State& state,
                                    const std::string& name,
                                    const std::optional<Amounts>& used);
  [[nodiscard]] Digest seal(const Digest& before, std::int64_t n, const Entry& entry) const;
  [[nodiscard]] Result<void> insert(Change& change, State& state, const Entry& entry) const;
  [[nodiscard]] Result<void> append(State& state, Point point, const Entry& entry);
  [[nodiscard]] Result<void> fold(State& state, std::int64_t entries);
  static void charge(State& state, const Entry& entry);

  MandateStore& store_;
  const Key key_;
  const std::shared_ptr<DayTotal> days_;
  Guarded<State> state_;
};

}  // namespace hearth::packs::mandates
