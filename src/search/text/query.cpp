#include "search/text/query.hpp"

#include <utility>

namespace hearth::search::text {
namespace {

void print_onto(std::string& out, std::string_view before, const Query& query) {
  if (!out.empty() && out.back() != '(') out += ' ';
  out += before;
  const bool is_group = query.kind == Query::Kind::boolean;
  out += is_group ? "(" + print(query) + ")" : print(query);
}

}  // namespace

Query Query::of_term(std::string term) {
  Query query;
  query.kind = Kind::term;
  query.term = std::move(term);
  return query;
}

Query Query::of_phrase(std::vector<Word> words) {
  if (words.size() == 1) return of_term(std::move(words.front().term));
  Query query;
  if (words.empty()) return query;
  query.kind = Kind::phrase;
  query.words = std::move(words);
  return query;
}

Query Query::of_prefix(std::string term) {
  Query query = of_term(std::move(term));
  query.kind = Kind::prefix;
  return query;
}

Query Query::of_fuzzy(std::string term, unsigned edits) {
  Query query = of_term(std::move(term));
  if (edits == 0) return query;
  query.kind = Kind::fuzzy;
  query.edits = edits;
  return query;
}

Query Query::any_of(std::vector<Query> queries) {
  if (queries.size() == 1) return std::move(queries.front());
  Query query;
  if (queries.empty()) return query;
  query.kind = Kind::boolean;
  query.should = std::move(queries);
  return query;
}

Query Query::all_of(std::vector<Query> queries) {
  if (queries.size() == 1) return std::move(queries.front());
  Query query;
  if (queries.empty()) return query;
  query.kind = Kind::boolean;
  query.must = std::move(queries);
  return query;
}

std::string print(const Query& query) {
  std::string out;
  switch (query.kind) {
    case Query::Kind::nothing:
      return "()";
    case Query::Kind::term:
      return query.term;
    case Query::Kind::prefix:
      return query.term + "*";
    case Query::Kind::fuzzy:
      return query.term + "~" + std::to_string(query.edits);
    case Query::Kind::phrase:
      for (const Query::Word& word : query.words) out += (out.empty() ? "\"" : " ") + word.term;
      return out + "\"";
    case Query::Kind::boolean:
      for (const Query& each : query.must) print_onto(out, "+", each);
      for (const Query& each : query.should) print_onto(out, "", each);
      for (const Query& each : query.must_not) print_onto(out, "-", each);
      return out;
  }
  return out;
}

}  // namespace hearth::search::text
