#include "packs/knowledge/engine/search.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/lexical.hpp"
#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {
namespace {

Error nothing_to_search() {
  return {Errc::invalid_args,
          "query: nothing to search for: it has no word in it",
          {"give a few words", "list entries with knowledge_list"}};
}

constexpr std::string_view hit_sql =
    "SELECT e.id, e.kind, e.title, e.tags, s.path, e.line, e.updated_ms, e.superseded_by, e.text, "
    "e.origin "
    "FROM live e LEFT JOIN sources s ON s.n = e.source_n WHERE e.n = ?";

// Nothing if it is gone since the index was asked.
Result<std::optional<Hit>> read_hit(store::Database& reader,
                                    const Candidate& candidate,
                                    const search::text::Query& query) {
  auto rows = reader.query(hit_sql, candidate.n);
  if (!rows.next()) {
    if (!rows.ok()) return std::unexpected(rows.error());
    return std::nullopt;
  }
  Hit hit;
  hit.n = candidate.n;
  hit.id = rows.text(0);
  hit.kind = rows.text(1);
  hit.title = rows.text(2);
  hit.tags = split_tags(rows.text(3));
  if (!rows.is_null(4)) hit.source = source_name(rows.text(4), rows.integer(5));
  if (!rows.is_null(9)) hit.source = rows.text(9);
  hit.updated_ms = rows.integer(6);
  hit.is_superseded = !rows.is_null(7);
  hit.snippet = excerpt(rows.text(8), query);
  hit.score = rounded(candidate.score);
  if (candidate.by_words) hit.by_words = rounded(*candidate.by_words);
  if (candidate.by_vector) hit.by_vector = rounded(*candidate.by_vector);
  return hit;
}

Result<SearchPage> read_page(store::Database& reader,
                             Candidates found,
                             std::int64_t offset,
                             std::int64_t limit,
                             const search::text::Query& query) {
  SearchPage page;
  page.degraded = std::move(found.degraded);
  page.is_unverified = found.is_unverified;
  const auto all = static_cast<std::int64_t>(found.best_first.size());
  page.is_more = all > offset + limit || !found.is_all;
  if (found.is_all) page.total = all;
  for (std::int64_t i = offset; i < std::min(all, offset + limit); ++i) {
    auto hit = read_hit(reader, found.best_first[static_cast<std::size_t>(i)], query);
    if (!hit) return std::unexpected(std::move(hit.error()));
    if (*hit) page.hits.push_back(std::move(**hit));
  }
  return page;
}

}  // namespace

double rounded(double score) {
  return std::round(score * 1000) / 1000;
}

Result<SearchPage> search_entries(KnowledgeStore& store,
                                  store::Database& reader,
                                  const SearchRequest& request,
                                  const std::stop_token& stop) {
  const auto parsed = parse_words(request.query);
  if (parsed.query.kind == search::text::Query::Kind::nothing && request.vector.empty()) {
    return std::unexpected(nothing_to_search());
  }
  auto found = find_candidates(store, reader, request,
                               static_cast<std::size_t>(request.offset + request.limit), stop);
  if (!found) return std::unexpected(std::move(found.error()));
  return read_page(reader, std::move(*found), request.offset, request.limit, parsed.query);
}

Result<SearchPage> similar_entries(KnowledgeStore& store,
                                   store::Database& reader,
                                   const SimilarRequest& request,
                                   const std::stop_token& stop) {
  const auto entry = find_stored(reader, request.id);
  if (!entry) return std::unexpected(entry.error());
  const auto vectors = store.vectors();
  if (!vectors) return fail(Errc::unavailable, "no vectors: " + store.vectors_lack().value_or(""));
  SearchRequest search{.query = embedded_text(entry->entry.title, entry->entry.text),
                       .is_text = true,
                       .mode = SearchMode::vectors,
                       .filter = request.filter,
                       .least_score = request.least_score};
  const EmbeddingModel& model = vectors->kind().model;
  auto rows =
      reader.query("SELECT vector FROM vectors WHERE n = ? AND model = ? AND length(vector) = ?",
                   entry->n, model.name, vector_bytes(model.dimensions));
  if (rows.next()) {
    search.vector = stored_vector(rows.blob(0));
  }
  auto found =
      find_candidates(store, reader, search, static_cast<std::size_t>(request.limit) + 1, stop);
  if (!found) return std::unexpected(std::move(found.error()));
  std::erase_if(found->best_first, [&](const Candidate& each) { return each.n == entry->n; });
  return read_page(reader, std::move(*found), 0, request.limit, {});
}

namespace {

// The last word goes on, unless something ends it.
search::text::Query unfinished(const search::Snapshot& snapshot, const std::string& typed) {
  LexicalQuery whole = lexical_query(snapshot, parse_words(typed), typed);
  const bool is_ended = typed.empty() || typed.back() == ' ' || typed.back() == '"';
  if (is_ended) return whole.any;
  std::vector<search::text::Query> ways{std::move(whole.any)};
  const std::size_t last = typed.find_last_of(' ') + 1;
  auto prefix = parse_words(typed.substr(last) + "*");
  ways.push_back(std::move(prefix.query));
  return search::text::Query::any_of(std::move(ways));
}

// Titles that have what was typed; the marks of an excerpt say whether one has.
void put_titles_first(std::vector<Hit>& hits, const search::text::Query& query) {
  std::vector<Hit> titled;
  std::vector<Hit> others;
  for (Hit& hit : hits) {
    const bool is_titled = excerpt(hit.title, query).find("**") != std::string::npos;
    (is_titled ? titled : others).push_back(std::move(hit));
  }
  std::ranges::move(others, std::back_inserter(titled));
  hits = std::move(titled);
}

}  // namespace

Result<SearchPage> suggest_entries(KnowledgeStore& store,
                                   store::Database& reader,
                                   const std::string& typed,
                                   std::int64_t limit,
                                   const std::stop_token& stop) {
  if (auto done = store.begin_search(reader); !done)
    return std::unexpected(std::move(done.error()));
  const auto snapshot = store.text().index()->snapshot();
  if (parse_words(typed).query.kind == search::text::Query::Kind::nothing) {
    return std::unexpected(nothing_to_search());
  }
  const search::text::Query query = unfinished(*snapshot, typed);
  // Titles come first: some that are there may rank low.
  constexpr std::size_t looked_at_beyond = 50;
  auto found = search::text::search(*snapshot, query, {},
                                    static_cast<std::size_t>(limit) + looked_at_beyond, 0, stop);
  if (!found) return std::unexpected(std::move(found.error()));
  Candidates told;
  if (const auto lacks = store.text_lacks()) told.degraded.push_back(*lacks);
  note_trust(store, found->trust, damaged_text, told);
  SearchPage page{.hits = {},
                  .total = {},
                  .is_unverified = told.is_unverified,
                  .degraded = std::move(told.degraded)};
  const float best = found->hits.empty() ? 1 : found->hits.front().score;
  for (const search::Hit& hit : found->hits) {
    const Candidate candidate{.n = static_cast<std::int64_t>(hit.key), .score = hit.score / best};
    auto read = read_hit(reader, candidate, query);
    if (!read) return std::unexpected(std::move(read.error()));
    if (*read) page.hits.push_back(std::move(**read));
  }
  put_titles_first(page.hits, query);
  page.is_more = static_cast<std::int64_t>(page.hits.size()) > limit;
  if (page.is_more) page.hits.resize(static_cast<std::size_t>(limit));
  return page;
}

}  // namespace hearth::packs::knowledge
