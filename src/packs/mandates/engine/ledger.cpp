#include "packs/mandates/engine/ledger.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace hearth::packs::mandates {
namespace {

bool is_sane(const Amounts& amounts) {
  constexpr std::int64_t most = std::int64_t{1} << 50;  // sums of thousands of them fit
  const auto in_range = [](std::int64_t value) { return value >= 0 && value <= most; };
  return in_range(amounts.calls) && in_range(amounts.tokens) && in_range(amounts.money) &&
         in_range(amounts.wall_ms);
}

std::string budget_text(std::int64_t last,
                        const Digest& mac,
                        std::string_view kind,
                        std::string_view name) {
  return fields_text(
      {{"entry", std::to_string(last)}, {"seal", hex(mac)}, {"kind", kind}, {"name", name}});
}

}  // namespace

Digest Ledger::seal(const Digest& before, std::int64_t n, const Entry& entry) const {
  const auto text = [](std::int64_t value) { return std::to_string(value); };
  return key_.mac({view(before), text(n), entry.kind, entry.name, entry.spender.run,
                   entry.spender.mandate, text(entry.day), text(entry.amounts.calls),
                   text(entry.amounts.tokens), text(entry.amounts.money),
                   text(entry.amounts.wall_ms)});
}

// A settlement holds the difference to its reservation, so that all entries are added up alike.
void Ledger::charge(State& state, const Entry& entry) {
  state.day = std::max(state.day, entry.day);
  if (!entry.spender.run.empty()) state.runs[entry.spender.run] += entry.amounts;
  if (!entry.spender.mandate.empty()) state.mandates[entry.spender.mandate] += entry.amounts;
  if (entry.day > 0) state.days[entry.day] += entry.amounts;
  if (entry.kind == "reserve") state.open[entry.name] = entry;
  if (entry.kind == "settle") state.open.erase(entry.name);
}

Result<void> Ledger::load(State& state) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  auto rows = (*reader)->query(
      "SELECT n, kind, name, run, mandate, day, calls, tokens, money, wall_ms, mac FROM ledger "
      "ORDER BY n");
  std::string last_text;
  while (rows.next()) {
    const Entry entry{
        .kind = std::string(rows.text(1)),
        .name = std::string(rows.text(2)),
        .spender = {std::string(rows.text(3)), std::string(rows.text(4))},
        .day = rows.integer(5),
        .amounts = {rows.integer(6), rows.integer(7), rows.integer(8), rows.integer(9)}};
    const Digest mac = seal(state.mac, rows.integer(0), entry);
    if (rows.blob(10) != view(mac)) {
      return fail(Errc::damaged,
                  (*reader)->path() + ": entry " + std::to_string(rows.integer(0)) +
                      " of the ledger was changed, or the one before it is missing",
                  {"no budget can be given out; restore the mandates directory from a backup"});
    }
    state.last = rows.integer(0);
    state.mac = mac;
    charge(state, entry);
    last_text = budget_text(state.last, mac, entry.kind, entry.name);
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  if (last_text != store_.last_budget()) {
    return fail(Errc::damaged,
                (*reader)->path() + ": the ledger ends with entry " + std::to_string(state.last) +
                    ", which is not the last that the journal knows",
                {"no budget can be given out; restore the mandates directory from a backup"});
  }
  return {};
}

Result<std::unique_ptr<Ledger>> Ledger::open(MandateStore& store,
                                             std::shared_ptr<DayTotal> days,
                                             std::int64_t most_entries) {
  auto ledger = std::unique_ptr<Ledger>(new Ledger(store, std::move(days)));
  auto state = ledger->state_.lock();
  if (auto loaded = ledger->load(*state); !loaded)
    return std::unexpected(std::move(loaded.error()));
  // Their daemon was killed: they stay charged.
  state->open.clear();
  const auto count = [&]() -> Result<std::optional<std::int64_t>> {
    auto reader = store.read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    return (*reader)->integer("SELECT count(*) FROM ledger");
  }();
  if (!count) return std::unexpected(count.error());
  if (*count && **count > most_entries) {
    if (auto folded = ledger->fold(*state, **count); !folded)
      return std::unexpected(folded.error());
  }
  for (const auto& [day, amounts] : state->days) ledger->days_->add(day, amounts);
  state->is_open = true;
  return ledger;
}

Ledger::~Ledger() {
  const auto state = state_.lock();
  if (!state->is_open) return;
  for (const auto& [day, amounts] : state->days) days_->subtract(day, amounts);
}

Result<void> Ledger::insert(Change& change, State& state, const Entry& entry) const {
  const std::int64_t n = state.last + 1;
  const Digest mac = seal(state.mac, n, entry);
  const Amounts& amounts = entry.amounts;
  auto done =
      change->run("INSERT INTO ledger VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", n, entry.kind,
                  entry.name, entry.spender.run, entry.spender.mandate, entry.day, amounts.calls,
                  amounts.tokens, amounts.money, amounts.wall_ms, store::Blob{view(mac)});
  if (done) {
    done = change.note("budget", {{"entry", std::to_string(n)},
                                  {"seal", hex(mac)},
                                  {"kind", entry.kind},
                                  {"name", entry.name}});
  }
  if (!done) return done;
  state.last = n;
  state.mac = mac;
  return {};
}

// The transaction may be run again: it works on a copy of where the chain is.
Result<void> Ledger::append(State& state, Point point, const Entry& entry) {
  State next;
  auto done = store_.commit(point, [&](Change& change) {
    next.last = state.last;
    next.mac = state.mac;
    return insert(change, next, entry);
  });
  if (!done) return done;
  state.last = next.last;
  state.mac = next.mac;
  charge(state, entry);
  return {};
}

Result<std::optional<std::string>> Ledger::reserve(const std::string& name,
                                                   const Spender& spender,
                                                   const Amounts& worst,
                                                   const Budget& budget) {
  auto state = state_.lock();
  if (!is_sane(worst)) return fail(Errc::internal, "budget: no amount that can be reserved");
  // Its end did not reach the store, and what was used of it nobody knows any more.
  if (state->open.contains(name)) {
    if (auto done = settle(*state, name, std::nullopt); !done)
      return std::unexpected(std::move(done.error()));
  }
  // The store's time, which goes back only by a person's word (MandateStore::accept_clock).
  const std::int64_t day = DayTotal::day_of(store_.now());
  struct Scope {
    std::string_view name;
    const Limits& limits;
    const Amounts& used;
  };
  const std::array<Scope, 2> scopes{
      {{"run", budget.run, state->runs[spender.run]},
       {"mandate", budget.mandate, state->mandates[spender.mandate]}}};
  for (const Scope& scope : scopes) {
    if (const auto kind = exceeded(scope.limits, scope.used, worst)) {
      return std::string(scope.name) + ": " + std::string(*kind);
    }
  }
  if (const auto kind = days_->reserve(day, worst, budget.day)) return "day: " + std::string(*kind);
  auto done =
      append(*state, Point::call_reserved,
             {.kind = "reserve", .name = name, .spender = spender, .day = day, .amounts = worst});
  if (done) return std::nullopt;
  days_->subtract(day, worst);
  return std::unexpected(std::move(done.error()));
}

Result<void> Ledger::settle(const std::string& name, const std::optional<Amounts>& used) {
  return settle(*state_.lock(), name, used);
}

Result<void> Ledger::settle(State& state,
                            const std::string& name,
                            const std::optional<Amounts>& used) {
  const auto found = state.open.find(name);
  if (found == state.open.end())
    return fail(Errc::conflict, "budget: " + name + " is not reserved");
  Entry entry = found->second;
  entry.kind = "settle";
  if (used && is_sane(*used)) {
    const Amounts reserved = entry.amounts;
    entry.amounts = *used;
    entry.amounts -= reserved;
  } else {
    entry.amounts = {};
  }
  auto done = append(state, Point::call_settled, entry);
  if (done) days_->add(entry.day, entry.amounts);
  return done;
}

Ledger::Usage Ledger::usage(const Spender& spender) {
  auto state = state_.lock();
  const auto find = [](const auto& map, const auto& key) {
    const auto found = map.find(key);
    return found == map.end() ? Amounts() : found->second;
  };
  return {.run = find(state->runs, spender.run),
          .mandate = find(state->mandates, spender.mandate),
          .day = days_->of(DayTotal::day_of(store_.now()))};
}

// Runs that are over for good and days that have passed need no entries any more; what mandates
// used stays, and what a run used that may be tried again: its budget does not begin anew.
Result<void> Ledger::fold(State& state, std::int64_t entries) {
  std::vector<Entry> kept;
  {
    auto reader = store_.read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto rows = (*reader)->query(
        "SELECT r.id FROM runs r JOIN mandates m ON m.n = r.mandate_n WHERE r.state <> 'ended' OR "
        "(r.outcome = 'failed' AND m.state <> 'stopped')");
    while (rows.next()) {
      const std::string run(rows.text(0));
      if (const auto found = state.runs.find(run); found != state.runs.end()) {
        kept.push_back(
            {.kind = "carry", .name = "run", .spender = {run, ""}, .amounts = found->second});
      }
    }
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  for (const auto& [mandate, amounts] : state.mandates) {
    kept.push_back(
        {.kind = "carry", .name = "mandate", .spender = {"", mandate}, .amounts = amounts});
  }
  kept.push_back(
      {.kind = "carry", .name = "day", .day = state.day, .amounts = state.days[state.day]});
  // Where most of them stay it is not worth doing at every open.
  if (std::ssize(kept) > entries / 2) return {};
  State folded;
  auto done = store_.commit(Point::call_settled, [&](Change& change) -> Result<void> {
    folded = {};
    folded.last = state.last;
    auto written = change->run("DELETE FROM ledger");
    for (auto each = kept.begin(); written && each != kept.end(); ++each) {
      written = insert(change, folded, *each);
      charge(folded, *each);
    }
    return written;
  });
  if (done) state = std::move(folded);
  return done;
}

}  // namespace hearth::packs::mandates
