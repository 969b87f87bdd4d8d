#include "packs/knowledge/engine/schema.hpp"

namespace hearth::packs::knowledge {
namespace {

// Version 1. `text` stands last: the columns before it are read without touching its pages. The
// full-text index keeps no copy of the texts (external content); rows.cpp is the one place that
// writes `entries`, and keeps index and tags in step. Neither triggers nor foreign keys do that:
// both open a savepoint for each statement, at which the index writes out what it has gathered.
constexpr const char* version_1 = R"sql(
CREATE TABLE sources(
  n INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,   -- canonical
  mtime_ns INTEGER NOT NULL,   -- 0: too fresh to be trusted; look at the content next time
  size INTEGER NOT NULL,
  hash TEXT NOT NULL,          -- fingerprint of the content
  imported_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE entries(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,     -- UUID version 7
  kind TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  salience REAL NOT NULL DEFAULT 1.0,
  source_n INTEGER,            -- of sources; null for what was remembered
  chunk INTEGER,               -- position in the source, from 0
  line INTEGER,                -- first line in the source, from 1
  chunk_hash TEXT,             -- of title and text as imported
  title TEXT NOT NULL,
  tags TEXT NOT NULL DEFAULT '',  -- sorted, one a line
  properties TEXT NOT NULL DEFAULT '{}',
  text TEXT NOT NULL
) STRICT;
CREATE INDEX entries_by_kind ON entries(kind);
CREATE INDEX entries_by_source ON entries(source_n, chunk) WHERE source_n IS NOT NULL;

CREATE TABLE entry_tags(
  tag TEXT NOT NULL,
  n INTEGER NOT NULL,          -- of entries
  PRIMARY KEY(tag, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_tags_by_entry ON entry_tags(n);

CREATE VIRTUAL TABLE entries_fts USING fts5(
  title, text, tags, content = 'entries', content_rowid = 'n',
  tokenize = 'porter unicode61 remove_diacritics 2');
INSERT INTO entries_fts(entries_fts, rank) VALUES('rank', 'bm25(4.0, 1.0, 3.0)');
)sql";

// Version 2. The indexes are files beside the database (index_feed.hpp), which follow `seq`: the
// number of an entry's last change, counted over the whole store. Entries are read through `live`,
// but for what restores the deleted.
constexpr const char* version_2 = R"sql(
DROP TABLE entries_fts;

CREATE TABLE counter(
  only INTEGER PRIMARY KEY CHECK (only = 1),
  value INTEGER NOT NULL       -- the last change
) STRICT;
INSERT INTO counter SELECT 1, coalesce(max(n), 0) FROM entries;

ALTER TABLE entries RENAME TO entries_1;
DROP INDEX entries_by_kind;
DROP INDEX entries_by_source;
CREATE TABLE entries(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,     -- UUID version 7
  kind TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  seq INTEGER NOT NULL,        -- of its last change that an index must see
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  deleted_ms INTEGER,          -- null: it lives
  memory TEXT,                 -- 'episodic' or 'semantic': how fast it fades; null: it does not
  salience REAL NOT NULL DEFAULT 0.5,  -- 0 … 1
  recalled_ms INTEGER,         -- the last time that it was of use
  superseded_by INTEGER,       -- of entries
  source_n INTEGER,            -- of sources; null for what was written here
  chunk INTEGER,               -- position in the source, from 0
  line INTEGER,                -- first line in the source, from 1
  chunk_hash TEXT,             -- of title and text as imported
  origin TEXT,                 -- where it is from, as its author says; null for what was imported
  title TEXT NOT NULL,
  tags TEXT NOT NULL DEFAULT '',  -- sorted, one a line
  properties TEXT NOT NULL DEFAULT '{}',
  text TEXT NOT NULL
) STRICT;
INSERT INTO entries(n, id, kind, version, seq, created_ms, updated_ms, memory, source_n, chunk,
    line, chunk_hash, title, tags, properties, text)
  SELECT n, id, kind, version, n, created_ms, updated_ms,
    CASE WHEN source_n IS NULL THEN 'semantic' END, source_n, chunk, line, chunk_hash, title, tags,
    properties, text FROM entries_1;
DROP TABLE entries_1;
CREATE UNIQUE INDEX entries_by_seq ON entries(seq);
CREATE INDEX entries_by_kind ON entries(kind, superseded_by) WHERE deleted_ms IS NULL;
CREATE INDEX entries_by_change ON entries(updated_ms) WHERE deleted_ms IS NULL;
CREATE INDEX entries_by_title ON entries(title COLLATE NOCASE);
CREATE INDEX entries_by_source ON entries(source_n, chunk) WHERE source_n IS NOT NULL;
CREATE INDEX entries_superseded ON entries(superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX entries_memory ON entries(memory, salience, updated_ms, recalled_ms)
  WHERE memory IS NOT NULL AND deleted_ms IS NULL;
CREATE INDEX entries_deleted ON entries(deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE VIEW live AS SELECT * FROM entries WHERE deleted_ms IS NULL;

-- What is gone for good, until both indexes know on disk.
CREATE TABLE removed(
  seq INTEGER PRIMARY KEY,
  n INTEGER NOT NULL,          -- of entries
  id TEXT NOT NULL
) STRICT;

CREATE TABLE edges(
  source INTEGER NOT NULL,     -- of entries
  relation TEXT NOT NULL,
  target INTEGER NOT NULL,     -- of entries
  weight REAL NOT NULL DEFAULT 1.0,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY(source, relation, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX edges_by_target ON edges(target, relation, source);

-- Vectors that cannot be computed again at will: from a model server, or from callers.
CREATE TABLE vectors(
  n INTEGER PRIMARY KEY,       -- of entries, as they are now: goes when the text changes
  model TEXT NOT NULL,
  vector BLOB NOT NULL         -- 32-bit floats, little-endian, of length 1
) STRICT;

-- What is known of the model whose vectors these are.
CREATE TABLE model(
  only INTEGER PRIMARY KEY CHECK (only = 1),
  name TEXT NOT NULL,
  dimensions INTEGER NOT NULL,
  unrelated_mean REAL NOT NULL,
  unrelated_deviation REAL NOT NULL
) STRICT;

CREATE TABLE watches(
  path TEXT PRIMARY KEY,       -- a canonical folder that is imported again when it changes
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* steps[] = {version_1, version_2};
constexpr store::Schema schema{"knowledge store", 0x484B4E4F, steps};

}  // namespace

const store::Schema& knowledge_schema() {
  return schema;
}

}  // namespace hearth::packs::knowledge
