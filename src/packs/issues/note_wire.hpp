// What notes about the project take and give.
#pragma once

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
};
BOOST_DESCRIBE_STRUCT(NotesRequest, (), (key))
json::Notes notes(const NotesRequest*);

struct NoteEntry {
  std::string key;
  std::string value;
  std::int64_t updated_ts = 0;
};
BOOST_DESCRIBE_STRUCT(NoteEntry, (), (key, value, updated_ts))
json::Notes notes(const NoteEntry*);

struct NotesAnswer {
  std::vector<NoteEntry> entries;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(NotesAnswer, (), (entries, count))
json::Notes notes(const NotesAnswer*);

}  // namespace hearth::packs::issues::wire
