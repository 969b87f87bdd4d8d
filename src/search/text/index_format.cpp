#include "search/text/index_format.hpp"

#include <utility>
#include <vector>

#include "search/text/segment_merge.hpp"

namespace hearth::search::text {
namespace {

std::vector<MergeInput> inputs_of(std::span<const Part> parts) {
  std::vector<MergeInput> inputs;
  for (const Part& part : parts) {
    inputs.push_back({std::static_pointer_cast<const Segment>(part.contents), part.tombstones});
  }
  return inputs;
}

class Format final : public IndexFormat {
 public:
  explicit Format(const IndexOptions& options) : options_(options) {}

  FileKind kind() const override { return segment_kind; }
  Result<std::shared_ptr<const Contents>> open(
      std::shared_ptr<const Generation> file) const override {
    return Segment::open(std::move(file));
  }
  Result<void> write(std::span<const Part> parts,
                     GenerationWriter& writer,
                     const std::stop_token& stop) const override {
    return merge_segments(inputs_of(parts), writer, stop);
  }

  // Everything in memory when there is enough of it, or what the policy says of the rest.
  std::vector<std::size_t> choose(const Snapshot& now) const override {
    std::vector<std::size_t> in_memory;
    std::uint64_t bytes = 0;
    std::vector<std::size_t> on_disk;
    std::vector<GenerationSize> sizes;
    for (std::size_t i = 0; i < now.parts.size(); ++i) {
      const Part& part = now.parts[i];
      if (part.is_in_memory()) {
        in_memory.push_back(i);
        bytes += part.contents->bytes();
      } else {
        on_disk.push_back(i);
        sizes.push_back({part.visible, part.tombstones->count()});
      }
    }
    if (!in_memory.empty() && bytes >= options_.memory_bytes) return in_memory;
    std::vector<std::size_t> chosen;
    for (const std::size_t each : options_.on_disk.pick(sizes)) chosen.push_back(on_disk[each]);
    return chosen;
  }

 private:
  const IndexOptions options_;
};

}  // namespace

std::unique_ptr<const IndexFormat> make_format(const IndexOptions& options) {
  return std::make_unique<Format>(options);
}

Result<Part> merge_in_memory(std::span<const Part> parts) {
  auto merged = merge_in_memory(inputs_of(parts), 0);
  if (!merged) return std::unexpected(std::move(merged.error()));
  return Part(std::move(*merged));
}

}  // namespace hearth::search::text
