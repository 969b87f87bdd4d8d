#include "search/text/segment_writer.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace hearth::search::text {
namespace {

constexpr std::size_t terms_between_stops = 1024;

void begin(GenerationWriter& writer, SectionId id) {
  writer.begin_section(static_cast<std::uint32_t>(id));
}

template <typename T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

void write_documents(const DocumentTable& documents, GenerationWriter& writer) {
  begin(writer, SectionId::keys);
  writer.append(bytes_of(documents.keys));
  std::vector<std::uint32_t> order(documents.keys.size());
  std::iota(order.begin(), order.end(), 0U);
  // Keys that only grow, as row numbers do, are in order already.
  if (!std::ranges::is_sorted(documents.keys)) {
    std::ranges::sort(order, {},
                      [&](std::uint32_t each) { return std::pair(documents.keys[each], each); });
  }
  begin(writer, SectionId::key_order);
  writer.append(bytes_of(order));
  begin(writer, SectionId::lengths);
  writer.append(bytes_of(documents.lengths));
}

// Stops where it was told to, or where the disk is full.
bool must_stop(std::size_t term, const GenerationWriter& writer, const std::stop_token& stop) {
  return term % terms_between_stops == 0 && (stop.stop_requested() || writer.has_failed());
}

struct PostingsSize {
  std::uint64_t bytes = 0;
  std::uint32_t documents = 0;
};

}  // namespace

Result<void> write_segment(TermSource& source,
                           const DocumentTable& documents,
                           GenerationWriter& writer,
                           const std::stop_token& stop) {
  write_documents(documents, writer);

  begin(writer, SectionId::postings);
  std::vector<PostingsSize> sizes;
  std::string list;
  PostingsEncoder postings(documents.lengths);
  for (source.rewind(); source.next();) {
    if (must_stop(sizes.size(), writer, stop)) break;
    source.add_postings(postings);
    const std::uint32_t count = postings.count();
    list.clear();
    if (count != 0) postings.finish(list);
    writer.append(list);
    sizes.push_back({list.size(), count});
  }

  begin(writer, SectionId::positions);
  DictionaryEncoder dictionary;
  PositionsEncoder positions;
  std::size_t term = 0;
  for (source.rewind(); term < sizes.size() && source.next(); ++term) {
    if (must_stop(term, writer, stop)) break;
    if (sizes[term].documents == 0) continue;
    source.add_positions(positions);
    list.clear();
    positions.finish(list);
    writer.append(list);
    dictionary.add(source.term(), sizes[term].documents, sizes[term].bytes, list.size());
    if (dictionary.terms().size() > UINT32_MAX) {
      return fail(Errc::unsupported, "a dictionary of more than 4 GB");
    }
  }
  if (stop.stop_requested()) return fail(Errc::cancelled, "write a text index: stopped");

  begin(writer, SectionId::terms);
  writer.append(dictionary.terms());
  begin(writer, SectionId::term_starts);
  writer.append(dictionary.starts());
  begin(writer, SectionId::summary);
  SegmentSummary summary{};
  summary.documents = static_cast<std::uint32_t>(documents.keys.size());
  summary.terms = dictionary.count();
  summary.length =
      std::accumulate(documents.lengths.begin(), documents.lengths.end(), std::uint64_t{0});
  writer.append({reinterpret_cast<const char*>(&summary), sizeof summary});
  return {};
}

}  // namespace hearth::search::text
