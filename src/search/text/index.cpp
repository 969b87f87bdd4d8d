// Opening, searching and changing; index_maintenance.cpp writes and merges.
#include "search/text/index.hpp"

#include <algorithm>
#include <utility>

#include "search/text/segment_merge.hpp"

namespace hearth::search::text {
namespace {

// A batch becomes a generation each time it has so many occurrences: 12 MB while it is sorted.
constexpr std::size_t most_occurrences = 512 * 1024;
// Generations in memory are merged by `commit` as long as that is quick; larger ones are written.
constexpr std::uint64_t quickly_merged = 512;
constexpr MergePolicy in_memory{.fan_in = 8, .smallest_tier = 16, .most_gone = 0.5};

std::string print(const Schema& schema) {
  std::string text = "text analyzer " + std::to_string(analyzer_version) + " weights";
  for (const std::uint16_t weight : schema.weights) text += " " + std::to_string(weight);
  if (schema.stemming == Stemming::english) text += " stemming english";
  return text;
}

}  // namespace

Index::Index(std::unique_ptr<IndexDirectory> directory, Schema schema, IndexOptions options)
    : schema_(std::move(schema)),
      options_(options),
      directory_(std::move(directory)),
      writing_(schema_) {
  load_generations();
}

Result<std::unique_ptr<Index>> Index::open(store::Env& env,
                                           std::string directory,
                                           Schema schema,
                                           IndexOptions options) {
  auto opened = IndexDirectory::open(env, std::move(directory), print(schema));
  if (!opened) return std::unexpected(std::move(opened.error()));
  return std::unique_ptr<Index>(new Index(std::move(*opened), std::move(schema), options));
}

Result<std::unique_ptr<Index>> Index::recreate(store::Env& env,
                                               std::string directory,
                                               Schema schema,
                                               IndexOptions options) {
  auto made = IndexDirectory::recreate(env, std::move(directory), print(schema));
  if (!made) return std::unexpected(std::move(made.error()));
  return std::unique_ptr<Index>(new Index(std::move(*made), std::move(schema), options));
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
  Part part(std::move(*segment));
  part.number = entry.generation;
  if (entry.tombstones == 0) return part;

  auto tombstones_file = Generation::open(
      env, directory_->path_of(entry.tombstones, tombstones_suffix), tombstones_kind);
  if (!tombstones_file) return std::unexpected(std::move(tombstones_file.error()));
  auto tombstones = Tombstones::read(*tombstones_file, part.segment->documents());
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

Result<SearchAnswer> Index::search(const Query& query,
                                   const Filter& filter,
                                   std::size_t limit,
                                   std::size_t offset,
                                   const std::stop_token& stop) const {
  const auto seen = snapshot();
  return text::search(*seen, query, filter, limit, offset, stop);
}

std::uint64_t Index::covered() const {
  return covered_;
}

Result<void> Index::put(const Document& document) {
  const std::lock_guard lock(writing_mutex_);
  forget_older(document.key);
  writing_.replaced.resize(writing_.segments.size() + 1);
  Change& change = writing_.changes[document.key];
  change.segment = writing_.segments.size();
  change.document = writing_.builder.add(document);
  if (writing_.builder.occurrences() < most_occurrences) return {};
  return end_segment();
}

void Index::erase(Key key) {
  const std::lock_guard lock(writing_mutex_);
  forget_older(key);
  writing_.changes[key] = {};
}

// A version of this same commit is replaced before anybody saw it.
void Index::forget_older(Key key) {
  const auto older = writing_.changes.find(key);
  if (older == writing_.changes.end() || older->second.document == no_document) return;
  writing_.replaced[older->second.segment].push_back(older->second.document);
}

Result<void> Index::end_segment() {
  if (writing_.builder.documents() == 0) return {};
  auto segment = writing_.builder.finish(0);
  if (!segment) return std::unexpected(std::move(segment.error()));
  writing_.segments.push_back(std::move(*segment));
  return {};
}

Result<void> Index::commit(std::uint64_t sequence) {
  const std::lock_guard lock(writing_mutex_);
  auto done = end_segment();
  const auto before = snapshot();
  auto next = std::make_shared<Snapshot>(*before);
  if (done) {
    next->parts = parts_after(*before);
    next->sequence = sequence;
    done = merge_small(next->parts);
  }
  writing_.segments.clear();
  writing_.replaced.clear();
  writing_.changes.clear();
  if (!done) return done;
  publish(std::move(next));
  return {};
}

std::vector<Part> Index::parts_after(const Snapshot& before) const {
  std::vector<Part> parts = before.parts;
  std::vector<std::vector<DocId>> gone(parts.size());
  for (const auto& [key, change] : writing_.changes) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto older = parts[i].segment->find(key);
      if (older && !parts[i].tombstones->contains(*older)) gone[i].push_back(*older);
    }
  }
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].bury(gone[i]);
  // What has no document left goes, unless the manifest names it, or soon will.
  std::erase_if(parts, [&](const Part& part) {
    return part.is_in_memory() && part.live() == 0 &&
           std::ranges::count(being_written_, part.segment.get()) == 0;
  });
  for (std::size_t i = 0; i < writing_.segments.size(); ++i) {
    Part part(writing_.segments[i]);
    if (i < writing_.replaced.size()) part.bury(writing_.replaced[i]);
    if (part.live() != 0) parts.push_back(std::move(part));
  }
  return parts;
}

Result<void> Index::merge_small(std::vector<Part>& parts) const {
  for (;;) {
    std::vector<std::size_t> candidates;
    std::vector<GenerationSize> sizes;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Segment* segment = parts[i].segment.get();
      if (!parts[i].is_in_memory() || parts[i].live() > quickly_merged) continue;
      if (std::ranges::count(being_written_, segment) != 0) continue;
      candidates.push_back(i);
      sizes.push_back({segment->documents(), parts[i].tombstones->count()});
    }
    const std::vector<std::size_t> picked = in_memory.pick(sizes);
    if (picked.empty()) return {};
    std::vector<MergeInput> inputs;
    std::vector<Part> kept;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool is_picked =
          std::ranges::any_of(picked, [&](std::size_t each) { return candidates[each] == i; });
      if (is_picked) {
        inputs.push_back({parts[i].segment, parts[i].tombstones});
      } else {
        kept.push_back(std::move(parts[i]));
      }
    }
    auto merged = merge_in_memory(inputs, 0);
    if (!merged) return std::unexpected(std::move(merged.error()));
    kept.emplace_back(std::move(*merged));
    parts = std::move(kept);
  }
}

IndexStatus Index::status() const {
  const auto seen = snapshot();
  IndexStatus status;
  status.sequence = seen->sequence;
  status.covered = covered_;
  status.bytes_written = bytes_written_;
  for (const Part& part : seen->parts) {
    const std::uint64_t bytes = part.segment->generation().size();
    status.documents += part.live();
    status.gone += part.tombstones->count();
    (part.is_in_memory() ? status.generations_in_memory : status.generations_on_disk) += 1;
    (part.is_in_memory() ? status.bytes_in_memory : status.bytes_on_disk) += bytes;
    if (part.tombstones_file) status.bytes_on_disk += part.tombstones_file->size();
  }
  status.trust = seen->trust();
  return status;
}

}  // namespace hearth::search::text
