// Any text as a query, and as a document: parsed the same each time, answered consistently, shown
// without losing a byte that is not blank.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "search/text/search.hpp"
#include "search/text/segment_builder.hpp"
#include "search/text/snippet.hpp"

namespace {

using namespace hearth;
using namespace hearth::search::text;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_tokens(std::string_view text) {
  TokenStream stream(text);
  Token token;
  std::uint32_t position = 0;
  while (stream.next(token)) {
    require(!token.term.empty() && token.term.size() <= most_term_bytes);
    require(token.begin < token.end && token.end <= text.size());
    require(token.position >= position && token.position <= position + 1);
    position = token.position;
  }
}

void check_snippet(std::string_view text, const Query& query, Stemming stemming) {
  const SnippetStyle all{.words = SIZE_MAX / 2, .before = "", .after = "", .more = ""};
  const auto without_blanks = [](std::string_view from) {
    std::string kept(from);
    std::erase_if(kept, [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; });
    return kept;
  };
  require(without_blanks(snippet(text, query, all, stemming)) == without_blanks(text));
  require(snippet(text, query, {.words = 3}, stemming).size() <= text.size() + 5 * 4 + 2 * 3);
}

// The text itself, and some words that queries may join.
Snapshot index_of(std::string_view text, Stemming stemming) {
  SegmentBuilder builder({2, 1}, stemming);
  const std::string_view with_text[] = {"one two", text};
  const std::string_view others[] = {"two three", "one"};
  (void)builder.add({1, with_text, {}});
  (void)builder.add({2, others, {}});
  Snapshot snapshot;
  auto segment = builder.finish(1);
  require(segment.has_value());
  snapshot.parts.emplace_back(std::move(*segment));
  return snapshot;
}

void check_query(std::string_view text,
                 const Snapshot& snapshot,
                 Joined joined,
                 Stemming stemming) {
  const ParsedQuery parsed = parse_query(text, joined, stemming);
  require(parsed.query == parse_query(text, joined, stemming).query);
  (void)print(parsed.query);
  check_snippet(text, parsed.query, stemming);
  const auto found = hearth::search::text::search(snapshot, parsed.query, {}, 10);
  const auto counted = count(snapshot, parsed.query, {});
  require(found && counted && found->hits.size() == *counted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data),
                              std::min<std::size_t>(size, 4096));
  check_tokens(text);
  for (const Stemming stemming : {Stemming::none, Stemming::english}) {
    const Snapshot snapshot = index_of(text, stemming);
    for (const Joined joined : {Joined::any, Joined::all})
      check_query(text, snapshot, joined, stemming);
  }
  return 0;
}
