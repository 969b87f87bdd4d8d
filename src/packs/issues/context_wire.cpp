#include "packs/issues/context_wire.hpp"

#include <algorithm>
#include <iterator>

namespace hearth::packs::issues::wire {

using json::defaulted;
using json::range;

json::Notes notes(const IndexRequest*) {
  return {{"path", "Only these files or folders, from the top of the work tree; may be repeated",
           list_limits() | defaulted},
          {"pattern", "Only files whose path fits, like *.rs", range(1, 500)},
          {"force", "Also files that have not changed", defaulted},
          {"actor", actor_text, name_limits()}};
}
json::Notes notes(const NotIndexed*) {
  return {{"path", ""}, {"why", ""}};
}
json::Notes notes(const IndexAnswer*) {
  return {{"indexed", "Files whose symbols were written"},
          {"skipped", "Files that have not changed"},
          {"total_files", "Tracked files of a language whose symbols are known, of those chosen"},
          {"failed", "At most 20 of those that could not be read as source"},
          {"failed_total", "How many could not"}};
}
json::Notes notes(const SymbolQuery*) {
  return {{"query", "The name, its beginning, or nearly so", range(1, 500)},
          {"limit", "Most symbols to return", range(1, 500) | defaulted}};
}
json::Notes notes(const SymbolMatch*) {
  return {{"symbol", "Its name"},
          {"kind", "function, class, struct …"},
          {"path", "From the top of the work tree"},
          {"line_start", "First line, from 1"},
          {"line_end", "Last line"},
          {"match", "exact, same_word (but for case), prefix, or similar"}};
}
json::Notes notes(const SymbolAnswer*) {
  return {{"query", ""},
          {"matches", "Best first"},
          {"count", "How many are here"},
          {"total", "How many there are"},
          {"truncated", "There are more: raise limit"}};
}
json::Notes notes(const FileRequest*) {
  return {{"path", "From the top of the work tree", range(1, 4096)}};
}
json::Notes notes(const FileSymbol*) {
  return {{"name", ""},
          {"kind", "function, class, struct …"},
          {"line_start", "First line, from 1"},
          {"line_end", "Last line"}};
}
json::Notes notes(const FileAnswer*) {
  return {{"path", ""},
          {"language", ""},
          {"summary", "What it defines, in a line"},
          {"content_hash", "SHA-256 of the bytes that were indexed"},
          {"symbols", "By line"},
          {"symbol_count", ""}};
}

SymbolAnswer to_answer(const std::string& query, const SymbolHits& found) {
  SymbolAnswer answer{.query = query,
                      .matches = {},
                      .count = number(found.hits.size()),
                      .total = number(found.total),
                      .truncated = found.hits.size() < found.total};
  for (const SymbolHit& hit : found.hits) {
    answer.matches.push_back({.symbol = hit.symbol->name,
                              .kind = hit.symbol->kind,
                              .path = std::string(hit.path),
                              .line_start = hit.symbol->line_start,
                              .line_end = hit.symbol->line_end,
                              .match = std::string(name_match_word(hit.match))});
  }
  return answer;
}

FileAnswer to_answer(const ContextUpdated& file) {
  FileAnswer answer{.path = file.path,
                    .language = file.language,
                    .summary = file.summary,
                    .content_hash = hex_of(file.content_hash),
                    .symbols = {},
                    .symbol_count = number(file.symbols.size())};
  for (const Symbol& symbol : file.symbols) {
    answer.symbols.push_back({symbol.name, symbol.kind, symbol.line_start, symbol.line_end});
  }
  // The log has them by name.
  std::ranges::sort(answer.symbols, {}, [](const FileSymbol& symbol) {
    return std::tie(symbol.line_start, symbol.name);
  });
  return answer;
}

}  // namespace hearth::packs::issues::wire
