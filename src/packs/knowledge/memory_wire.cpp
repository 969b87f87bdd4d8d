#include "packs/knowledge/memory_wire.hpp"

#include <utility>

#include "packs/knowledge/common_wire.hpp"
#include "packs/knowledge/engine/search.hpp"

namespace hearth::packs::knowledge::wire {

using json::defaulted;
using json::Notes;
using json::one_of;
using json::range;

namespace {

constexpr const char* memory_filter_text = "Only memories of this sort";

json::Limits memory_limits() {
  return one_of({memory_semantic, memory_episodic});
}

}  // namespace

Notes notes(const RememberRequest*) {
  return {{"text", "What to remember, at most 1 MiB; plain text or Markdown", text_limits()},
          {"title", "Short title; default: the first line of the text", title_limits()},
          {"kind", "One word for what it is: note, decision, fact …", label_limits() | defaulted},
          {"tags", "Tags to filter by later", tag_list_limits() | defaulted},
          {"properties", "Any further JSON members to keep with it, at most 64 KiB", defaulted},
          {"salience", "How much it matters, 0 to 1", range(0, 1) | defaulted},
          {"memory", "semantic: what is so, fades in months; episodic: what happened, in weeks",
           memory_limits() | defaulted},
          {"source", source_text, title_limits()},
          {"vector", "Its vector, where the embedder takes the caller's", range(1, 8192)},
          {"key", key_text, key_limits()}};
}
Notes notes(const RememberAnswer*) {
  return {{"id", "Id for knowledge_get, _update and _delete"},
          {"created", "False when your key was used before and this entry was there already"},
          {"title", ""},
          {"kind", ""},
          {"version", "Grows by one with each update"},
          {"created_at", time_text}};
}
Notes notes(const Weights*) {
  return {{"relevance", "Of how well it fits the query", range(0, 1000) | defaulted},
          {"salience", "Of how much it matters, as far as that has not faded",
           range(0, 1000) | defaulted},
          {"recency", "Of how fresh it is: half after 30 days", range(0, 1000) | defaulted}};
}
Notes notes(const RecallQuery*) {
  return {{"query", "What it should be about; default: whatever matters now", range(1, 4096)},
          {"limit", "Most memories to return", range(1, 100) | defaulted},
          {"memory", memory_filter_text, memory_limits()},
          {"kind", kind_filter_text, label_limits()},
          {"tags", tags_filter_text, tag_list_limits() | defaulted},
          {"since", since_text},
          {"before", before_text},
          {"weights", "How much each part of the score counts", defaulted},
          {"min_score", "Leave out what scores less", range(0, 1) | defaulted},
          {"most_text", "Bytes of each text to return", range(0, 100'000) | defaulted},
          {"breakdown", "Show the parts of each score", defaulted},
          {"vector", "The query's vector, where the embedder takes the caller's", range(1, 8192)}};
}
Notes notes(const Breakdown*) {
  return {{"relevance", "0 to 1"}, {"salience", "0 to 1, as it has faded"}, {"recency", "0 to 1"}};
}
Notes notes(const RecalledEntry*) {
  return {{"id", "Id for knowledge_get and knowledge_feedback"},
          {"title", ""},
          {"kind", ""},
          {"text", ""},
          {"cut", "Present and true when the text goes on"},
          {"score", "0 to 1"},
          {"breakdown", "The parts of the score"},
          {"tags", ""},
          {"source", source_text},
          {"updated_at", time_text}};
}
Notes notes(const RecallAnswer*) {
  return {{"memories", "Best first"},
          {"truncated", "Whether there are more"},
          {"unverified", unverified_text},
          {"degraded", degraded_text}};
}
Notes notes(const FeedbackRequest*) {
  return {{"id", id_text, id_limits()},
          {"signal", "useful: it helped; useless: it did not; wrong: it misled",
           one_of({"useful", "useless", "wrong"})},
          {"expected_version", expected_version_text, range(1, INT64_MAX)},
          {"key", key_text, key_limits()}};
}
Notes notes(const FeedbackAnswer*) {
  return {{"id", ""}, {"title", ""}, {"salience", "How much it matters now, 0 to 1"}};
}
Notes notes(const PruneQuery*) {
  return {{"below", "Forget what matters less than this by now, 0 to 1", range(0, 1) | defaulted},
          {"memory", memory_filter_text, memory_limits()},
          {"kind", kind_filter_text, label_limits()},
          {"tags", tags_filter_text, tag_list_limits() | defaulted},
          {"before", before_text},
          {"dry_run", "Only say what would be forgotten", defaulted},
          {"key", key_text, key_limits()}};
}
Notes notes(const PrunedEntry*) {
  return {{"id", ""}, {"title", ""}, {"salience", "As it has faded"}};
}
Notes notes(const PruneAnswer*) {
  return {{"count", "Memories that are forgotten, or would be"},
          {"deleted", "Whether they are; softly, so that knowledge_update can restore them"},
          {"entries", "The first of them"},
          {"truncated", "Whether there are more than these"},
          {"remaining", "Others that have faded; call again to forget them"}};
}

NewEntry to_new_entry(const RememberRequest& request) {
  return {.text = request.text,
          .title = request.title.value_or(""),
          .kind = request.kind,
          .tags = request.tags,
          .properties = request.properties.text,
          .memory = request.memory,
          .salience = request.salience,
          .source = request.source,
          .vector = to_floats(request.vector.value_or(std::vector<double>()))};
}

Result<RecallRequest> to_recall(const RecallQuery& query, std::int64_t now_ms) {
  auto filter =
      to_filter({query.kind, query.tags, std::nullopt, query.since, query.before}, now_ms);
  if (!filter) return std::unexpected(std::move(filter.error()));
  filter->memory = query.memory;
  filter->with_superseded = false;
  RecallRequest request;
  request.query = query.query.value_or("");
  if (query.vector) request.vector = to_floats(*query.vector);
  request.filter = std::move(*filter);
  request.weights = {query.weights.relevance, query.weights.salience, query.weights.recency};
  request.limit = query.limit;
  request.least_score = query.min_score;
  return request;
}

Feedback to_feedback(const FeedbackRequest& request) {
  return request.signal == "useful"    ? Feedback::useful
         : request.signal == "useless" ? Feedback::useless
                                       : Feedback::wrong;
}

Result<PruneRequest> to_prune(const PruneQuery& query, std::int64_t now_ms) {
  auto filter =
      to_filter({query.kind, query.tags, std::nullopt, std::nullopt, query.before}, now_ms);
  if (!filter) return std::unexpected(std::move(filter.error()));
  filter->memory = query.memory;
  return PruneRequest{
      .filter = std::move(*filter), .below = query.below, .is_dry_run = query.dry_run};
}

RememberAnswer to_remembered(const Entry& entry) {
  return {.id = entry.id,
          .created = true,
          .title = entry.title,
          .kind = entry.kind,
          .version = entry.version,
          .created_at = time_of(entry.created_ms)};
}

RecallAnswer to_answer(Recollection recollection, const RecallQuery& query) {
  RecallAnswer answer;
  answer.truncated = recollection.is_more;
  if (recollection.is_unverified) answer.unverified = true;
  answer.degraded = joined(recollection.degraded);
  for (Memory& memory : recollection.memories) {
    Entry& entry = memory.entry;
    RecalledEntry& recalled = answer.memories.emplace_back();
    const std::string_view text =
        utf8_prefix(entry.text, static_cast<std::size_t>(query.most_text));
    recalled.text = text;
    if (text.size() < entry.text.size()) recalled.cut = true;
    recalled.id = std::move(entry.id);
    recalled.title = std::move(entry.title);
    recalled.kind = std::move(entry.kind);
    recalled.score = rounded(memory.score);
    if (query.breakdown) {
      recalled.breakdown = {rounded(memory.relevance), rounded(memory.salience),
                            rounded(memory.recency)};
    }
    recalled.tags = std::move(entry.tags);
    recalled.source = std::move(entry.source);
    recalled.updated_at = time_of(entry.updated_ms);
  }
  return answer;
}

PruneAnswer to_answer(const Pruned& pruned, bool is_dry_run) {
  PruneAnswer answer;
  answer.count = pruned.count;
  answer.deleted = !is_dry_run && pruned.count > 0;
  answer.remaining = pruned.remaining;
  answer.truncated = pruned.count > static_cast<std::int64_t>(pruned.some.size());
  for (const Entry& each : pruned.some) {
    answer.entries.push_back({each.id, each.title, rounded(each.salience)});
  }
  return answer;
}

std::string as_not_created(const std::string& stored) {
  const auto value = json::parse(stored);
  if (!value) return stored;
  auto answer = json::decode<RememberAnswer>(*value);
  if (!answer) return stored;
  answer->created = false;
  return json::encode(*answer);
}

}  // namespace hearth::packs::knowledge::wire
