#include "search/text/index.hpp"

#include <algorithm>
#include <utility>

#include "search/text/index_format.hpp"

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

Result<void> merge_small(std::vector<Part>& parts, const HeldContents& held) {
  for (;;) {
    std::vector<std::size_t> candidates;
    std::vector<GenerationSize> sizes;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].is_in_memory() || parts[i].live() > quickly_merged) continue;
      if (std::ranges::count(held, parts[i].contents.get()) != 0) continue;
      candidates.push_back(i);
      sizes.push_back({parts[i].visible, parts[i].tombstones->count()});
    }
    const std::vector<std::size_t> picked = in_memory.pick(sizes);
    if (picked.empty()) return {};
    std::vector<Part> small;
    for (const std::size_t each : picked) small.push_back(parts[candidates[each]]);
    auto merged = merge_in_memory(small);
    if (!merged) return std::unexpected(std::move(merged.error()));
    std::erase_if(parts, [&](const Part& part) {
      return std::ranges::find(small, part.contents, &Part::contents) != small.end();
    });
    parts.push_back(std::move(*merged));
  }
}

}  // namespace

Index::Index(std::unique_ptr<IndexDirectory> directory, Schema schema, const IndexOptions& options)
    : schema_(std::move(schema)),
      writing_(schema_),
      generations_(std::move(directory), make_format(options)) {}

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

Result<SearchAnswer> Index::search(const Query& query,
                                   const Filter& filter,
                                   std::size_t limit,
                                   std::size_t offset,
                                   const std::stop_token& stop) const {
  const auto seen = snapshot();
  return text::search(*seen, query, filter, limit, offset, stop);
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
  if (done) {
    std::vector<Key> changed;
    for (const auto& [key, change] : writing_.changes) changed.push_back(key);
    done = generations_.commit(sequence, changed,
                               [this](std::vector<Part>& parts, const HeldContents& held) {
                                 return add_segments(parts, held);
                               });
  }
  writing_.segments.clear();
  writing_.replaced.clear();
  writing_.changes.clear();
  return done;
}

Result<void> Index::add_segments(std::vector<Part>& parts, const HeldContents& held) const {
  for (std::size_t i = 0; i < writing_.segments.size(); ++i) {
    Part part(writing_.segments[i]);
    if (i < writing_.replaced.size()) part.bury(writing_.replaced[i]);
    if (part.live() != 0) parts.push_back(std::move(part));
  }
  return merge_small(parts, held);
}

}  // namespace hearth::search::text
