// From what a call wants to say to events: with an author, a time, an id and, where the author has
// a key, a signature.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/actors.hpp"
#include "packs/issues/engine/board.hpp"
#include "packs/issues/engine/cache.hpp"
#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/projector.hpp"

namespace hearth::packs::issues {

// An event before it has an author, a time and an id.
struct Draft {
  IssueId issue;
  Kind kind;
  std::optional<EventId> parent = std::nullopt;
};
// What a write wants to append: new events, and whole ones of others (an import).
struct Batch {
  std::vector<Draft> drafts;
  std::vector<Event> events;
};

// Of one commit; one thread. The arguments outlive it.
class EventMaker final {
 public:
  EventMaker(const Repository& repository,
             store::Database& cache,
             SignaturePolicy signatures,
             const ChunkLimits& chunks,
             std::uint64_t now_ms)
      : repository_(repository),
        cache_(cache),
        signatures_(signatures),
        chunks_(chunks),
        now_ms_(now_ms) {}

  // Seals what `author` says: now, or just behind the newest event of the issue that is known here,
  // so that what somebody has seen and then changes wins, whatever the clocks say. `permission`
  // where signatures are required and no reader would count the author's; `conflict` and
  // `invalid_args` for what cannot be said.
  [[nodiscard]] Result<std::vector<Event>> make(Batch batch,
                                                const Board& board,
                                                const Actor& author,
                                                const std::optional<SigningKey>& key);

 private:
  [[nodiscard]] Result<std::uint64_t> newest_of(const Board& board, const Draft& draft) const;
  [[nodiscard]] Result<Event> seal_draft(Draft draft, const Board& board, const ActorId& author);
  [[nodiscard]] Result<void> check_readable(std::span<const Event> events) const;
  [[nodiscard]] Result<void> check_signatures(std::span<const Event> events) const;

  const Repository& repository_;
  store::Database& cache_;
  const SignaturePolicy signatures_;
  const ChunkLimits chunks_;
  const std::uint64_t now_ms_;
  std::unordered_map<IssueId, std::uint64_t> last_times_;
  std::uint64_t last_creation_ms_ = 0;
};

}  // namespace hearth::packs::issues
