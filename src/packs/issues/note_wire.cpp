#include "packs/issues/note_wire.hpp"

#include "packs/issues/excerpt_wire.hpp"

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
  return {{"key", "Only the note of this name, whole", name_limits()},
          {"offset", "How many of them to pass over", json::range(0, 1'000'000) | json::defaulted}};
}
json::Notes notes(const NoteEntry*) {
  return {{"key", ""},
          {"value", ""},
          {"updated_ts", time_text},
          {"value_bytes", "Of the whole value, where it is cut: ask for its key"}};
}
json::Notes notes(const NotesAnswer*) {
  return {{"entries", "By name"},
          {"count", "How many are listed"},
          {"total", "How many there are"},
          {"truncated", "There are more: raise offset; or values are cut"}};
}

void fit(NotesAnswer& answer, std::size_t room) {
  if (json::encode(answer).size() <= room) return;
  for (NoteEntry& each : answer.entries) {
    answer.truncated |= fit(each.value, room / 16, each.value_bytes);
  }
  answer.truncated |= fit_list(answer.entries, room);
}

}  // namespace hearth::packs::issues::wire
