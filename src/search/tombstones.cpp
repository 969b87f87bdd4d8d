#include "search/tombstones.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "search/bytes.hpp"

namespace hearth::search {
namespace {

constexpr std::uint32_t count_section = 1;
constexpr std::uint32_t bits_section = 2;

struct Counts {
  std::uint32_t documents;
  std::uint32_t gone;
  std::uint64_t weight;
};

}  // namespace

Tombstones::Tombstones(std::uint32_t documents)
    : documents_(documents), pages_((std::size_t{documents} + bits_of_page - 1) / bits_of_page) {}

Result<Tombstones> Tombstones::read(const std::shared_ptr<const Generation>& file,
                                    std::uint32_t documents) {
  const std::string_view counts = file->section(count_section);
  const std::string_view bits = file->section(bits_section);
  Tombstones read(documents);
  if (counts.size() != sizeof(Counts) || load<Counts>(counts).documents != documents ||
      bits.size() != read.pages_.size() * sizeof(Page) ||
      reinterpret_cast<std::uintptr_t>(bits.data()) % alignof(Page) != 0) {
    file->report_damage();
    return fail(Errc::damaged, "tombstones that do not fit their generation",
                {"rebuild the index"});
  }
  read.count_ = std::min(load<Counts>(counts).gone, documents);
  read.weight_ = load<Counts>(counts).weight;
  for (std::size_t i = 0; i < read.pages_.size(); ++i) {
    // The page keeps its file mapped.
    read.pages_[i] = std::shared_ptr<const Page>(
        file, reinterpret_cast<const Page*>(bits.data() + i * sizeof(Page)));
  }
  return read;
}

Tombstones Tombstones::with(std::span<const std::uint32_t> documents,
                            const std::function<std::uint64_t(std::uint32_t)>& weight_of) const {
  Tombstones next = *this;
  std::vector<std::shared_ptr<Page>> own(pages_.size());
  for (const std::uint32_t document : documents) {
    if (document >= documents_ || next.contains(document)) continue;
    const std::size_t page = document / bits_of_page;
    if (!own[page]) {
      own[page] = pages_[page] ? std::make_shared<Page>(*pages_[page]) : std::make_shared<Page>();
      next.pages_[page] = own[page];
    }
    (*own[page])[document % bits_of_page / 64] |= std::uint64_t{1} << (document % 64);
    ++next.count_;
    if (weight_of) next.weight_ += weight_of(document);
  }
  return next;
}

void Tombstones::write(GenerationWriter& writer) const {
  writer.begin_section(count_section);
  std::string counts;
  append_fixed(counts, Counts{documents_, count_, weight_});
  writer.append(counts);
  writer.begin_section(bits_section);
  static constexpr Page no_bits{};
  for (const auto& page : pages_) {
    const Page& bits = page ? *page : no_bits;
    writer.append({reinterpret_cast<const char*>(bits.data()), sizeof bits});
  }
}

std::vector<std::uint32_t> Tombstones::added_since(const Tombstones& before) const {
  std::vector<std::uint32_t> added;
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    if (!pages_[page] || pages_[page] == before.pages_[page]) continue;
    for (std::size_t word = 0; word < words_of_page; ++word) {
      std::uint64_t bits = (*pages_[page])[word];
      if (before.pages_[page]) bits &= ~(*before.pages_[page])[word];
      for (; bits != 0; bits &= bits - 1) {
        const std::size_t document =
            page * bits_of_page + word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        if (document < documents_) added.push_back(static_cast<std::uint32_t>(document));
      }
    }
  }
  return added;
}

}  // namespace hearth::search
