#include "packs/knowledge/engine/schema.hpp"

namespace hearth::packs::knowledge {
namespace {

// Version 1. `text` stands last: the columns before it are read without touching its pages. The
// full-text index keeps no copy of the texts (external content); rows.cpp is the one place that
// writes `entries`, and keeps index and tags in step. Neither triggers nor foreign keys do that:
// both open a savepoint for each statement, at which the index writes out what it has gathered.
// `salience` weighs entries of a later ranking; 1 is neutral.
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

constexpr const char* steps[] = {version_1};
constexpr store::Schema schema{"knowledge store", 0x484B4E4F, steps};

}  // namespace

const store::Schema& knowledge_schema() {
  return schema;
}

}  // namespace hearth::packs::knowledge
