#include "packs/knowledge/engine/search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/query.hpp"

namespace hearth::packs::knowledge {
namespace {

// Six significant digits: more are noise that a model pays for.
double rounded(double score) {
  if (!(score > 0)) return 1e-9;
  const double scale = std::pow(10.0, 5 - std::floor(std::log10(score)));
  return std::round(score * scale) / scale;
}

Result<std::int64_t> count(store::Database& database,
                           const std::string& match,
                           const Filter& filter) {
  const std::string where = filter_sql(filter);
  // Without a filter the index alone knows.
  const auto counted =
      where.empty()
          ? database.integer("SELECT count(*) FROM entries_fts WHERE entries_fts MATCH ?", match)
          : database.integer(
                "SELECT count(*) FROM entries_fts f CROSS JOIN entries e ON e.n = f.rowid "
                "WHERE entries_fts MATCH ?" +
                    where,
                match, filter_parameters(filter));
  if (!counted) return std::unexpected(counted.error());
  return counted->value_or(0);
}

Result<void> read_hits(store::Database& database,
                       const std::string& match,
                       const Filter& filter,
                       const SearchRequest& request,
                       std::vector<Hit>& hits) {
  // The index yields in the order of rank, so that only the rows of the page are joined and
  // excerpted.
  auto rows = database.query(
      "SELECT e.id, e.kind, e.title, snippet(entries_fts, 1, '**', '**', '…', 32), -f.rank, "
      "e.tags, s.path, e.line, e.updated_ms FROM entries_fts f "
      "CROSS JOIN entries e ON e.n = f.rowid LEFT JOIN sources s ON s.n = e.source_n "
      "WHERE entries_fts MATCH ?" +
          filter_sql(filter) + " ORDER BY f.rank LIMIT ? OFFSET ?",
      match, filter_parameters(filter), request.limit, request.offset);
  while (rows.next()) {
    Hit& hit = hits.emplace_back();
    hit.id = rows.text(0);
    hit.kind = rows.text(1);
    hit.title = rows.text(2);
    hit.snippet = rows.text(3);
    hit.score = rounded(rows.real(4));
    hit.tags = split_tags(rows.text(5));
    if (!rows.is_null(6)) hit.source = source_name(rows.text(6), rows.integer(7));
    hit.updated_ms = rows.integer(8);
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return {};
}

}  // namespace

Result<SearchPage> search_entries(store::Database& database, const SearchRequest& request) {
  const auto query = parse_query(request.query);
  if (!query) return std::unexpected(query.error());
  const auto filter = clean_filter(request.filter);
  if (!filter) return std::unexpected(filter.error());

  auto transaction = store::Transaction::begin(database, store::Transaction::Kind::deferred);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  SearchPage page;
  page.words_left_out = query->left_out;
  std::string match = match_all(*query);
  auto total = count(database, match, *filter);
  const bool has_one_word = query->terms.size() == 1 && query->terms.front().words.size() == 1;
  if (total && *total < enough_hits && !has_one_word) {
    match = match_some(*query);
    const std::int64_t with_all = *total;
    total = count(database, match, *filter);
    if (total && *total > with_all) page.match = Match::some_words;
  }
  if (!total) return std::unexpected(std::move(total.error()));
  page.total = *total;
  if (page.total > request.offset) {
    if (auto done = read_hits(database, match, *filter, request, page.hits); !done) {
      return std::unexpected(std::move(done.error()));
    }
  }
  return page;
}

}  // namespace hearth::packs::knowledge
