#include "packs/issues/engine/log_files.hpp"

#include "packs/issues/engine/small_json.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::uint64_t schema_version = 1;

// An object of one member a line, as serde_json's pretty printer has it.
class PrettyObject {
 public:
  PrettyObject(std::string& out, std::string_view indent) : out_(out), indent_(indent) {
    out_.push_back('{');
  }
  void text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_text(out_, value);
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    out_.append(std::to_string(value));
  }
  // What stands behind the name is appended by the caller.
  void begin(std::string_view name) {
    out_.append(is_empty_ ? "\n" : ",\n")
        .append(indent_)
        .append("  \"")
        .append(name)
        .append("\": ");
    is_empty_ = false;
  }
  void end() { out_.append("\n").append(indent_).append("}"); }

 private:
  std::string& out_;
  std::string_view indent_;
  bool is_empty_ = true;
};

std::unexpected<Error> lacks(std::string_view file, std::string_view member) {
  return fail(Errc::damaged, std::string(file) + " lacks a good member " + std::string(member));
}

template <typename Id>
std::optional<Id> id_member(const SmallJson& object, std::string_view name) {
  const std::string* hex = object.text(name);
  return hex ? id_of_hex<Id>(*hex) : std::nullopt;
}

Result<void> check_version(const SmallJson& object, std::string_view file) {
  const auto version = object.number("schema_version");
  if (!version) return lacks(file, "schema_version");
  if (*version != schema_version) {
    return fail(Errc::unsupported, std::string(file) + " is of version " +
                                       std::to_string(*version) + ", which is not known here");
  }
  return {};
}

void append_calls(std::string& out, const std::vector<CallRecord>& calls) {
  out.push_back('[');
  for (const CallRecord& call : calls) {
    out.append(&call == &calls.front() ? "\n    [" : ",\n    [");
    append_json_text(out, call.key);
    out.append(", ");
    append_json_text(out, call.fingerprint);
    for (const EventId& event : call.events) out.append(", \"").append(hex_of(event)).append("\"");
    out.push_back(']');
  }
  out.append("\n  ]");
}

// What does not look like one of ours is somebody else's, and ignored.
std::vector<CallRecord> read_calls(const SmallJson& object) {
  std::vector<CallRecord> calls;
  const auto* items = object.array("hearth_calls");
  if (items == nullptr) return calls;
  for (const SmallJson& item : *items) {
    CallRecord call;
    for (std::size_t i = 0; i < item.items.size(); ++i) {
      const auto* text = std::get_if<std::string>(&item.items[i].scalar);
      if (text == nullptr) continue;
      if (i == 0) call.key = *text;
      if (i == 1) call.fingerprint = *text;
      const auto event = i < 2 ? std::nullopt : id_of_hex<EventId>(*text);
      if (event) call.events.push_back(*event);
    }
    if (call.key.empty()) continue;
    calls.push_back(std::move(call));
  }
  return calls;
}

}  // namespace

std::string encode_meta(const WalMeta& meta) {
  std::string out;
  PrettyObject object(out, "");
  object.number("schema_version", schema_version);
  object.text("actor_id", hex_of(meta.actor));
  object.text("chunk_hash", hex_of(meta.chunk));
  if (meta.previous) {
    object.text("prev_wal", hex_of(*meta.previous));
  } else {
    object.begin("prev_wal");
    out.append("null");
  }
  if (!meta.calls.empty()) {
    object.begin("hearth_calls");
    append_calls(out, meta.calls);
  }
  object.end();
  return out;
}

Result<WalMeta> decode_meta(std::string_view text) {
  const auto object = parse_small_json(text);
  if (!object) return std::unexpected(object.error());
  if (auto known = check_version(*object, "meta.json"); !known) {
    return std::unexpected(known.error());
  }
  WalMeta meta;
  const auto actor = id_member<ActorId>(*object, "actor_id");
  if (!actor) return lacks("meta.json", "actor_id");
  const auto chunk = id_member<ChunkHash>(*object, "chunk_hash");
  if (!chunk) return lacks("meta.json", "chunk_hash");
  meta.actor = *actor;
  meta.chunk = *chunk;
  const SmallJson* previous = object->find("prev_wal");
  const bool has_previous =
      previous != nullptr && !std::holds_alternative<std::nullptr_t>(previous->scalar);
  if (has_previous) {
    meta.previous = id_member<CommitId>(*object, "prev_wal");
    if (!meta.previous) return lacks("meta.json", "prev_wal");
  }
  meta.calls = read_calls(*object);
  return meta;
}

std::string encode_snapshot(const SnapshotMeta& meta) {
  std::string out;
  PrettyObject object(out, "");
  object.number("schema_version", schema_version);
  object.number("created_ts", meta.created_ms);
  object.text("wal_head", hex_of(meta.wal_head));
  object.number("event_count", meta.events);
  object.begin("chunks");
  out.push_back('[');
  for (const SnapshotChunk& chunk : meta.chunks) {
    out.append(&chunk == &meta.chunks.front() ? "\n    " : ",\n    ");
    PrettyObject item(out, "    ");
    item.text("path", chunk.path);
    item.text("chunk_hash", hex_of(chunk.hash));
    item.number("event_count", chunk.events);
    item.end();
  }
  out.append(meta.chunks.empty() ? "]" : "\n  ]");
  object.end();
  return out;
}

Result<SnapshotMeta> decode_snapshot(std::string_view text) {
  const auto object = parse_small_json(text);
  if (!object) return std::unexpected(object.error());
  if (auto known = check_version(*object, "snapshot.json"); !known) {
    return std::unexpected(known.error());
  }
  const auto created = object->number("created_ts");
  const auto head = id_member<CommitId>(*object, "wal_head");
  const auto events = object->number("event_count");
  if (!created || !head || !events)
    return lacks("snapshot.json", "created_ts, wal_head or event_count");
  SnapshotMeta meta{.created_ms = *created, .wal_head = *head, .events = *events, .chunks = {}};
  const auto* items = object->array("chunks");
  if (items == nullptr) return lacks("snapshot.json", "chunks");
  for (const SmallJson& item : *items) {
    const std::string* path = item.text("path");
    const auto hash = id_member<ChunkHash>(item, "chunk_hash");
    const auto count = item.number("event_count");
    if (!path || !hash || !count) return lacks("snapshot.json", "chunks");
    meta.chunks.push_back({.path = *path, .hash = *hash, .events = *count});
  }
  return meta;
}

std::string encode_lock(const Lock& lock) {
  std::string out;
  PrettyObject object(out, "");
  object.text("owner", hex_of(lock.owner));
  object.text("nonce", lock.nonce);
  object.number("expires_unix_ms", lock.expires_ms);
  object.text("resource", lock.resource);
  object.end();
  return out;
}

Result<Lock> decode_lock(std::string_view text) {
  const auto object = parse_small_json(text);
  if (!object) return std::unexpected(object.error());
  const auto owner = id_member<ActorId>(*object, "owner");
  const std::string* nonce = object->text("nonce");
  const auto expires = object->number("expires_unix_ms");
  const std::string* resource = object->text("resource");
  if (!owner || !nonce || !expires || !resource) {
    return lacks("lock.json", "owner, nonce, expires_unix_ms or resource");
  }
  return Lock{.owner = *owner, .nonce = *nonce, .expires_ms = *expires, .resource = *resource};
}

}  // namespace hearth::packs::issues
