// The leg of words: what a query asks the text index, and how sure its hits are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "search/hit.hpp"
#include "search/part.hpp"
#include "search/text/index.hpp"
#include "search/text/query.hpp"

namespace hearth::packs::knowledge {

// As the text index has its words.
[[nodiscard]] search::text::ParsedQuery parse_words(std::string_view text);
[[nodiscard]] std::string excerpt(std::string_view text, const search::text::Query& query);

// A query as it is asked. Common English words (the, of, how …) are left out unless there is
// nothing else; a word that no entry has stands for those that begin so or are spelt like it.
struct LexicalQuery {
  search::text::Query any;  // entries with one of the words, and for snippets
  search::text::Query all;  // entries with all the words that some entry has; nothing for one word
  float best_score = 0;     // that an entry could have
  std::size_t left_out = 0;
  bool is_empty = true;  // it has no word
  bool is_one_word = false;
  bool has_unknown = false;  // a word that no entry has
};
// `parsed` is what parse_words makes of `text`.
[[nodiscard]] LexicalQuery lexical_query(const search::Snapshot& snapshot,
                                         search::text::ParsedQuery parsed,
                                         std::string_view text);

// What a query says to every leg: what an entry must have and must not have, whichever finds it
// (nothing if all may be found), and the text without its operators and what they exclude.
struct Binding {
  search::text::Query must;
  search::text::Query must_not;
  std::string wanted;
};
[[nodiscard]] Binding binding_of(const search::text::ParsedQuery& parsed, std::string_view text);

struct LexicalHits {
  std::vector<search::Hit> hits;   // best first; scores are 0 … 1: how sure
  bool is_all = false;             // there are no more
  float best_unseen = 0;           // no other scores more
  std::size_t words_left_out = 0;  // that a prefix stands for
  search::Trust trust = search::Trust::verified;
};
[[nodiscard]] Result<LexicalHits> search_words(const search::Snapshot& snapshot,
                                               const LexicalQuery& query,
                                               const search::text::Filter& filter,
                                               std::size_t most,
                                               const std::stop_token& stop);
// How sure each of some entries is, as search_words says; 0 for those with none of the words.
[[nodiscard]] std::vector<float> score_words(const search::Snapshot& snapshot,
                                             const LexicalQuery& query,
                                             std::span<const search::Key> keys);

}  // namespace hearth::packs::knowledge
