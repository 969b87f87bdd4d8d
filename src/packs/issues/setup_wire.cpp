#include "packs/issues/setup_wire.hpp"

namespace hearth::packs::issues::wire {

using json::defaulted;
using json::range;

json::Notes notes(const InitRequest*) {
  return {{"no_agents_md", "Leave AGENTS.md alone", defaulted}};
}
json::Notes notes(const InitAnswer*) {
  return {{"actor_id", "Who writes by default"},
          {"data_dir", "Of the actor"},
          {"repo_config", ""},
          {"action", "created or existing"},
          {"agents_md_path", ""},
          {"agents_md_action", "created, updated, skipped or disabled"},
          {"agents_md_reason", "Why it was skipped"}};
}
json::Notes notes(const ActorCreateRequest*) {
  return {{"label", "A name for people", name_limits()},
          {"key", "Make a key, sign what it writes, and publish the public one", defaulted}};
}
json::Notes notes(const ActorUseRequest*) {
  return {{"id", "Id, unique prefix or label of an actor", name_limits()}};
}
json::Notes notes(const ActorAnswer*) {
  return {{"actor_id", ""},
          {"label", ""},
          {"created_ts", time_text},
          {"is_default", "Whether it writes when nobody is named"},
          {"public_key", "Ed25519, hexadecimal"}};
}
json::Notes notes(const ActorsRequest*) {
  return {};
}
json::Notes notes(const ActorsAnswer*) {
  return {{"actors", "Oldest first"}};
}
json::Notes notes(const AttachRequest*) {
  return {{"id", id_text, id_limits()},
          {"path", "A file of the project, at most 100 MiB", range(1, 4000)},
          {"name", "Default: the file's name", name_limits()},
          {"mime", "", range(1, 200) | defaulted},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const AttachAnswer*) {
  return {{"issue_id", full_id_text},
          {"event_id", event_text},
          {"name", ""},
          {"sha256", ""},
          {"bytes", ""},
          {"wal_head", head_text}};
}
json::Notes notes(const DetachRequest*) {
  return {{"id", id_text, id_limits()},
          {"name", "Of the attachment; or its SHA-256", name_limits()},
          {"to", "The file to write, in the project", range(1, 4000)},
          {"overwrite", "Replace the file if it is there", defaulted}};
}
json::Notes notes(const DetachAnswer*) {
  return {{"path", "The file that was written"}, {"sha256", ""}, {"bytes", ""}};
}

}  // namespace hearth::packs::issues::wire
