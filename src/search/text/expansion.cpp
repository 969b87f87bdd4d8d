#include "search/text/expansion.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "search/text/edit_distance.hpp"
#include "search/text/segment_builder.hpp"

namespace hearth::search::text {
namespace {

// Terms below a prefix that is too far away are passed over one by one so often, then by a search.
constexpr int steps_before_seek = 24;

struct Candidate {
  std::uint64_t documents = 0;
  unsigned distance = 0;
};
using Candidates = std::map<std::string, Candidate, std::less<>>;

void note(Candidates& candidates, const TermCursor& cursor, unsigned distance) {
  auto found = candidates.find(cursor.term());
  if (found == candidates.end()) {
    found = candidates.emplace(std::string(cursor.term()), Candidate{0, distance}).first;
  }
  found->second.documents += cursor.entry().documents;
}

// The nearest and most frequent.
Expansion best_of(Candidates candidates, std::size_t characters, std::size_t most) {
  std::vector<std::pair<std::string, Candidate>> sorted(std::make_move_iterator(candidates.begin()),
                                                        std::make_move_iterator(candidates.end()));
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    if (a.second.distance != b.second.distance) return a.second.distance < b.second.distance;
    if (a.second.documents != b.second.documents) return a.second.documents > b.second.documents;
    return a.first < b.first;
  });
  Expansion expansion;
  for (auto& [term, candidate] : sorted) {
    if (expansion.terms.size() == most) {
      ++expansion.left_out;
      continue;
    }
    const float boost = 1.0F - static_cast<float>(candidate.distance) /
                                   static_cast<float>(characters + candidate.distance);
    expansion.terms.push_back({std::move(term), boost});
  }
  return expansion;
}

void report(const Part& part, const TermCursor& cursor) {
  if (cursor.is_damaged()) segment_of(part).generation().report_damage();
}

// The least string after all that begin with `prefix`; empty when there is none.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

void expand_in(const Part& part, EditDistance& distance, Candidates& candidates) {
  TermCursor cursor(segment_of(part).dictionary());
  cursor.seek(std::string(1, facet_mark + 1));
  while (!cursor.is_at_end()) {
    std::size_t too_far = 0;
    const auto found = distance.to(cursor.term(), too_far);
    if (found) note(candidates, cursor, *found);
    const std::string prefix(cursor.term().substr(0, too_far));
    cursor.next();
    if (too_far == 0) continue;
    for (int i = 0; i < steps_before_seek && cursor.term().starts_with(prefix); ++i) {
      if (cursor.is_at_end()) break;
      cursor.next();
    }
    if (cursor.is_at_end() || !cursor.term().starts_with(prefix)) continue;
    const std::string target = after_prefix(prefix);
    if (target.empty()) break;
    cursor.seek(target);
  }
  report(part, cursor);
}

}  // namespace

Expansion expand_prefix(const Snapshot& snapshot, std::string_view prefix, std::size_t most) {
  Candidates candidates;
  for (const Part& part : snapshot.parts) {
    TermCursor cursor(segment_of(part).dictionary());
    for (cursor.seek(prefix); !cursor.is_at_end() && cursor.term().starts_with(prefix);
         cursor.next()) {
      note(candidates, cursor, 0);
    }
    report(part, cursor);
  }
  return best_of(std::move(candidates), 1, most);
}

Expansion expand_fuzzy(const Snapshot& snapshot,
                       std::string_view term,
                       unsigned edits,
                       std::size_t most) {
  Candidates candidates;
  EditDistance distance(term, edits);
  for (const Part& part : snapshot.parts) expand_in(part, distance, candidates);
  return best_of(std::move(candidates), distance.characters(), most);
}

}  // namespace hearth::search::text
