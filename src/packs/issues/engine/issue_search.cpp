#include "packs/issues/engine/issue_search.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>

#include "search/text/query.hpp"
#include "search/text/snippet.hpp"
#include "store/env.hpp"

namespace hearth::packs::issues {
namespace {

using search::text::Stemming;

constexpr Stemming stemming = Stemming::english;
// Changes that become visible together while a long list is brought in.
constexpr std::size_t changes_of_a_commit = 2048;
// More than these are written to disk at once, so that the next process has them.
constexpr std::size_t many_changes = 1024;

// The number goes up with what is put into it.
constexpr const char* name_begin = "text-2-";

search::text::Schema schema() {
  return {.weights = {4, 2, 1}, .stemming = stemming};
}

// All texts of an issue, one behind the other.
std::string text_of(const Issue& issue) {
  std::string text = issue.body;
  for (const Comment& comment : issue.comments) text.append("\n\n").append(comment.body);
  return text;
}

std::string words_of(const Summary& summary) {
  std::string words = summary.type;
  for (const auto* list : {&summary.labels, &summary.assignees}) {
    for (const std::string& each : *list) words.append(" ").append(each);
  }
  return words;
}

// The issues whose id the query is, or begins: digits are no words, which every sixteenth issue
// would have.
std::vector<Summary> named_by(const Board& board, std::string_view query, const Filter& filter) {
  const auto is_blank = [](char c) { return c == ' '; };
  while (!query.empty() && is_blank(query.front())) query.remove_prefix(1);
  while (!query.empty() && is_blank(query.back())) query.remove_suffix(1);
  std::vector<Summary> named;
  const auto digits = Board::digits_of(query);
  if (!digits) return named;
  for (const Summary* each : board.starting_with(*digits)) {
    if (filter.admits(*each)) named.push_back(*each);
  }
  return named;
}

}  // namespace

// Other fillings of the cache are over; so are their indexes.
Result<void> IssueSearch::open(State& state, const std::string& epoch) {
  state.index.reset();
  if (!store_.has_its_cache()) return Cache::removed();
  const std::string name = name_begin + epoch;
  const std::string directory = store_.cache_directory() + "/" + name;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(store_.cache_directory(), ignored)) {
    const std::string other = entry.path().filename().string();
    if (other.starts_with("text-") && other != name) {
      std::filesystem::remove_all(entry.path(), ignored);
    }
  }
  for (const std::string& each : {store_.cache_directory(), directory}) {
    if (::mkdir(each.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail_errno("make " + each, errno);
    }
  }
  auto index = Index::open(store::system_env(), directory, schema());
  const bool is_whole = index && (*index)->status().trust != search::Trust::damaged;
  if (!is_whole) index = Index::recreate(store::system_env(), directory, schema());
  if (!index) return std::unexpected(std::move(index.error()));
  state.index = std::move(*index);
  state.change = static_cast<std::int64_t>(state.index->covered());
  state.epoch = epoch;
  state.directory = directory;
  state.place = file_id(directory);
  return {};
}

Result<void> IssueSearch::put(Index& index, store::Database& database, std::int64_t row) {
  const auto events = Cache::events_of_row(database, row);
  if (!events) return std::unexpected(events.error());
  const auto issue = project_issue(*events);
  if (!issue) return {};
  const std::string words = words_of(issue->summary);
  const std::string text = text_of(*issue);
  const std::array<std::string_view, 3> fields{issue->summary.title, words, text};
  return index.put({.key = static_cast<search::Key>(row), .fields = fields, .facets = {}});
}

Result<std::shared_ptr<IssueSearch::Index>> IssueSearch::follow(store::Database& database,
                                                                const std::stop_token& stop) {
  const auto epoch = Cache::epoch(database);
  if (!epoch) return std::unexpected(epoch.error());
  auto state = state_.lock();
  const bool is_there = state->index && state->epoch == *epoch && state->place &&
                        file_id(state->directory) == state->place;
  if (!is_there) {
    if (auto opened = open(*state, *epoch); !opened) {
      return std::unexpected(std::move(opened.error()));
    }
  }
  const auto changes = Cache::changes_after(database, state->change);
  if (!changes) return std::unexpected(changes.error());
  for (std::size_t i = 0; i < changes->size(); ++i) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "the search was cancelled");
    if (auto done = put(*state->index, database, (*changes)[i].row); !done) {
      return std::unexpected(std::move(done.error()));
    }
    if (i + 1 != changes->size() && (i + 1) % changes_of_a_commit != 0) continue;
    const std::int64_t change = (*changes)[i].change;
    auto seen = state->index->commit(static_cast<std::uint64_t>(change));
    if (!seen) return std::unexpected(std::move(seen.error()));
    state->change = change;
  }
  if (changes->size() > many_changes) {
    if (auto kept = state->index->flush(stop); !kept) return std::unexpected(kept.error());
  }
  return state->index;
}

Result<SearchPage> IssueSearch::search(const std::string& query,
                                       const Filter& filter,
                                       std::size_t limit,
                                       const std::stop_token& stop) {
  auto reader = store_.reader(stop);
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto index = follow(**reader, stop);
  if (!index) return std::unexpected(index.error());
  const auto parsed = search::text::parse_query(query, search::text::Joined::any, stemming);
  const std::vector<Summary> named = named_by(*store_.board(), query, filter);
  // The board is looked at and left again for each candidate: a search holds nobody up.
  const search::text::Filter allowed{
      .facets = {}, .allows = [&](search::Key key) {
        const auto board = store_.board();
        const Summary* issue = board->find_row(static_cast<std::int64_t>(key));
        return issue != nullptr && filter.admits(*issue) &&
               std::ranges::find(named, issue->id, &Summary::id) == named.end();
      }};
  const std::size_t first = std::min(limit, named.size());
  const auto found = (*index)->search(parsed.query, allowed, limit - first, 0, stop);
  if (!found) return std::unexpected(found.error());
  const auto total = search::text::count(*(*index)->snapshot(), parsed.query, allowed, stop);
  if (!total) return std::unexpected(total.error());
  SearchPage page{.hits = {},
                  .total = named.size() + *total,
                  .is_verified = found->trust == search::Trust::verified};
  for (const Summary& each : std::span(named).first(first)) page.hits.push_back({.issue = each});
  const search::text::SnippetStyle style{.words = 16, .bytes = 400};
  for (const auto& hit : found->hits) {
    const auto events = Cache::events_of_row(**reader, static_cast<std::int64_t>(hit.key));
    if (!events) return std::unexpected(events.error());
    const auto issue = project_issue(*events);
    if (!issue) continue;
    page.hits.push_back(
        {.issue = issue->summary,
         .score = hit.score,
         .snippet = search::text::snippet(text_of(*issue), parsed.query, style, stemming)});
  }
  return page;
}

}  // namespace hearth::packs::issues
