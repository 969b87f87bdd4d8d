// Opening, changing and searching; index_maintenance.cpp writes and merges.
#include "search/vector/index.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hearth::search::vector {
namespace {

std::string print(const Schema& schema) {
  return "vectors " + std::to_string(schema.dimensions) + " " + std::string(name_of(schema.metric));
}

}  // namespace

Index::Index(std::unique_ptr<IndexDirectory> directory, Schema schema, IndexOptions options)
    : schema_(schema), options_(std::move(options)), directory_(std::move(directory)) {
  load_generations();
}

Result<std::unique_ptr<Index>> Index::open(store::Env& env,
                                           std::string directory,
                                           Schema schema,
                                           IndexOptions options) {
  auto opened = IndexDirectory::open(env, std::move(directory), print(schema));
  if (!opened) return std::unexpected(std::move(opened.error()));
  return std::unique_ptr<Index>(new Index(std::move(*opened), schema, std::move(options)));
}

Result<std::unique_ptr<Index>> Index::recreate(store::Env& env,
                                               std::string directory,
                                               Schema schema,
                                               IndexOptions options) {
  auto made = IndexDirectory::recreate(env, std::move(directory), print(schema));
  if (!made) return std::unexpected(std::move(made.error()));
  return std::unique_ptr<Index>(new Index(std::move(*made), schema, std::move(options)));
}

void Index::load_generations() {
  auto loaded = std::make_shared<Snapshot>();
  loaded->sequence = directory_->manifest().sequence;
  for (const Manifest::Entry& entry : directory_->manifest().entries) {
    auto part = load_part(entry);
    if (part) {
      loaded->parts.push_back(std::move(*part));
    } else {
      loaded->is_degraded = true;
    }
  }
  covered_ = loaded->sequence;
  publish(std::move(loaded));
}

Result<Part> Index::load_part(const Manifest::Entry& entry) const {
  store::Env& env = directory_->env();
  auto file =
      Generation::open(env, directory_->path_of(entry.generation, generation_suffix), segment_kind);
  if (!file) return std::unexpected(std::move(file.error()));
  auto segment = Segment::open(std::move(*file));
  if (!segment) return std::unexpected(std::move(segment.error()));
  const Space& space = (*segment)->space();
  if (space.metric != schema_.metric || space.mean.size() != schema_.dimensions) {
    return fail(Errc::damaged, "a generation of other vectors than the manifest says",
                {"rebuild the index"});
  }
  Part part(std::move(*segment));
  part.number = entry.generation;
  if (entry.tombstones == 0) return part;

  auto tombstones_file = Generation::open(
      env, directory_->path_of(entry.tombstones, tombstones_suffix), tombstones_kind);
  if (!tombstones_file) return std::unexpected(std::move(tombstones_file.error()));
  auto tombstones = Tombstones::read(*tombstones_file, part.segment->nodes());
  if (!tombstones) return std::unexpected(std::move(tombstones.error()));
  part.tombstones = std::make_shared<Tombstones>(std::move(*tombstones));
  part.tombstones_number = entry.tombstones;
  part.saved_tombstones = part.tombstones->count();
  part.tombstones_file = std::move(*tombstones_file);
  return part;
}

std::shared_ptr<const Snapshot> Index::snapshot() const {
  return *snapshot_.lock();
}

void Index::publish(std::shared_ptr<const Snapshot> next) {
  // The old one is let go after the lock: it may be the last to hold large generations.
  auto access = snapshot_.lock();
  access->swap(next);
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
  auto next = std::make_shared<Snapshot>(*snapshot());
  bury_changed(next->parts);
  insert_changed(next->parts);
  changes_.clear();
  next->sequence = sequence;
  publish(std::move(next));
}

void Index::bury_changed(std::vector<Part>& parts) const {
  for (Part& part : parts) {
    std::vector<NodeId> gone;
    for (const auto& [key, vector] : changes_) {
      if (const auto older = part.find(key)) gone.push_back(*older);
    }
    part.bury(gone);
  }
  // What has nothing left goes, unless the manifest names it or it is to grow.
  std::erase_if(parts, [this](const Part& part) {
    return part.is_in_memory() && part.delta != delta_ && part.live() == 0;
  });
}

void Index::insert_changed(std::vector<Part>& parts) {
  std::vector<const float*> rows;
  for (const auto& [key, vector] : changes_) {
    if (vector) rows.push_back(vector->data());
  }
  const auto show = [&] {
    if (!delta_) return;
    auto part = std::ranges::find(parts, delta_, &Part::delta);
    if (part == parts.end()) part = parts.insert(parts.end(), Part(delta_));
    part->visible = delta_->nodes();
  };
  std::size_t inserted = 0;
  for (const auto& [key, vector] : changes_) {
    if (!vector) continue;
    if (!delta_ || delta_->is_full()) {
      show();
      delta_ = new_delta(parts, std::span(rows).subspan(inserted));
    }
    delta_->insert(key, *vector);
    ++inserted;
  }
  show();
}

// With room for `rows` at least. Coded against the mean of the largest generation, which says most
// about what comes, or of the rows, when these are more.
std::shared_ptr<Delta> Index::new_delta(const std::vector<Part>& parts,
                                        std::span<const float* const> rows) const {
  Space space = space_of(schema_.metric, schema_.dimensions, rows);
  std::size_t largest = rows.size();
  for (const Part& part : parts) {
    const Space& known = part.store().space();
    space.largest_norm = std::max(space.largest_norm, known.largest_norm);
    if (part.visible <= largest) continue;
    largest = part.visible;
    space.mean = known.mean;
  }
  const auto wanted = static_cast<NodeId>(rows.size());
  return std::make_shared<Delta>(std::move(space), std::max(options_.most_in_memory, wanted));
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
    const SearchTarget target = seen.parts[i].target(allowed.empty() ? nullptr : &allowed[i]);
    search_store(target, query, limit, width.of_share(target.visible, all), best);
  }
  return {.hits = best.take(), .trust = seen.trust()};
}

Result<SearchAnswer> Index::search_range(std::span<const float> query,
                                         float least,
                                         SearchWidth width) const {
  const auto values = prepared(query);
  if (!values) return std::unexpected(values.error());
  const auto seen = snapshot();
  SearchAnswer answer;
  for (const Part& part : seen->parts) {
    vector::search_range(part.target(nullptr), *values, least, width, answer.hits);
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
      if (!part.tombstones->contains(node) && allows(part.store().key(node))) allowed.insert(node);
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

IndexStatus Index::status() const {
  const auto seen = snapshot();
  IndexStatus status;
  status.sequence = seen->sequence;
  status.covered = covered_;
  status.bytes_written = bytes_written_;
  for (const Part& part : seen->parts) {
    status.vectors += part.live();
    status.gone += part.tombstones->count();
    if (part.is_in_memory()) {
      ++status.generations_in_memory;
      status.bytes_in_memory += part.delta->bytes();
    } else {
      ++status.generations_on_disk;
      status.bytes_on_disk += part.segment->generation().size();
    }
    if (part.tombstones_file) status.bytes_on_disk += part.tombstones_file->size();
  }
  status.trust = seen->trust();
  return status;
}

}  // namespace hearth::search::vector
