#include "search/vector/index_format.hpp"

#include <algorithm>
#include <utility>

#include "search/vector/segment.hpp"
#include "search/vector/segment_writer.hpp"
#include "search/vector/snapshot.hpp"

namespace hearth::search::vector {
namespace {

// What building a graph takes for each vector: its block, where it is, and its key twice.
std::uint64_t building_bytes(const Schema& schema, const IndexOptions& options) {
  return layout_for(schema.dimensions, 8, options.build.graph.degree).stride() +
         sizeof(const float*) + 2 * sizeof(Key);
}

// What is live in parts.
struct Rows {
  std::vector<const float*> vectors;  // where they are: in memory or in mapped files
  std::vector<Key> keys;

  // Gives the nodes that it added.
  std::vector<NodeId> add(const Part& part) {
    const VectorStore& store = store_of(part);
    std::vector<NodeId> added;
    for (NodeId node = 0; node < part.visible; ++node) {
      if (part.tombstones->contains(node)) continue;
      vectors.push_back(store.vector(node));
      keys.push_back(store.key(node));
      added.push_back(node);
    }
    return added;
  }
};

// The largest part that has a graph, if not too much of it is gone to be patched.
const Part* graph_to_keep(std::span<const Part> parts) {
  const Part* largest = nullptr;
  for (const Part& part : parts) {
    if (!store_of(part).has_graph() || part.tombstones->count() > part.visible / 4) continue;
    if (largest == nullptr || part.live() > largest->live()) largest = &part;
  }
  return largest == nullptr || largest->live() == 0 ? nullptr : largest;
}

// The neighbours of a node by their new numbers; for one that is gone, its own neighbours.
void add_neighbours(const GraphView& graph,
                    NodeId node,
                    std::span<const NodeId> new_number,
                    std::vector<NodeId>& to) {
  for_each_neighbour(graph, node, [&](NodeId neighbour) {
    if (new_number[neighbour] != no_node) {
      to.push_back(new_number[neighbour]);
      return;
    }
    for_each_neighbour(graph, neighbour, [&](NodeId behind) {
      if (behind != node && new_number[behind] != no_node) to.push_back(new_number[behind]);
    });
  });
}

class Format final : public IndexFormat {
 public:
  Format(const Schema& schema, const IndexOptions& options)
      : schema_(schema), options_(options), policy_(options.on_disk) {
    policy_.largest =
        std::min(policy_.largest, options.merge_bytes / building_bytes(schema, options));
  }

  FileKind kind() const override { return segment_kind; }
  Result<std::shared_ptr<const Contents>> open(
      std::shared_ptr<const Generation> file) const override {
    auto segment = Segment::open(std::move(file));
    if (!segment) return std::unexpected(std::move(segment.error()));
    const Space& space = (*segment)->space();
    if (space.metric != schema_.metric || space.mean.size() != schema_.dimensions) {
      return fail(Errc::damaged, "a generation of other vectors than the manifest says",
                  {"rebuild the index"});
    }
    return std::move(*segment);
  }

  Result<void> write(std::span<const Part> parts,
                     GenerationWriter& writer,
                     const std::stop_token& stop) const override {
    Rows rows;
    const Part* known = graph_to_keep(parts);
    std::vector<NodeId> old_number;  // of the first rows, in `known`
    if (known != nullptr) old_number = rows.add(*known);
    for (const Part& part : parts) {
      if (&part != known) (void)rows.add(part);
    }
    KnownGraph known_graph;
    std::vector<NodeId> new_number;  // by the number in `known`; no_node for what is gone
    if (known != nullptr) {
      new_number.assign(known->visible, no_node);
      for (std::size_t i = 0; i < old_number.size(); ++i) {
        new_number[old_number[i]] = static_cast<NodeId>(i);
      }
      known_graph = {static_cast<NodeId>(old_number.size()),
                     [&, graph = store_of(*known).graph()](NodeId node, std::vector<NodeId>& to) {
                       add_neighbours(graph, old_number[node], new_number, to);
                     }};
    }
    const auto graph = build_graph(space_of(schema_.metric, schema_.dimensions, rows.vectors),
                                   rows.vectors, options_.build, stop, known_graph);
    if (!graph) return std::unexpected(graph.error());
    return write_segment(**graph, rows.keys, options_.code_bits, writer, stop);
  }

  // Everything in memory when there is enough of it, or what the policy says of the rest. With what
  // is in memory goes what is on disk and of the smallest tier: there is one such generation at
  // most, then, and a vector is in it a few times before it gets to one that stays.
  std::vector<std::size_t> choose(const Snapshot& now) const override {
    std::vector<std::size_t> new_and_small;
    std::uint64_t in_memory = 0;
    std::vector<std::size_t> on_disk;
    std::vector<GenerationSize> sizes;
    for (std::size_t i = 0; i < now.parts.size(); ++i) {
      const Part& part = now.parts[i];
      const bool is_small = part.live() < policy_.smallest_tier;
      if (part.is_in_memory() || is_small) new_and_small.push_back(i);
      if (part.is_in_memory()) {
        in_memory += part.visible;
      } else {
        on_disk.push_back(i);
        sizes.push_back({part.visible, part.tombstones->count()});
      }
    }
    if (in_memory >= options_.most_in_memory) return new_and_small;
    std::vector<std::size_t> chosen;
    for (const std::size_t each : policy_.pick(sizes)) chosen.push_back(on_disk[each]);
    return chosen;
  }

 private:
  const Schema schema_;
  const IndexOptions options_;
  MergePolicy policy_;
};

}  // namespace

std::unique_ptr<const IndexFormat> make_format(const Schema& schema, const IndexOptions& options) {
  return std::make_unique<Format>(schema, options);
}

}  // namespace hearth::search::vector
