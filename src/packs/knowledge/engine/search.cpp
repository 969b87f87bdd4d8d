#include "packs/knowledge/engine/search.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/filter.hpp"
#include "packs/knowledge/engine/lexical.hpp"
#include "packs/knowledge/engine/rows.hpp"
#include "packs/knowledge/engine/semantic.hpp"

namespace hearth::packs::knowledge {
namespace {

// Looked at in each leg beyond what a page needs: what one leg ranks low the other may rank high.
constexpr std::size_t looked_at_beyond = 50;

// Of words, whose scores tie more often than those of vectors.
constexpr std::size_t first_window = 256;
constexpr std::size_t widest_window = 4096;

// Hence in powers of two.
std::size_t looked_at(std::int64_t wanted) {
  return std::bit_ceil(static_cast<std::size_t>(wanted) + looked_at_beyond);
}
constexpr double rrf_k = 60;  // Cormack, Clarke & Büttcher 2009

// What the evidence of vectors counts beside that of words when an embedder knows only how words
// are written: it sees again what the words have shown, and where they have shown nothing it is
// mostly wrong (tests/data/judged).
constexpr double trust_in_spelling = 0.4;

const char* const damaged_text =
    "the index of words is damaged and being made again; hits may be missing";
const char* const damaged_vectors =
    "the index of vectors is damaged and being made again; hits may be missing";

Error nothing_to_search() {
  return {Errc::invalid_args,
          "query: nothing to search for: it has no word in it",
          {"give a few words", "list entries with knowledge_list"}};
}

// By how sure both legs are together.
class Fused {
 public:
  // `leg` is whose evidence the scores are.
  void add(const std::vector<search::Hit>& hits, std::optional<double> Candidate::* leg) {
    std::size_t rank = 0;
    for (const search::Hit& hit : hits) {
      Candidate& candidate = candidates_[hit.key];
      candidate.n = static_cast<std::int64_t>(hit.key);
      candidate.*leg = hit.score;
      ranks_[hit.key] += 1.0 / (rrf_k + static_cast<double>(++rank));
    }
  }
  // `trust` is what the evidence of vectors counts.
  std::vector<Candidate> take(Fusion fusion, double trust, double least_score) {
    std::vector<Candidate> all;
    for (auto& [key, candidate] : candidates_) {
      candidate.score =
          1 - (1 - candidate.by_words.value_or(0)) * (1 - trust * candidate.by_vector.value_or(0));
      if (candidate.score >= least_score) all.push_back(candidate);
    }
    const auto value = [&](const Candidate& each) {
      return fusion == Fusion::ranks ? ranks_.at(static_cast<search::Key>(each.n)) : each.score;
    };
    std::ranges::sort(all, [&](const Candidate& a, const Candidate& b) {
      const double of_a = value(a);
      const double of_b = value(b);
      return of_a != of_b ? of_a > of_b : a.n < b.n;
    });
    return all;
  }

 private:
  std::unordered_map<search::Key, Candidate> candidates_;
  std::unordered_map<search::Key, double> ranks_;
};

// The query's vector, or why there is none.
Result<std::vector<float>> query_vector(KnowledgeStore& store,
                                        const VectorLeg& vectors,
                                        const SearchRequest& request,
                                        const std::stop_token& stop) {
  if (!request.vector.empty()) {
    const EmbeddingModel& model = vectors.kind().model;
    if (request.vector.size() != model.dimensions) {
      return fail(Errc::invalid_args, "vector: has " + std::to_string(request.vector.size()) +
                                          " numbers; those of " + model.name + " have " +
                                          std::to_string(model.dimensions));
    }
    return request.vector;
  }
  return store.embed_query(request.query, stop);
}

void note_trust(KnowledgeStore& store,
                search::Trust trust,
                const char* damaged,
                Candidates& answer) {
  if (trust == search::Trust::unverified) answer.is_unverified = true;
  if (trust != search::Trust::damaged) return;
  answer.degraded.emplace_back(damaged);
  store.look_after_indexes();
}

// Adds the leg of vectors. That it cannot answer is told, and no error, but for a call that is
// wrong or was stopped.
Result<void> add_vector_leg(KnowledgeStore& store,
                            const SearchRequest& request,
                            const KeyFilter& keys,
                            std::size_t most,
                            const std::stop_token& stop,
                            Fused& fused,
                            Candidates& answer) {
  const auto vectors = store.vectors();
  if (const auto lacks = store.vectors_lack()) {
    answer.degraded.push_back((vectors ? "by meaning only in part: " : "not by meaning: ") +
                              *lacks);
  }
  if (!vectors) return {};
  const auto vector = query_vector(store, *vectors, request, stop);
  if (!vector) {
    const Errc code = vector.error().code;
    if (code == Errc::invalid_args || stop.stop_requested()) {
      return std::unexpected(vector.error());
    }
    answer.degraded.push_back("not by meaning: " + vector.error().message);
    return {};
  }
  // Its measure of the unrelated may have grown better since the index was opened.
  const EmbeddingModel model = store.embedder()->model().value_or(vectors->kind().model);
  auto found = search_vectors(*vectors, model, *vector, keys.vectors, most);
  if (!found) return std::unexpected(std::move(found.error()));
  note_trust(store, found->trust, damaged_vectors, answer);
  if (found->hits.size() == most) answer.is_all = false;
  fused.add(found->hits, &Candidate::by_vector);
  return {};
}

// The best `most` and some more. The pages of one search are cut from lists of different lengths:
// so that these agree, a list ends among worse hits than the page does. Where many hits score the
// same, the index leaves open which of them are among the best so many.
Result<LexicalHits> search_untied(const search::Snapshot& snapshot,
                                  const LexicalQuery& query,
                                  const search::text::Filter& filter,
                                  std::size_t most,
                                  const std::stop_token& stop) {
  for (std::size_t window = std::max(most, first_window);; window *= 4) {
    auto found = search_words(snapshot, query, filter, window, stop);
    if (!found || found->is_all || window >= widest_window) return found;
    if (found->hits[most - 1].score > found->best_unseen) return found;
  }
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

Result<Candidates> find_candidates(KnowledgeStore& store,
                                   store::Database& reader,
                                   const SearchRequest& request,
                                   std::size_t most,
                                   const std::stop_token& stop) {
  const auto filter = clean_filter(request.filter);
  if (!filter) return std::unexpected(filter.error());
  if (auto done = store.begin_search(reader); !done)
    return std::unexpected(std::move(done.error()));
  const auto keys = key_filter(store, reader, *filter,
                               request.mode == SearchMode::words ? Legs::words : Legs::both);
  if (!keys) return std::unexpected(keys.error());

  Candidates answer;
  answer.is_all = true;
  Fused fused;
  if (request.mode != SearchMode::vectors) {
    if (const auto lacks = store.text_lacks()) answer.degraded.push_back(*lacks);
    const auto snapshot = store.text().index()->snapshot();
    const LexicalQuery query = lexical_query(*snapshot, request.query);
    if (query.left_out > 0) {
      answer.degraded.push_back("the query is long: its last " + std::to_string(query.left_out) +
                                " words were not looked for");
    }
    auto found = search_untied(*snapshot, query, keys->words, most, stop);
    if (!found) return std::unexpected(std::move(found.error()));
    note_trust(store, found->trust, damaged_text, answer);
    answer.is_all = found->is_all;
    fused.add(found->hits, &Candidate::by_words);
  }
  if (request.mode != SearchMode::words) {
    auto done = add_vector_leg(store, request, *keys, most, stop, fused, answer);
    if (!done) return std::unexpected(std::move(done.error()));
  }
  const bool knows_spelling_only =
      store.embedder() != nullptr && store.embedder()->source() == VectorSource::immediate;
  const double trust =
      request.mode == SearchMode::hybrid && knows_spelling_only ? trust_in_spelling : 1;
  answer.best_first = fused.take(request.fusion, trust, request.least_score);
  // What was not looked at is no surer than the last that was.
  if (answer.best_first.size() < most) answer.is_all = true;
  return answer;
}

Result<SearchPage> search_entries(KnowledgeStore& store,
                                  store::Database& reader,
                                  const SearchRequest& request,
                                  const std::stop_token& stop) {
  const auto parsed = parse_words(request.query);
  if (parsed.query.kind == search::text::Query::Kind::nothing && request.vector.empty()) {
    return std::unexpected(nothing_to_search());
  }
  auto found =
      find_candidates(store, reader, request, looked_at(request.offset + request.limit), stop);
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
                       .mode = SearchMode::vectors,
                       .filter = request.filter,
                       .least_score = request.least_score};
  auto rows = reader.query("SELECT vector FROM vectors WHERE n = ? AND model = ?", entry->n,
                           vectors->kind().model.name);
  if (rows.next()) {
    search.vector = stored_vector(rows.blob(0));
  }
  auto found = find_candidates(store, reader, search, looked_at(request.limit), stop);
  if (!found) return std::unexpected(std::move(found.error()));
  std::erase_if(found->best_first, [&](const Candidate& each) { return each.n == entry->n; });
  return read_page(reader, std::move(*found), 0, request.limit, {});
}

namespace {

// The last word goes on, unless something ends it.
search::text::Query unfinished(const search::Snapshot& snapshot, const std::string& typed) {
  LexicalQuery whole = lexical_query(snapshot, typed);
  const bool is_ended = typed.empty() || typed.back() == ' ' || typed.back() == '"';
  if (is_ended) return whole.any;
  std::vector<search::text::Query> ways{std::move(whole.any)};
  const std::size_t last = typed.find_last_of(' ') + 1;
  auto prefix = parse_words(typed.substr(last == 0 ? 0 : last) + "*");
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
  auto found = search::text::search(*snapshot, query, {}, looked_at(limit), 0, stop);
  if (!found) return std::unexpected(std::move(found.error()));
  SearchPage page;
  if (const auto lacks = store.text_lacks()) page.degraded.push_back(*lacks);
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
