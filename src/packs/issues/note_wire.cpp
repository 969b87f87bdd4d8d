#include "packs/issues/note_wire.hpp"

namespace hearth::packs::issues::wire {

json::Notes notes(const NoteRequest*) {
  return {{"key_name", "What the note is about; a note of that name is replaced", name_limits()},
          {"value", "The note", text_limits()},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const NoteAnswer*) {
  return {{"key", ""}, {"value", ""}, {"event_id", event_text}, {"wal_head", head_text}};
}
json::Notes notes(const NotesRequest*) {
  return {{"key", "Only the note of this name", name_limits()}};
}
json::Notes notes(const NoteEntry*) {
  return {{"key", ""}, {"value", ""}, {"updated_ts", time_text}};
}
json::Notes notes(const NotesAnswer*) {
  return {{"entries", "By name"}, {"count", ""}};
}

}  // namespace hearth::packs::issues::wire
