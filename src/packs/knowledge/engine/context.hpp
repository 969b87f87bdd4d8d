// What a model should read about something, within a budget: the entries that a query finds, or
// that are named, and their neighbours in the graph, the surest and nearest first.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/knowledge/engine/edges.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

struct ContextRequest {
  std::string query;                    // either a query
  std::vector<std::string> roots;       // or names of entries
  Filter filter;                        // of what the query finds
  std::int64_t hops = 1;                // 0 … 2
  std::int64_t most_characters = 8000;  // of titles and texts
  std::int64_t most_entries = 20;
};

struct ContextEntry {
  Entry entry;  // its text as far as the budget goes
  double score = 0;
  std::int64_t depth = 0;
  std::string from;  // the entry by which it was reached; empty for a root
  std::string relation;
  bool is_outgoing = true;
  bool is_cut = false;
};

struct Context {
  std::vector<ContextEntry> entries;
  std::vector<EntryBrief> dropped;  // known of, and left out for want of budget; at most 50
  std::int64_t dropped_count = 0;
  std::int64_t characters = 0;  // used
  bool is_more = false;         // there are neighbours that were not looked at
  bool is_unverified = false;
  std::vector<std::string> degraded;
};

// A token of a model is about four characters of English.
inline constexpr std::int64_t characters_of_a_token = 4;

// `invalid_args` unless there is a query or a root.
[[nodiscard]] Result<Context> gather_context(KnowledgeStore& store,
                                             store::Database& reader,
                                             const ContextRequest& request,
                                             const std::stop_token& stop = {});

}  // namespace hearth::packs::knowledge
