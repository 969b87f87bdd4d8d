#include "packs/knowledge/engine/query.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::packs::knowledge {
namespace {

// Sorted. Words that questions are made of and hardly any entry is about.
constexpr auto common_words = std::to_array<std::string_view>(
    {"a",    "about", "am",    "an",   "and",  "are",  "as",   "at",   "be",   "been",
     "but",  "by",    "can",   "did",  "do",   "does", "for",  "from", "had",  "has",
     "have", "how",   "i",     "if",   "in",   "into", "is",   "it",   "its",  "me",
     "my",   "of",    "on",    "or",   "our",  "so",   "than", "that", "the",  "their",
     "then", "there", "these", "they", "this", "to",   "was",  "we",   "were", "what",
     "when", "where", "which", "who",  "why",  "will", "with", "you",  "your"});
static_assert(std::ranges::is_sorted(common_words));

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

bool is_separator(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == ',' || c == ';' || c == '\x7f';
}

bool is_common(const QueryTerm& term) {
  if (term.words.size() != 1 || term.is_prefix) return false;
  std::string lower = term.words.front();
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::binary_search(common_words, std::string_view(lower));
}

struct ParsedTerm {
  QueryTerm term;
  bool is_quoted = false;
};

// The words in `text`; a star right after the last one makes it a prefix.
QueryTerm to_term(std::string_view text, bool may_be_prefix) {
  QueryTerm term;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && is_word_byte(text[end])) ++end;
    if (end > at) term.words.emplace_back(text.substr(at, end - at));
    term.is_prefix = may_be_prefix && end > at && end < text.size() && text[end] == '*';
    at = end + 1;
  }
  return term;
}

std::vector<ParsedTerm> split(std::string_view text) {
  std::vector<ParsedTerm> terms;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_separator(text[at])) {
      ++at;
      continue;
    }
    const std::size_t closing = text[at] == '"' ? text.find('"', at + 1) : std::string_view::npos;
    const bool is_quoted = closing != std::string_view::npos;
    std::size_t end = is_quoted ? closing + 1 : at;
    if (!is_quoted) {
      ++end;  // also past a quotation mark that nothing closes
      while (end < text.size() && !is_separator(text[end]) && text[end] != '"') ++end;
    }
    QueryTerm term = to_term(text.substr(at, end - at), !is_quoted);
    if (!term.words.empty()) terms.push_back({std::move(term), is_quoted});
    at = end;
  }
  return terms;
}

// "file lock hpp" or "fil"*. The words hold no quotation mark and no NUL, by to_term().
std::string phrase(const QueryTerm& term) {
  std::string text = "\"";
  for (const std::string& word : term.words) {
    if (text.size() > 1) text.push_back(' ');
    text.append(word);
  }
  text.push_back('"');
  if (term.is_prefix) text.push_back('*');
  return text;
}

}  // namespace

Result<Query> parse_query(std::string_view text) {
  std::vector<ParsedTerm> parsed = split(text);
  if (parsed.empty()) {
    return fail(Errc::invalid_args, "query: nothing to search for: it has no word in it",
                {"give a few words", "list entries with knowledge_list"});
  }
  const auto is_left_out = [](const ParsedTerm& each) {
    return !each.is_quoted && is_common(each.term);
  };
  if (!std::ranges::all_of(parsed, is_left_out)) std::erase_if(parsed, is_left_out);

  Query query;
  if (parsed.size() > most_query_terms) {
    query.left_out = parsed.size() - most_query_terms;
    parsed.resize(most_query_terms);
  }
  for (ParsedTerm& each : parsed) query.terms.push_back(std::move(each.term));
  return query;
}

std::string match_all(const Query& query) {
  std::string text;
  for (const QueryTerm& term : query.terms) {
    text.append(text.empty() ? "" : " AND ").append(phrase(term));
  }
  return text;
}

std::string match_some(const Query& query) {
  std::string text = "(" + match_all(query) + ")";
  for (const QueryTerm& term : query.terms) {
    for (std::size_t i = 0; i < term.words.size(); ++i) {
      const bool is_last = i + 1 == term.words.size();
      text.append(" OR ").append(
          phrase({.words = {term.words[i]}, .is_prefix = is_last && term.is_prefix}));
    }
  }
  return text;
}

}  // namespace hearth::packs::knowledge
