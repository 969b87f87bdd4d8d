// A generation of vectors whose bytes are anything: opening it is refused, or searching it stays
// inside of it and finds keys that it has.
//
// Checksums would stop every change of a fuzzer at the door, so that the input becomes the contents
// of a sound container: first the summary, then bytes that fill sections of about the sizes that
// the summary asks for, over and over. Damage behind right checksums is what is left to fear: the
// background check of checksums comes after the first answers.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "search/vector/segment.hpp"
#include "search/vector/store_search.hpp"

namespace {

using namespace hearth;
using namespace hearth::search;
using vector::SectionId;

constexpr std::size_t most_bytes = 256 * 1024;

void require(bool holds) {
  if (!holds) std::abort();
}

// Endless bytes from the input.
class Source final {
 public:
  explicit Source(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] char next() {
    if (bytes_.empty()) return '\0';
    const char byte = bytes_[at_];
    at_ = (at_ + 1) % bytes_.size();
    return byte;
  }
  [[nodiscard]] std::string take(std::size_t size) {
    std::string taken(size, '\0');
    for (char& each : taken) each = next();
    return taken;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

// What a summary asks for, or nothing when that is too much to be worth the time.
std::array<std::size_t, 6> sizes_for(const vector::SegmentSummary& summary) {
  const vector::BlockLayout layout{summary.dimensions, summary.code_bits, summary.most_neighbours};
  const std::size_t nodes = summary.nodes;
  if (summary.dimensions > 4096 || summary.most_neighbours > 4096 || nodes > 4096) return {};
  std::array<std::size_t, 6> sizes{summary.dimensions * sizeof(float),
                                   nodes * layout.stride(),
                                   summary.code_bits == 4 ? nodes * layout.padded_dimensions() : 0,
                                   nodes * summary.dimensions * sizeof(float),
                                   nodes * sizeof(vector::Key),
                                   nodes * sizeof(vector::NodeId)};
  for (const std::size_t size : sizes) {
    if (size > most_bytes) return {};
  }
  return sizes;
}

std::string container(std::string_view input) {
  Source source(input);
  const std::string summary_bytes = source.take(sizeof(vector::SegmentSummary));
  vector::SegmentSummary summary{};
  std::memcpy(&summary, summary_bytes.data(), sizeof summary);
  auto sizes = sizes_for(summary);
  // One in eight has a section of another size.
  const auto choice = static_cast<unsigned char>(source.next());
  if (choice % 8 == 7) sizes[choice / 8 % sizes.size()] += choice % 2 == 0 ? 1 : 64;

  MemoryFile file;
  GenerationWriter writer(file, vector::segment_kind, 64);
  writer.begin_section(static_cast<std::uint32_t>(SectionId::summary));
  writer.append(summary_bytes);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    writer.begin_section(static_cast<std::uint32_t>(i) + 2);
    writer.append(source.take(sizes[i]));
  }
  require(writer.finish(1).has_value());
  return file.take();
}

void search_all(const vector::Segment& segment) {
  const std::size_t dimensions = segment.space().mean.size();
  std::vector<float> query(dimensions);
  for (std::size_t i = 0; i < dimensions; ++i) query[i] = std::sin(static_cast<float>(i));
  const vector::NodeId nodes = segment.nodes();
  const Tombstones gone = Tombstones(nodes).with(std::array<std::uint32_t, 2>{0, 3});
  vector::NodeSet even(nodes);
  for (vector::NodeId node = 0; node < nodes; node += 2) even.insert(node);
  const std::array<const vector::NodeSet*, 2> choices{nullptr, &even};
  for (const vector::NodeSet* allowed : choices) {
    const vector::SearchTarget target{
        .store = segment, .visible = nodes, .gone = gone, .allowed = allowed};
    vector::TopK best(10);
    vector::search_store(target, query, 10, {.walk = 20}, best);
    vector::search_store(target, query, 10, {.walk = 4, .is_exact = true}, best);
    std::vector<vector::Hit> hits = best.take();
    vector::search_range(target, query, -1, {.walk = 16}, hits);
    hits.resize(std::min<std::size_t>(hits.size(), 20));
    for (const vector::Hit& hit : hits) {
      bool is_there = false;
      for (vector::NodeId node = 0; node < nodes && !is_there; ++node) {
        is_there = segment.key(node) == hit.key;
      }
      require(is_there);
    }
  }
  // A walk from the entry, whatever the number of nodes.
  vector::Walk walk;
  vector::Query prepared;
  prepared.prepare(segment.space(), segment.graph().blocks.layout(), query.data());
  vector::greedy_search(segment.graph(), prepared, 16, walk);
  vector::filtered_search(segment.graph(), prepared, 16, even, walk);
  for (vector::NodeId node = 0; node < std::min<vector::NodeId>(nodes, 8); ++node) {
    const auto found = segment.find(segment.key(node));
    require(!found || segment.key(*found) == segment.key(node));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const bool is_wrapped : {false, true}) {
    const auto generation = Generation::of_bytes(is_wrapped ? container(input) : std::string(input),
                                                 vector::segment_kind);
    if (!generation) continue;
    const auto segment = vector::Segment::open(*generation);
    if (segment) search_all(**segment);
  }
  return 0;
}
