// What notes about the project take and give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"

namespace hearth::packs::issues::wire {

struct NoteRequest {
  std::string key_name;
  std::string value;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(NoteRequest, (), (key_name, value, actor, key))
json::Notes notes(const NoteRequest*);

struct NoteAnswer {
  std::string key;
  std::string value;
  std::string event_id;
  std::string wal_head;
};
BOOST_DESCRIBE_STRUCT(NoteAnswer, (), (key, value, event_id, wal_head))
json::Notes notes(const NoteAnswer*);

struct NotesRequest {
  std::optional<std::string> key;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(NotesRequest, (), (key, offset))
json::Notes notes(const NotesRequest*);

struct NoteEntry {
  std::string key;
  std::string value;
  std::int64_t updated_ts = 0;
  std::optional<std::int64_t> value_bytes;
};
BOOST_DESCRIBE_STRUCT(NoteEntry, (), (key, value, updated_ts, value_bytes))
json::Notes notes(const NoteEntry*);

struct NotesAnswer {
  std::vector<NoteEntry> entries;
  std::int64_t count = 0;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(NotesAnswer, (), (entries, count, total, truncated))
json::Notes notes(const NotesAnswer*);

// Makes the entries of an answer fit: of long values the beginning, of long lists, too.
void fit(NotesAnswer& answer, std::size_t room);

}  // namespace hearth::packs::issues::wire
