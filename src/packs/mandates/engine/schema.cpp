#include "packs/mandates/engine/schema.hpp"

namespace hearth::packs::mandates {
namespace {

// Times are milliseconds since 1970, UTC. What the pack puts into `spec`, `output`, `payload` … is
// opaque here.
constexpr const char* version_1 = R"sql(
CREATE TABLE mandates(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  spec TEXT NOT NULL,
  state TEXT NOT NULL,           -- active, paused, stopped
  reason TEXT NOT NULL DEFAULT '',
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE schedules(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  mandate_n INTEGER NOT NULL,
  timing TEXT NOT NULL,
  zone TEXT NOT NULL,
  jitter_ms INTEGER NOT NULL,
  late_after_ms INTEGER NOT NULL,
  catch_up TEXT NOT NULL,        -- skip, once, bounded
  catch_up_most INTEGER NOT NULL,
  catch_up_window_ms INTEGER NOT NULL,
  catch_up_stagger_ms INTEGER NOT NULL,
  overlap TEXT NOT NULL,
  most_waiting INTEGER NOT NULL,
  most_active INTEGER NOT NULL,
  pause_after INTEGER NOT NULL,  -- failed runs in a row; 0: never
  failures INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,           -- active, paused
  reason TEXT NOT NULL DEFAULT '',
  cursor_ms INTEGER NOT NULL,    -- the last occurrence that was considered; only grows
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX schedules_by_mandate ON schedules(mandate_n);

-- Each occurrence that was considered by itself; the key makes a second run of one impossible.
CREATE TABLE occurrences(
  schedule_n INTEGER NOT NULL,
  scheduled_ms INTEGER NOT NULL,
  fired_ms INTEGER NOT NULL,
  run_n INTEGER,                 -- null: it does not run
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(schedule_n, scheduled_ms)
) STRICT, WITHOUT ROWID;

-- Those that came too late, from the first to the last.
CREATE TABLE missed(
  n INTEGER PRIMARY KEY,
  schedule_n INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  count INTEGER NOT NULL,
  is_complete INTEGER NOT NULL,
  noted_ms INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX missed_by_schedule ON missed(schedule_n, first_ms);

CREATE TABLE runs(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  mandate_n INTEGER NOT NULL,
  schedule_n INTEGER,
  scheduled_ms INTEGER,
  cause TEXT NOT NULL,           -- schedule, catch_up, backfill, trigger, or an event's name
  state TEXT NOT NULL,           -- waiting, running, blocked, ended
  reason TEXT NOT NULL DEFAULT '',  -- what it waits for; how it ended
  outcome TEXT NOT NULL DEFAULT '',  -- of an ended one: succeeded, failed, stopped
  not_before_ms INTEGER NOT NULL,
  cycle INTEGER NOT NULL DEFAULT 1,
  bad_cycles INTEGER NOT NULL DEFAULT 0,  -- in a row
  stop INTEGER NOT NULL DEFAULT 0,  -- overlap.hpp
  wakes INTEGER NOT NULL DEFAULT 0,  -- how often something happened that it may wait for
  created_ms INTEGER NOT NULL,
  begun_ms INTEGER,
  ended_ms INTEGER
) STRICT;
CREATE INDEX runs_to_do ON runs(not_before_ms) WHERE state <> 'ended';
CREATE INDEX runs_by_schedule ON runs(schedule_n, state) WHERE schedule_n IS NOT NULL;
CREATE INDEX runs_by_mandate ON runs(mandate_n, n);

CREATE TABLE phases(
  run_n INTEGER NOT NULL,
  cycle INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  is_done INTEGER NOT NULL DEFAULT 0,
  begun INTEGER NOT NULL,        -- how often, since it last came to an end
  failed INTEGER NOT NULL DEFAULT 0,  -- how often it failed
  error TEXT NOT NULL DEFAULT '',
  begun_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  output TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(run_n, cycle, phase)
) STRICT;

CREATE TABLE steps(
  run_n INTEGER NOT NULL,
  cycle INTEGER NOT NULL,
  step TEXT NOT NULL,
  state TEXT NOT NULL,           -- done, failed, skipped; none: still to do
  output TEXT NOT NULL,
  PRIMARY KEY(run_n, cycle, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE effects(
  key TEXT PRIMARY KEY,          -- the idempotency key: run, cycle and step
  run_n INTEGER NOT NULL,
  state TEXT NOT NULL,           -- effects.hpp
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  identity TEXT NOT NULL,
  before_hash TEXT NOT NULL,
  after_hash TEXT NOT NULL,
  recovery INTEGER NOT NULL,     -- ports.hpp
  intended_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  payload TEXT NOT NULL,
  output TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX effects_by_run ON effects(run_n);

CREATE TABLE proposals(
  id TEXT PRIMARY KEY,
  run_n INTEGER NOT NULL,
  cycle INTEGER NOT NULL,
  step TEXT NOT NULL,
  state TEXT NOT NULL,           -- pending, approved, denied, expired, superseded, used
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,   -- as sealed; this one is for the timer
  decided_ms INTEGER,
  sealed BLOB NOT NULL,
  decision BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX proposals_by_step ON proposals(run_n, cycle, step);
CREATE INDEX proposals_pending ON proposals(expires_ms) WHERE state = 'pending';

CREATE TABLE ledger(
  n INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,            -- reserve, settle, carry
  name TEXT NOT NULL,            -- of the reservation
  run TEXT NOT NULL,
  mandate TEXT NOT NULL,
  day INTEGER NOT NULL,          -- since 1970
  calls INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  money INTEGER NOT NULL,        -- millionths
  wall_ms INTEGER NOT NULL,
  mac BLOB NOT NULL              -- over the one before and this one
) STRICT;

-- What the journal does not surely have yet.
CREATE TABLE outbox(
  n INTEGER PRIMARY KEY,         -- the sequence in the journal
  time_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE TABLE journal_state(
  only INTEGER PRIMARY KEY CHECK (only = 1),
  written INTEGER NOT NULL,      -- the last that ever was in the outbox
  anchor INTEGER NOT NULL,       -- the journal has all up to this one
  anchor_hash BLOB NOT NULL
) STRICT;
INSERT INTO journal_state VALUES(1, 0, 0, zeroblob(32));
)sql";

// What schedules that wait for the world have seen of it (sightings.hpp).
constexpr const char* version_2 = R"sql(
CREATE TABLE watches(
  schedule_n INTEGER PRIMARY KEY,
  round INTEGER NOT NULL,        -- how often what was seen was stored
  looked_ms INTEGER NOT NULL     -- when the last look began
) STRICT;
CREATE TABLE sightings(
  schedule_n INTEGER NOT NULL,
  item TEXT NOT NULL,            -- a path; the id of an issue or an entry
  mark TEXT NOT NULL,            -- what tells one state of it from another
  PRIMARY KEY(schedule_n, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX effects_by_time ON effects(ended_ms);
)sql";

// What is looked for at each change must not be searched for among all that there ever was: a view
// that is new finds nothing in its cache, and the rows are large.
constexpr const char* version_3 = R"sql(
CREATE INDEX schedules_active ON schedules(mandate_n, state) WHERE state = 'active';
CREATE INDEX schedules_by_timing ON schedules(timing) WHERE state = 'active';
CREATE INDEX effects_by_state ON effects(state);
)sql";

// A number is given once: SQLite gives the highest again after its row is gone, and what a removed
// schedule has left would be the next one's. Of those that are gone, what is left of them tells.
constexpr const char* version_4 = R"sql(
DELETE FROM occurrences WHERE schedule_n NOT IN (SELECT n FROM schedules);
DELETE FROM missed WHERE schedule_n NOT IN (SELECT n FROM schedules);
CREATE TABLE numbers(
  kind TEXT PRIMARY KEY,         -- the table whose rows they are
  last INTEGER NOT NULL          -- the highest that was ever given
) STRICT, WITHOUT ROWID;
INSERT INTO numbers VALUES
  ('mandates', max((SELECT coalesce(max(n), 0) FROM mandates),
                   (SELECT coalesce(max(mandate_n), 0) FROM schedules),
                   (SELECT coalesce(max(mandate_n), 0) FROM runs))),
  ('schedules', max((SELECT coalesce(max(n), 0) FROM schedules),
                    (SELECT coalesce(max(schedule_n), 0) FROM runs))),
  ('runs', (SELECT coalesce(max(n), 0) FROM runs));
)sql";

constexpr const char* steps[] = {version_1, version_2, version_3, version_4};
constexpr store::Schema schema{
    .name = "store of mandates", .application_id = 0x484D414E, .steps = steps};

}  // namespace

const store::Schema& mandates_schema() {
  return schema;
}

}  // namespace hearth::packs::mandates
