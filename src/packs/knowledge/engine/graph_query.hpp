// Read-only patterns over the graph, in the notation that people and models know from openCypher:
//
//   query    = ["MATCH"] node (edge node)* ["WHERE" test ("AND" test)*]
//              ["RETURN" column ("," column)*] ["LIMIT" number]
//   node     = "(" [name] [":" kind] ["{" property ":" value ("," property ":" value)* "}"] ")"
//   edge     = "-[" [":" relation ("|" relation)*] "]->" | "<-[" … "]-" | "-[" … "]-" |
//              "-->" | "<--" | "--"
//   test     = name "." property ("=" | "<>" | "<" | "<=" | ">" | ">=" | "CONTAINS") value
//   column   = name ["." property]
//   value    = "text" | 'text' | number | true | false
//
//   (d:decision)-[:supersedes]->(old) WHERE d.title CONTAINS "lock" RETURN d, old.title LIMIT 5
//
// A pattern has at most 8 entries, 32 tests, 64 columns and 32 relations in an edge.
// Properties are id, title, kind, text, tags, source, salience, created_at, updated_at and those
// of the entry itself. Kinds and relations that no entry has are refused, with those that are like
// them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

struct PatternNode {
  std::string name;                                             // empty: not named
  std::string kind;                                             // empty: any
  std::vector<std::pair<std::string, std::string>> properties;  // name, JSON value
};
struct PatternEdge {
  enum class Way : std::uint8_t { out, in, both };
  Way way = Way::both;
  std::vector<std::string> relations;  // empty: any
};
struct PatternTest {
  std::size_t node = 0;
  std::string property;
  std::string comparison;  // "=", "<>", "<", "<=", ">", ">=", "CONTAINS"
  std::string value;       // JSON
};
struct PatternColumn {
  std::string title;  // "d", "d.title"
  std::size_t node = 0;
  std::string property;  // empty: the entry
};
struct Pattern {
  std::vector<PatternNode> nodes;  // one more than edges
  std::vector<PatternEdge> edges;
  std::vector<PatternTest> tests;
  std::vector<PatternColumn> columns;  // at least one
  std::int64_t limit = 0;              // 0: none given
};

// `invalid_args` with the place of what is wrong.
[[nodiscard]] Result<Pattern> parse_pattern(std::string_view text);

struct PatternRows {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // JSON values; an entry is {id, title, kind}
  bool is_more = false;
};
// `not_found` for a kind or relation that nothing has, with suggestions.
[[nodiscard]] Result<PatternRows> run_pattern(store::Database& database,
                                              const Pattern& pattern,
                                              std::int64_t limit);

}  // namespace hearth::packs::knowledge
