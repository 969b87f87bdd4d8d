// What the tools for the symbols of source files take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"
#include "packs/issues/engine/symbols/find.hpp"
#include "packs/issues/engine/symbols/tracked.hpp"

namespace hearth::packs::issues::wire {

struct IndexRequest {
  std::vector<std::string> path;
  std::optional<std::string> pattern;
  bool force = false;
  std::optional<std::string> actor;
};
BOOST_DESCRIBE_STRUCT(IndexRequest, (), (path, pattern, force, actor))
json::Notes notes(const IndexRequest*);

struct NotIndexed {
  std::string path;
  std::string why;
};
BOOST_DESCRIBE_STRUCT(NotIndexed, (), (path, why))
json::Notes notes(const NotIndexed*);

struct IndexAnswer {
  std::int64_t indexed = 0;
  std::int64_t skipped = 0;
  std::int64_t total_files = 0;
  std::vector<NotIndexed> failed;
  std::int64_t failed_total = 0;
};
BOOST_DESCRIBE_STRUCT(IndexAnswer, (), (indexed, skipped, total_files, failed, failed_total))
json::Notes notes(const IndexAnswer*);

struct SymbolQuery {
  std::string query;
  std::int64_t limit = 20;
};
BOOST_DESCRIBE_STRUCT(SymbolQuery, (), (query, limit))
json::Notes notes(const SymbolQuery*);

struct SymbolMatch {
  std::string symbol;
  std::string kind;
  std::string path;
  std::int64_t line_start = 0;
  std::int64_t line_end = 0;
  std::string match;
};
BOOST_DESCRIBE_STRUCT(SymbolMatch, (), (symbol, kind, path, line_start, line_end, match))
json::Notes notes(const SymbolMatch*);

struct SymbolAnswer {
  std::string query;
  std::vector<SymbolMatch> matches;
  std::int64_t count = 0;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(SymbolAnswer, (), (query, matches, count, total, truncated))
json::Notes notes(const SymbolAnswer*);

struct FileRequest {
  std::string path;
};
BOOST_DESCRIBE_STRUCT(FileRequest, (), (path))
json::Notes notes(const FileRequest*);

struct FileSymbol {
  std::string name;
  std::string kind;
  std::int64_t line_start = 0;
  std::int64_t line_end = 0;
};
BOOST_DESCRIBE_STRUCT(FileSymbol, (), (name, kind, line_start, line_end))
json::Notes notes(const FileSymbol*);

struct FileAnswer {
  std::string path;
  std::string language;
  std::string summary;
  std::string content_hash;
  std::vector<FileSymbol> symbols;
  std::int64_t symbol_count = 0;
};
BOOST_DESCRIBE_STRUCT(FileAnswer,
                      (),
                      (path, language, summary, content_hash, symbols, symbol_count))
json::Notes notes(const FileAnswer*);

[[nodiscard]] SymbolAnswer to_answer(const std::string& query, const SymbolHits& found);
[[nodiscard]] FileAnswer to_answer(const ContextUpdated& file);

}  // namespace hearth::packs::issues::wire
