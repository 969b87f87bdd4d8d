#include "packs/issues/engine/event_maker.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "packs/issues/engine/event_codec.hpp"

namespace hearth::packs::issues {
namespace {

// Others read times as signed numbers.
constexpr std::uint64_t latest_ms = std::numeric_limits<std::int64_t>::max();

}  // namespace

// The time of the newest event that is known here of what a draft is about.
Result<std::uint64_t> EventMaker::newest_of(const Board& board, const Draft& draft) const {
  if (const Summary* issue = board.find(draft.issue)) return issue->updated_ms;
  if (std::holds_alternative<IssueCreated>(draft.kind)) return 0;
  const auto events = Cache::events(cache_, draft.issue);
  if (!events) return std::unexpected(events.error());
  return events->empty() ? 0 : events->back().ts_ms;
}

Result<Event> EventMaker::seal_draft(Draft draft, const Board& board, const ActorId& author) {
  std::uint64_t& last = last_times_[draft.issue];
  const auto newest = newest_of(board, draft);
  if (!newest) return std::unexpected(newest.error());
  last = std::max(last, *newest);
  if (last >= latest_ms) {
    return fail(Errc::conflict, "the issue " + hex_of(draft.issue) +
                                    " has an event of the end of all time, after which nothing "
                                    "can be said about it; nothing was written");
  }
  Event event{.id = {},
              .issue = draft.issue,
              .actor = author,
              .ts_ms = std::max(now_ms_, last + 1),
              .parent = draft.parent,
              .kind = std::move(draft.kind),
              .signature = std::nullopt};
  // Issues of a batch are listed in its order.
  if (std::holds_alternative<IssueCreated>(event.kind)) {
    event.ts_ms = std::max(event.ts_ms, last_creation_ms_ + 1);
    last_creation_ms_ = event.ts_ms;
  }
  last = event.ts_ms;
  seal(event);
  return event;
}

// Others stop at a text that is not UTF-8, and read nothing of the log from then on. What is too
// large is refused here, where it is one call's alone, not all of those that share its commit.
Result<void> EventMaker::check_readable(std::span<const Event> events) const {
  std::string record;
  for (const Event& event : events) {
    record.clear();
    append_record(record, event);
    if (auto fits = check_fits(event, record.size(), chunks_); !fits) return fits;
    CborReader reader(record);
    if (Event read; !read_kept_record(reader, read))
      return fail(Errc::invalid_args, "a text is not UTF-8; nothing was written");
  }
  return {};
}

// Events that no reader would count are not written: the key may be another one than the repository
// knows, or be known to nobody.
Result<void> EventMaker::check_signatures(std::span<const Event> events) const {
  if (signatures_ != SignaturePolicy::require || events.empty()) return {};
  const auto ring = KeyRing::read(repository_);
  if (!ring) return std::unexpected(ring.error());
  for (const Event& event : events) {
    if (ring->has_signed(event)) continue;
    return fail(Errc::permission,
                "signatures are required here, and the key of the actor " + hex_of(event.actor) +
                    " is not the one in " + key_prefix + "; nothing was written",
                {"hearth issues actor-create --key, then hearth issues actor-use ID",
                 "hearth issues sync"});
  }
  return {};
}

Result<std::vector<Event>> EventMaker::make(Batch batch,
                                            const Board& board,
                                            const Actor& author,
                                            const std::optional<SigningKey>& key) {
  std::vector<Event> events = std::move(batch.events);
  for (Draft& draft : batch.drafts) {
    auto event = seal_draft(std::move(draft), board, author.id);
    if (!event) return std::unexpected(std::move(event.error()));
    if (key) event->signature = key->sign(event->id.view());
    events.push_back(std::move(*event));
  }
  if (auto good = check_readable(events); !good) return std::unexpected(std::move(good.error()));
  if (auto good = check_signatures(events); !good) return std::unexpected(std::move(good.error()));
  return events;
}

}  // namespace hearth::packs::issues
