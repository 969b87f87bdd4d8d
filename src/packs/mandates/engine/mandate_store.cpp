#include "packs/mandates/engine/mandate_store.hpp"

#include <algorithm>
#include <filesystem>
#include <future>
#include <system_error>
#include <vector>

#include "base/log.hpp"
#include "packs/mandates/engine/schema.hpp"
#include "store/migration.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_readers = 4;
constexpr int reader_cache_kib = 1024;
constexpr std::string_view budget_kind = "budget";
constexpr std::string_view clock_kind = "clock_accepted";
constexpr std::size_t most_value_bytes = 2000;

struct JournalState {
  std::uint64_t written = 0;
  JournalHead anchor;
};

Result<JournalState> load_state(store::Database& database) {
  auto rows = database.query("SELECT written, anchor, anchor_hash FROM journal_state");
  if (!rows.next()) {
    return rows.ok() ? fail(Errc::damaged, database.path() + ": the journal's state is gone")
                     : std::unexpected(rows.error());
  }
  JournalState state;
  state.written = static_cast<std::uint64_t>(rows.integer(0));
  state.anchor.sequence = static_cast<std::uint64_t>(rows.integer(1));
  const std::string_view hash = rows.blob(2);
  if (hash.size() != state.anchor.hash.size()) {
    return fail(Errc::damaged, database.path() + ": the journal's anchor is no hash");
  }
  std::ranges::copy(hash, state.anchor.hash.begin());
  return state;
}

Result<void> make_private(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  }
  if (error) return fail_errno("make " + directory, error.value());
  return {};
}

}  // namespace

std::string fields_text(Fields fields, const TextFilter& filter) {
  std::string text;
  for (const auto& [name, given] : fields) {
    const std::string clean = filter ? filter(given) : std::string();
    const std::string_view whole = filter ? std::string_view(clean) : given;
    std::string_view value = whole;
    std::string cut;
    if (whole.size() > most_value_bytes) {
      cut = std::string(whole.substr(0, most_value_bytes)) + "… (" + std::to_string(whole.size()) +
            " bytes)";
      value = cut;
    }
    if (!text.empty()) text += ' ';
    text.append(name).append(1, '=');
    if (!value.empty() && value.find_first_of(" \"\\\n\r\t=") == std::string_view::npos) {
      text += value;
      continue;
    }
    text += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      if (c == '\n') {
        text += "\\n";
      } else {
        text += c;
      }
    }
    text += '"';
  }
  return text;
}

Result<std::int64_t> Change::next_number(std::string_view table) {
  const auto next =
      database_.integer("UPDATE numbers SET last = last + 1 WHERE kind = ? RETURNING last", table);
  if (!next) return std::unexpected(next.error());
  if (*next) return **next;
  return fail(Errc::damaged, "no numbers are kept for " + std::string(table));
}

Result<void> Change::note(std::string_view kind, Fields fields) {
  auto done = database_.run("UPDATE journal_state SET written = written + 1");
  if (done) {
    // The ledger has to agree with its own records, to the byte.
    const std::string text = fields_text(fields, kind == budget_kind ? TextFilter() : filter_);
    done = database_.run("INSERT INTO outbox SELECT written, ?, ?, ? FROM journal_state", now_ms(),
                         kind, text);
  }
  return done;
}

MandateStore::MandateStore(store::Env& env,
                           const Clock& clock,
                           const MandateStoreOptions& options,
                           const Key& key)
    : env_(env),
      clock_(clock),
      directory_(options.directory),
      durability_(options.durability),
      hook_(options.hook),
      filter_(options.filter),
      recorded_(options.recorded),
      key_(key) {}

MandateStore::~MandateStore() = default;

Result<std::unique_ptr<MandateStore>> MandateStore::open(store::Env& env,
                                                         const Clock& clock,
                                                         const MandateStoreOptions& options) {
  if (auto made = make_private(options.directory); !made) return std::unexpected(made.error());
  const std::string path = options.directory + "/mandates.db";
  auto database = store::Database::open(path, {.durability = options.durability});
  if (!database) return std::unexpected(std::move(database.error()));
  if (auto ok = store::migrate(*database, mandates_schema()); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  const auto state = load_state(*database);
  if (!state) return std::unexpected(state.error());
  auto key = Key::load(env, options.directory + "/key", state->written == 0);
  if (!key) return std::unexpected(std::move(key.error()));
  auto opened = std::unique_ptr<MandateStore>(new MandateStore(env, clock, options, *key));
  if (auto ok = opened->open_journal(*database); !ok) return std::unexpected(std::move(ok.error()));
  opened->readers_ = std::make_unique<store::Readers>(path, most_readers, reader_cache_kib);
  store::Writer::Options writing;
  writing.committed = [store = opened.get()](store::Database& written) {
    // check_whole() tells the callers.
    if (auto done = store->deliver(written); !done) {
      log::error("the journal of mandates cannot be written",
                 {log::kv("error", done.error().message)});
      *store->broken_.lock() = std::move(done.error());
    }
  };
  auto writer = store::Writer::start(std::move(*database), clock, std::move(writing));
  if (!writer) return std::unexpected(std::move(writer.error()));
  opened->writer_ = std::move(*writer);
  return opened;
}

// The journal may lag behind the database by what the outbox has, and never be ahead of it.
Result<void> MandateStore::open_journal(store::Database& database) {
  const auto state = load_state(database);
  if (!state) return std::unexpected(state.error());
  auto journal = Journal::open(
      env_, directory_ + "/journal", key_.derive("journal"), state->anchor,
      [this](const JournalEntry& entry) {
        if (entry.kind == budget_kind) last_budget_ = entry.text;
        see(entry);
      },
      durability_);
  if (!journal) return std::unexpected(std::move(journal.error()));
  journal_ = std::move(*journal);
  const std::uint64_t head = journal_->head().sequence;
  {
    auto rows = database.query("SELECT text FROM outbox WHERE kind = ? ORDER BY n DESC LIMIT 1",
                               budget_kind);
    if (rows.next()) last_budget_ = rows.text(0);
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  const auto kept = database.integer("SELECT count(*) FROM outbox WHERE n > ?", head);
  if (!kept) return std::unexpected(kept.error());
  if (head > state->written ||
      static_cast<std::uint64_t>(kept->value_or(0)) != state->written - head) {
    return fail(Errc::damaged,
                database.path() + ": the journal has " + std::to_string(head) +
                    " records, the database knows of " + std::to_string(state->written),
                {"the database is an older copy, or was edited; restore both files together"});
  }
  return deliver(database);
}

Result<void> MandateStore::deliver(store::Database& database) {
  struct Row {
    JournalEntry entry;
    std::string kind;
    std::string text;
  };
  std::vector<Row> rows;
  auto query = database.query("SELECT n, time_ms, kind, text FROM outbox WHERE n > ? ORDER BY n",
                              static_cast<std::int64_t>(journal_->head().sequence));
  while (query.next()) {
    Row row{.entry = {}, .kind = std::string(query.text(2)), .text = std::string(query.text(3))};
    row.entry.sequence = static_cast<std::uint64_t>(query.integer(0));
    row.entry.time = WallTime(std::chrono::milliseconds(query.integer(1)));
    rows.push_back(std::move(row));
  }
  if (!query.ok()) return std::unexpected(query.error());
  if (rows.empty()) return {};
  std::vector<JournalEntry> entries;
  for (Row& row : rows) {
    row.entry.kind = row.kind;
    row.entry.text = row.text;
    see(row.entry);
    entries.push_back(row.entry);
  }
  if (auto head = journal_->append(entries); !head) return std::unexpected(std::move(head.error()));
  if (recorded_) std::ranges::for_each(entries, recorded_);
  return {};
}

// What the journal has needs to be kept no longer.
Result<void> MandateStore::anchor(store::Database& database) const {
  const JournalHead& head = journal_->head();
  const auto sequence = static_cast<std::int64_t>(head.sequence);
  auto done = database.run("DELETE FROM outbox WHERE n <= ?", sequence);
  if (done) {
    done = database.run("UPDATE journal_state SET anchor = ?, anchor_hash = ? WHERE anchor < ?",
                        sequence, store::Blob{view(head.hash)}, sequence);
  }
  return done;
}

Result<void> MandateStore::check_whole() {
  auto broken = broken_.lock();
  if (!*broken) return {};
  return fail(Errc::io, "the journal of mandates cannot be written: " + (*broken)->message,
              {"free space on the disk and restart the daemon; nothing was lost"});
}

Result<void> MandateStore::commit(Point point, std::function<Result<void>(Change&)> change) {
  reach(point, When::before);
  std::promise<Result<void>> answered;
  store::WriteJob job;
  job.run = [&](store::Database& database) -> Result<std::string> {
    if (auto ok = check_whole(); !ok) return std::unexpected(std::move(ok.error()));
    Change each(database, now(), filter_);
    auto done = change(each);
    // Last, so that a change that is refused has changed nothing.
    if (done) done = anchor(database);
    if (!done) return std::unexpected(std::move(done.error()));
    return std::string();
  };
  job.done = [&](Result<store::WriteOutcome> outcome) {
    ++changes_;
    answered.set_value(outcome ? Result<void>() : std::unexpected(std::move(outcome.error())));
  };
  writer_->submit(std::move(job));
  auto done = answered.get_future().get();
  if (done) done = check_whole();
  if (done) reach(point, When::after);
  return done;
}

void MandateStore::see(WallTime time) const {
  const std::int64_t ms = time.time_since_epoch().count();
  std::int64_t latest = latest_ms_.load();
  while (latest < ms && !latest_ms_.compare_exchange_weak(latest, ms)) {
  }
}

// From a record of a clock that was accepted on, what was seen before does not count.
void MandateStore::see(const JournalEntry& entry) const {
  if (entry.kind == clock_kind) latest_ms_ = entry.time.time_since_epoch().count();
  see(entry.time);
}

Result<void> MandateStore::accept_clock(const std::string& reviewer) {
  return commit(Point::schedule_changed, [&](Change& change) -> Result<void> {
    const WallTime right = clock_.wall();
    const std::int64_t right_ms = right.time_since_epoch().count();
    const WallTime before = change.now();
    latest_ms_ = right_ms;
    Change accepted(*change, right, filter_);
    auto done = change->run("UPDATE schedules SET cursor_ms = ?1 WHERE cursor_ms > ?1", right_ms);
    if (done)
      done = change->run("UPDATE watches SET looked_ms = ?1 WHERE looked_ms > ?1", right_ms);
    if (done) {
      done = change->run(
          "UPDATE runs SET not_before_ms = ?1, wakes = wakes + 1 WHERE state <> 'ended' AND "
          "not_before_ms > ?1",
          right_ms);
    }
    if (done) {
      done = accepted.note(clock_kind, {{"seen", format_rfc3339(before)},
                                        {"accepted", format_rfc3339(right)},
                                        {"reviewer", reviewer}});
    }
    return done;
  });
}

WallTime MandateStore::now() const {
  see(clock_.wall());
  return WallTime(std::chrono::milliseconds(latest_ms_.load()));
}

// Until then every change that was answered is in the journal.
void MandateStore::settle() {
  std::promise<void> settled;
  store::WriteJob job;
  job.run = [](store::Database&) -> Result<std::string> { return std::string(); };
  job.done = [&](Result<store::WriteOutcome>) { settled.set_value(); };
  writer_->submit(std::move(job));
  settled.get_future().wait();
}

Result<JournalCheck> MandateStore::audit(const JournalVisitor& visit) {
  settle();
  auto reader = read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto state = load_state(**reader);
  if (!state) return std::unexpected(state.error());
  auto checked =
      verify_journal(env_, journal_->path(), key_.derive("journal"), state->anchor, visit);
  // Behind the anchor only the database knows how much there was.
  if (checked && checked->head.sequence < state->written) {
    return fail(Errc::damaged, journal_->path() + " ends with record " +
                                   std::to_string(checked->head.sequence) +
                                   ", the database knows of " + std::to_string(state->written));
  }
  return checked;
}

}  // namespace hearth::packs::mandates
