// The small files beside the chunks: meta.json of a commit of the log, snapshot.json, lock.json.
// Their bytes are fixed (docs/formats/issues.md); members that are not known are ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/ids.hpp"

namespace hearth::packs::issues {

// A call whose events are in the commit: so that it is not applied again when its answer was lost.
struct CallRecord {
  std::string key;
  std::string fingerprint;  // of what was asked for
  std::vector<EventId> events;
  bool operator==(const CallRecord&) const = default;
};

struct WalMeta {
  ActorId actor;
  ChunkHash chunk;
  std::optional<CommitId> previous;  // the commit of the log before this one
  std::vector<CallRecord> calls;     // a member "hearth_calls", written where there are any
  bool operator==(const WalMeta&) const = default;
};
[[nodiscard]] std::string encode_meta(const WalMeta& meta);
// `damaged` without a needed member, `unsupported` for another schema version.
[[nodiscard]] Result<WalMeta> decode_meta(std::string_view text);

struct SnapshotChunk {
  std::string path;
  ChunkHash hash;
  std::uint64_t events = 0;
  bool operator==(const SnapshotChunk&) const = default;
};
struct SnapshotMeta {
  std::uint64_t created_ms = 0;
  CommitId wal_head;
  std::uint64_t events = 0;
  std::vector<SnapshotChunk> chunks;
  bool operator==(const SnapshotMeta&) const = default;
};
[[nodiscard]] std::string encode_snapshot(const SnapshotMeta& meta);
[[nodiscard]] Result<SnapshotMeta> decode_snapshot(std::string_view text);

struct Lock {
  ActorId owner;
  std::string nonce;
  std::uint64_t expires_ms = 0;  // 0: given back
  std::string resource;
  bool operator==(const Lock&) const = default;
};
[[nodiscard]] std::string encode_lock(const Lock& lock);
[[nodiscard]] Result<Lock> decode_lock(std::string_view text);

}  // namespace hearth::packs::issues
