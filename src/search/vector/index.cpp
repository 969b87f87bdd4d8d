#include "search/vector/index.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "search/vector/index_format.hpp"

namespace hearth::search::vector {
namespace {

std::string print(const Schema& schema) {
  return "vectors " + std::to_string(schema.dimensions) + " " + std::string(name_of(schema.metric));
}

}  // namespace

Index::Index(std::unique_ptr<IndexDirectory> directory, Schema schema, const IndexOptions& options)
    : schema_(schema),
      most_in_memory_(options.most_in_memory),
      generations_(std::move(directory), make_format(schema, options)) {}

Result<std::unique_ptr<Index>> Index::open(store::Env& env,
                                           std::string directory,
                                           Schema schema,
                                           const IndexOptions& options) {
  auto opened = IndexDirectory::open(env, std::move(directory), print(schema));
  if (!opened) return std::unexpected(std::move(opened.error()));
  return std::unique_ptr<Index>(new Index(std::move(*opened), schema, options));
}

Result<std::unique_ptr<Index>> Index::recreate(store::Env& env,
                                               std::string directory,
                                               Schema schema,
                                               const IndexOptions& options) {
  auto made = IndexDirectory::recreate(env, std::move(directory), print(schema));
  if (!made) return std::unexpected(std::move(made.error()));
  return std::unique_ptr<Index>(new Index(std::move(*made), schema, options));
}

Result<std::vector<float>> Index::prepared(std::span<const float> vector) const {
  if (vector.size() != schema_.dimensions) {
    return fail(Errc::invalid_args, "a vector of " + std::to_string(vector.size()) +
                                        " dimensions in an index of " +
                                        std::to_string(schema_.dimensions));
  }
  std::vector<float> values(vector.begin(), vector.end());
  const float squared = squared_norm(values);
  if (!std::isfinite(squared)) {
    return fail(Errc::invalid_args, "a vector with a coordinate that is no number, or too large");
  }
  if (schema_.metric != Metric::cosine) return values;
  if (!(squared > 0)) {
    return fail(Errc::invalid_args, "a vector of length 0, which has no cosine with any other");
  }
  for (float& each : values) each /= std::sqrt(squared);
  return values;
}

Result<void> Index::put(Key key, std::span<const float> vector) {
  auto values = prepared(vector);
  if (!values) return std::unexpected(std::move(values.error()));
  const std::lock_guard lock(writing_mutex_);
  changes_[key] = std::move(*values);
  return {};
}

void Index::erase(Key key) {
  const std::lock_guard lock(writing_mutex_);
  changes_[key] = std::nullopt;
}

void Index::commit(std::uint64_t sequence) {
  const std::lock_guard lock(writing_mutex_);
  std::vector<Key> changed;
  for (const auto& [key, vector] : changes_) changed.push_back(key);
  (void)generations_.commit(sequence, changed,
                            [this](std::vector<Part>& parts, const HeldContents& held) {
                              insert_changed(parts, held);
                              return Result<void>{};  // nothing of it can fail
                            });
  changes_.clear();
}

void Index::insert_changed(std::vector<Part>& parts, const HeldContents& held) {
  const auto part_of_delta = [&] { return std::ranges::find(parts, delta_, &Part::contents); };
  // What is being written, or was, does not grow any more.
  if (part_of_delta() == parts.end() || std::ranges::count(held, delta_.get()) != 0) delta_.reset();
  std::vector<const float*> rows;
  for (const auto& [key, vector] : changes_) {
    if (vector) rows.push_back(vector->data());
  }
  std::size_t inserted = 0;
  for (const auto& [key, vector] : changes_) {
    if (!vector) continue;
    if (!delta_ || delta_->is_full()) {
      delta_ = new_delta(parts, std::span(rows).subspan(inserted));
      parts.emplace_back(delta_);
    }
    delta_->insert(key, *vector);
    part_of_delta()->visible = delta_->count();
    ++inserted;
  }
}

// With room for `rows` at least. Coded against the mean of the largest generation, which says most
// about what comes, or of the rows, when these are more.
std::shared_ptr<Delta> Index::new_delta(const std::vector<Part>& parts,
                                        std::span<const float* const> rows) const {
  Space space = space_of(schema_.metric, schema_.dimensions, rows);
  std::size_t largest = rows.size();
  for (const Part& part : parts) {
    const Space& known = store_of(part).space();
    space.largest_norm = std::max(space.largest_norm, known.largest_norm);
    if (part.visible <= largest) continue;
    largest = part.visible;
    space.mean = known.mean;
  }
  const auto wanted = static_cast<NodeId>(rows.size());
  return std::make_shared<Delta>(std::move(space), std::max(most_in_memory_, wanted));
}

Result<SearchAnswer> Index::search(std::span<const float> query,
                                   std::size_t limit,
                                   SearchWidth width) const {
  const auto values = prepared(query);
  if (!values) return std::unexpected(values.error());
  const auto seen = snapshot();
  return search_parts(*seen, {}, *values, limit, width);
}

Result<SearchAnswer> Index::search(std::span<const float> query,
                                   std::size_t limit,
                                   const Selection& among,
                                   SearchWidth width) const {
  const auto values = prepared(query);
  if (!values) return std::unexpected(values.error());
  return search_parts(*among.seen_, among.allowed_, *values, limit, width);
}

SearchAnswer Index::search_parts(const Snapshot& seen,
                                 std::span<const NodeSet> allowed,
                                 std::span<const float> query,
                                 std::size_t limit,
                                 SearchWidth width) const {
  TopK best(limit);
  std::uint64_t all = 0;
  for (const Part& part : seen.parts) all += part.visible;
  for (std::size_t i = 0; i < seen.parts.size(); ++i) {
    const SearchTarget target = target_of(seen.parts[i], allowed.empty() ? nullptr : &allowed[i]);
    search_store(target, query, limit, width.of_share(target.visible, all), best);
  }
  return {.hits = best.take(), .trust = seen.trust()};
}

Result<std::vector<std::optional<float>>> Index::scores(std::span<const float> query,
                                                        std::span<const Key> keys) const {
  const auto values = prepared(query);
  if (!values) return std::unexpected(values.error());
  std::vector<std::optional<float>> scores(keys.size());
  std::vector<NodeId> nodes;
  std::vector<std::size_t> places;  // of the nodes' keys
  std::vector<float> of_nodes;
  const auto seen = snapshot();
  for (const Part& part : seen->parts) {
    nodes.clear();
    places.clear();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto node = part.find(keys[i]);
      if (!node) continue;
      nodes.push_back(*node);
      places.push_back(i);
    }
    if (nodes.empty()) continue;
    of_nodes.resize(nodes.size());
    score_nodes(target_of(part, nullptr), *values, nodes, of_nodes);
    for (std::size_t i = 0; i < nodes.size(); ++i) scores[places[i]] = of_nodes[i];
  }
  return scores;
}

Result<SearchAnswer> Index::search_range(std::span<const float> query,
                                         float least,
                                         SearchWidth width) const {
  const auto values = prepared(query);
  if (!values) return std::unexpected(values.error());
  const auto seen = snapshot();
  SearchAnswer answer;
  for (const Part& part : seen->parts) {
    vector::search_range(target_of(part, nullptr), *values, least, width, answer.hits);
  }
  std::ranges::sort(answer.hits, is_better);
  answer.trust = seen->trust();
  return answer;
}

Selection Index::select(const std::function<bool(Key)>& allows) const {
  Selection selection;
  selection.seen_ = snapshot();
  for (const Part& part : selection.seen_->parts) {
    NodeSet allowed(part.visible);
    for (NodeId node = 0; node < part.visible; ++node) {
      if (!part.tombstones->contains(node) && allows(part.contents->key(node)))
        allowed.insert(node);
    }
    selection.allowed_.push_back(std::move(allowed));
  }
  return selection;
}

std::uint64_t Selection::count() const {
  std::uint64_t sum = 0;
  for (const NodeSet& each : allowed_) sum += each.count();
  return sum;
}

}  // namespace hearth::search::vector
