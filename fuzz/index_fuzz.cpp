// A text generation of any bytes: never a crash, never an endless walk, and keys only of documents.
//
// The input is taken three ways: as a whole file, as a manifest, and as the sections of a file,
// whose checksums are made right, so that the readers behind them are reached. For the last, the
// input begins with the sizes of eight sections, two bytes each.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "search/bytes.hpp"
#include "search/manifest.hpp"
#include "search/text/search.hpp"
#include "search/text/segment_merge.hpp"
#include "search/text/snapshot.hpp"

namespace {

using namespace hearth;
using namespace hearth::search;
using namespace hearth::search::text;

constexpr std::uint32_t sections = 8;

void require(bool holds) {
  if (!holds) std::abort();
}

Result<std::shared_ptr<const Generation>> with_sections(std::string_view input) {
  MemoryFile file;
  GenerationWriter writer(file, segment_kind, 16);
  std::string_view sizes = input.substr(0, sections * sizeof(std::uint16_t));
  std::string_view rest = input.substr(sizes.size());
  for (std::uint32_t i = 0; i < sections && sizes.size() >= sizeof(std::uint16_t); ++i) {
    const std::string_view bytes = rest.substr(0, load<std::uint16_t>(sizes.data()));
    writer.begin_section(i + 1);
    writer.append(bytes);
    rest.remove_prefix(bytes.size());
    sizes.remove_prefix(sizeof(std::uint16_t));
  }
  if (auto done = writer.finish(1); !done) return std::unexpected(done.error());
  return Generation::of_bytes(file.take(), segment_kind);
}

void search_all_ways(const std::shared_ptr<const Segment>& segment) {
  Snapshot snapshot;
  snapshot.parts.emplace_back(segment);
  Filter filter;
  for (const char* text :
       {"ba ko", "+ba +ko", "\"ba ko\"", "b* -ka", "bako~2", "+ba (ko mi) -ru", "no"}) {
    const Query query = parse_query(text).query;
    for (const std::size_t limit : {1UL, 10UL}) {
      const auto found = search::text::search(snapshot, query, filter, limit);
      require(found.has_value() && found->hits.size() <= limit);
      for (const Hit& hit : found->hits)
        require(segment->find(hit.key) || segment->documents() > 0);
    }
    require(count(snapshot, query, filter).has_value());
    filter.facets = {{"f1", "f2"}};
  }
}

void merge(const std::shared_ptr<const Segment>& segment) {
  const std::vector<DocId> gone{0, 2};
  Part part(segment);
  part.bury(gone);
  const std::vector<MergeInput> inputs{{segment, part.tombstones}, {segment, part.tombstones}};
  const auto merged = merge_in_memory(inputs, 2);
  if (merged) search_all_ways(*merged);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (auto whole = Generation::of_bytes(std::string(input), segment_kind)) {
    (void)(*whole)->verify({});
    if (auto segment = Segment::open(std::move(*whole))) search_all_ways(*segment);
  }
  if (const auto manifest = parse_manifest(input)) {
    require(parse_manifest(print(*manifest)) == *manifest);
  }
  auto made = with_sections(input);
  if (!made) return 0;
  if (auto segment = Segment::open(std::move(*made))) {
    search_all_ways(*segment);
    merge(*segment);
  }
  return 0;
}
