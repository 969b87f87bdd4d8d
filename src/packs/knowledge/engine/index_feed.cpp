#include "packs/knowledge/engine/index_feed.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {
namespace {

// Changes that are read and brought at once: so much of them is in memory, and so long the writer
// waits for catch_up().
constexpr std::size_t slice = 64;
constexpr std::size_t unbounded = SIZE_MAX;
// For bringing the newest changes to an index before the store is open.
constexpr std::chrono::milliseconds time_of_a_start{25};
// Which a restarted index has from its first moment.
constexpr std::uint64_t kept_at_restart = 256;

}  // namespace

IndexFeed::IndexFeed(Embedder* embedder)
    : embedder_(embedder != nullptr && embedder->source() == VectorSource::immediate ? embedder
                                                                                     : nullptr) {}

void IndexFeed::add(IndexLeg& leg, const EmbeddingModel* model) {
  const std::scoped_lock lock(mutex_);
  if (model != nullptr) model_ = *model;
  followers_.push_back({.leg = &leg, .has = leg.status().covered});
  publish();
}

Result<void> IndexFeed::begin(store::Database& database) {
  const auto newest = last_sequence(database);
  if (!newest) return std::unexpected(newest.error());
  const std::scoped_lock lock(mutex_);
  followed_ = *newest;
  for (Follower& follower : followers_) {
    // An index that is ahead of its store is that of another, or of one that was lost.
    if (follower.has > *newest) {
      if (auto done = follower.leg->restart({}); !done) return done;
      follower.has = 0;
    }
    if (auto done = bring_newest(follower, database); !done) return done;
  }
  publish();
  return {};
}

// The newest slice, the one before it, and so on while the time lasts.
Result<void> IndexFeed::bring_newest(Follower& follower, store::Database& database) {
  const auto until = std::chrono::steady_clock::now() + time_of_a_start;
  std::uint64_t from = followed_;
  std::unordered_set<std::int64_t> seen;  // of these the newest is known already
  for (bool is_time = true; from > follower.has && is_time;) {
    const std::uint64_t to = from;
    from = to - std::min<std::uint64_t>(to - follower.has, slice);
    auto entries = read(database, model_, from, to, unbounded);
    if (!entries) return std::unexpected(std::move(entries.error()));
    auto done = follower.leg->wants_vectors() ? embed(*entries, {}) : Result<void>();
    if (done) done = put(follower, *entries, &seen);
    if (!done) return done;
    for (const IndexedEntry& entry : *entries) seen.insert(entry.n);
    is_time = std::chrono::steady_clock::now() < until;
  }
  follower.is_current = from <= follower.has;
  if (follower.is_current) follower.has = followed_;
  return follower.leg->commit(follower.has);
}

EmbeddingModel IndexFeed::model() const {
  const std::scoped_lock lock(mutex_);
  return model_;
}

// In the order of the changes.
Result<std::vector<IndexedEntry>> IndexFeed::read(store::Database& database,
                                                  const EmbeddingModel& model,
                                                  std::uint64_t after,
                                                  std::uint64_t up_to,
                                                  std::size_t most) {
  std::vector<IndexedEntry> entries;
  const auto limit = most == unbounded ? std::int64_t{-1} : static_cast<std::int64_t>(most);
  {
    auto rows = database.query(
        "SELECT seq, n, id FROM removed WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", after,
        up_to, limit);
    while (rows.next()) {
      IndexedEntry& entry = entries.emplace_back();
      entry.seq = static_cast<std::uint64_t>(rows.integer(0));
      entry.n = rows.integer(1);
      entry.id = rows.text(2);
      entry.is_gone = true;
    }
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  auto rows = database.query(
      "SELECT e.seq, e.n, e.deleted_ms, e.kind, e.tags, e.title, e.text, v.vector, "
      "e.memory, e.id "
      "FROM entries e LEFT JOIN vectors v ON v.n = e.n AND v.model = ? AND length(v.vector) = ? "
      "WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq LIMIT ?",
      model.name, vector_bytes(model.dimensions), after, up_to, limit);
  while (rows.next()) {
    IndexedEntry& entry = entries.emplace_back();
    entry.seq = static_cast<std::uint64_t>(rows.integer(0));
    entry.n = rows.integer(1);
    entry.is_gone = !rows.is_null(2);
    entry.id = rows.text(9);
    if (entry.is_gone) continue;
    entry.kind = rows.text(3);
    entry.tags = split_tags(rows.text(4));
    entry.title = rows.text(5);
    entry.text = rows.text(6);
    if (!rows.is_null(8)) entry.memory = rows.text(8);
    if (!rows.is_null(7)) entry.vector = stored_vector(rows.blob(7));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  std::ranges::sort(entries, {}, &IndexedEntry::seq);
  if (entries.size() > most) entries.resize(most);
  return entries;
}

Result<void> IndexFeed::embed(std::vector<IndexedEntry>& entries, const std::stop_token& stop) {
  if (embedder_ == nullptr) return {};
  std::vector<std::string> texts;
  std::vector<IndexedEntry*> wanting;
  for (IndexedEntry& entry : entries) {
    if (entry.is_gone || !entry.vector.empty()) continue;
    texts.push_back(embedded_text(entry.title, entry.text));
    wanting.push_back(&entry);
  }
  if (wanting.empty()) return {};
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto vectors = embedder_->embed(views, Purpose::document, stop);
  if (!vectors) return std::unexpected(vectors.error());
  const std::size_t size = vectors->size() / wanting.size();
  for (std::size_t i = 0; i < wanting.size(); ++i) {
    const auto begin = vectors->begin() + static_cast<std::ptrdiff_t>(i * size);
    wanting[i]->vector.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
  }
  return {};
}

Result<void> IndexFeed::put(Follower& follower,
                            std::span<const IndexedEntry> entries,
                            const std::unordered_set<std::int64_t>* but) {
  for (const IndexedEntry& entry : entries) {
    if (but != nullptr && but->contains(entry.n)) continue;
    if (entry.is_gone) {
      follower.leg->erase(entry.n);
    } else if (auto done = follower.leg->put(entry); !done) {
      return done;
    }
  }
  return {};
}

Result<std::vector<std::string>> IndexFeed::follow(store::Database& database) {
  const auto newest = last_sequence(database);
  if (!newest) return std::unexpected(newest.error());
  std::uint64_t from = 0;
  {
    const std::scoped_lock lock(mutex_);
    from = followed_;
  }
  std::vector<std::string> ids;
  while (from < *newest) {
    auto entries = read(database, model(), from, *newest, slice);
    if (!entries) return std::unexpected(std::move(entries.error()));
    if (auto done = embed(*entries, {}); !done) return std::unexpected(std::move(done.error()));
    from = entries->size() < slice ? *newest : entries->back().seq;
    if (auto done = bring(*entries, from); !done) return std::unexpected(std::move(done.error()));
    for (IndexedEntry& entry : *entries) ids.push_back(std::move(entry.id));
  }
  return ids;
}

// What the writer has written up to `newest`, to all legs.
Result<void> IndexFeed::bring(std::span<const IndexedEntry> entries, std::uint64_t newest) {
  const std::scoped_lock lock(mutex_);
  Result<void> all;
  bool is_one_behind = false;
  for (Follower& follower : followers_) {
    auto done = put(follower, entries, nullptr);
    const std::uint64_t has = follower.is_current ? newest : follower.has;
    if (done) done = follower.leg->commit(has);
    if (done) {
      follower.has = has;
    } else {
      follower.is_current = false;  // from `has` on, by catch_up()
      follower.has_missed = true;
      all = std::move(done);
    }
    is_one_behind |= !follower.is_current;
  }
  followed_ = newest;
  if (is_one_behind) {
    for (const IndexedEntry& entry : entries) brought_.insert(entry.n);
  }
  publish();
  return all;
}

Result<bool> IndexFeed::catch_up(store::Database& database, const std::stop_token& stop) {
  IndexLeg* leg = nullptr;
  std::uint64_t from = 0;
  std::uint64_t up_to = 0;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(followers_, false, &Follower::is_current);
    if (found == followers_.end()) return false;
    leg = found->leg;
    found->has_missed = false;
    from = found->has;
    up_to = followed_;
    brought_.clear();
  }
  auto entries = read(database, model(), from, up_to, slice);
  if (!entries) return std::unexpected(std::move(entries.error()));
  if (leg->wants_vectors()) {
    if (auto done = embed(*entries, stop); !done) return std::unexpected(std::move(done.error()));
  }

  const std::scoped_lock lock(mutex_);
  Follower& behind = follower_of(*leg);
  if (behind.has_missed) return true;  // of what was brought not all is there: once more
  if (auto done = put(behind, *entries, &brought_); !done) {
    return std::unexpected(std::move(done.error()));
  }
  const bool is_through = entries->size() < slice;
  const std::uint64_t has = is_through ? followed_ : entries->back().seq;
  if (auto done = leg->commit(has); !done) return std::unexpected(std::move(done.error()));
  behind.has = has;
  behind.is_current = is_through;
  publish();
  return true;
}

Result<void> IndexFeed::restart(IndexLeg& leg, store::Database& database) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t from = followed_ - std::min(followed_, kept_at_restart);
  auto entries = read(database, model_, from, followed_, unbounded);
  if (!entries) return std::unexpected(std::move(entries.error()));
  std::erase_if(*entries, &IndexedEntry::is_gone);
  auto done = leg.wants_vectors() ? embed(*entries, {}) : Result<void>();
  if (done) done = leg.restart(*entries);
  if (!done) return done;
  Follower& follower = follower_of(leg);
  follower.has = 0;
  follower.is_current = false;
  publish();
  return {};
}

void IndexFeed::publish() {
  auto missing = missing_.lock();
  for (const Follower& each : followers_) {
    const std::uint64_t lacks = followed_ - std::min(followed_, each.has);
    (*missing)[each.leg] = each.is_current ? 0 : std::max<std::uint64_t>(lacks, 1);
  }
}

std::uint64_t IndexFeed::missing(const IndexLeg& leg) const {
  return missing_.lock()->at(&leg);
}

}  // namespace hearth::packs::knowledge
