// The part of a text that shows why it was found, with the words marked.
//
// Works on the caller's text, with the analyzer that the index was made with, so that what is
// marked is what was found: fooBar for "bar", Straße for "strasse", prefixes and misspelt words as
// the query has them. The window with the most different words of the query wins (as SQLite's
// snippet() and others do); among these the one with the most of them, then the first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "search/text/query.hpp"

namespace hearth::search::text {

struct SnippetStyle {
  std::size_t words = 32;
  std::size_t bytes =
      1000;  // of the text: fewer words where they are long, and of one its beginning
  std::string_view before = "**";  // around each word that was found
  std::string_view after = "**";
  std::string_view more = "…";  // where the text goes on
};

// The beginning of the text where nothing of it was found. Runs of blanks become one blank.
// `stemming` is that of the index.
[[nodiscard]] std::string snippet(std::string_view text,
                                  const Query& query,
                                  const SnippetStyle& style = {},
                                  Stemming stemming = Stemming::none);

}  // namespace hearth::search::text
