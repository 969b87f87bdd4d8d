#include "packs/knowledge/engine/text_leg.hpp"

#include <array>
#include <utility>

#include "base/log.hpp"

namespace hearth::packs::knowledge {
namespace {

using search::text::Index;

// Of title, tags and text. Other weights make another index.
search::text::Schema schema() {
  return {.weights = {4, 3, 1}, .stemming = stemming};
}

}  // namespace

std::string kind_facet(std::string_view kind) {
  return "kind:" + std::string(kind);
}

std::string tag_facet(std::string_view tag) {
  return "tag:" + std::string(tag);
}

std::string memory_facet(std::string_view memory) {
  return "memory:" + std::string(memory);
}

Result<std::unique_ptr<TextLeg>> TextLeg::open(store::Env& env, const std::string& directory) {
  std::unique_ptr<TextLeg> leg(new TextLeg(env, directory));
  auto opened = Index::open(env, directory, schema());
  if (!opened) {
    log::warning("the text index is made again", {log::kv("why", opened.error().message)});
    opened = Index::recreate(env, directory, schema());
  }
  if (!opened) return std::unexpected(std::move(opened.error()).within("open the text index"));
  *leg->index_.lock() = std::move(*opened);
  return leg;
}

Result<void> TextLeg::put_into(Index& index, const IndexedEntry& entry) {
  std::string tags;
  std::vector<std::string> facets{kind_facet(entry.kind)};
  if (entry.memory) facets.push_back(memory_facet(*entry.memory));
  for (const std::string& tag : entry.tags) {
    tags.append(tags.empty() ? "" : "\n").append(tag);
    facets.push_back(tag_facet(tag));
  }
  const std::array<std::string_view, 3> fields{entry.title, tags, entry.text};
  const std::vector<std::string_view> facet_views(facets.begin(), facets.end());
  return index.put(
      {.key = static_cast<search::Key>(entry.n), .fields = fields, .facets = facet_views});
}

Result<void> TextLeg::put(const IndexedEntry& entry) {
  return put_into(*now(), entry);
}

void TextLeg::erase(std::int64_t n) {
  now()->erase(static_cast<search::Key>(n));
}

Result<void> TextLeg::commit(std::uint64_t sequence) {
  return now()->commit(sequence);
}

Result<void> TextLeg::restart(std::span<const IndexedEntry> entries) {
  auto made = Index::recreate(env_, directory_, schema());
  if (!made) return std::unexpected(std::move(made.error()).within("make the text index again"));
  for (const IndexedEntry& entry : entries) {
    if (auto done = put_into(**made, entry); !done) return done;
  }
  if (auto done = (*made)->commit(0); !done) return done;
  *index_.lock() = std::move(*made);
  return {};
}

LegStatus TextLeg::status() const {
  const search::text::IndexStatus status = now()->status();
  return {.entries = status.documents,
          .visible = status.sequence,
          .covered = status.covered,
          .bytes_on_disk = status.bytes_on_disk,
          .bytes_in_memory = status.bytes_in_memory,
          .is_damaged = status.trust == search::Trust::damaged};
}

Result<bool> TextLeg::maintain(const std::stop_token& stop) {
  return now()->maintain(stop);
}

Result<void> TextLeg::flush(const std::stop_token& stop) {
  return now()->flush(stop);
}

Result<void> TextLeg::verify(const std::stop_token& stop) {
  return now()->verify(stop);
}

}  // namespace hearth::packs::knowledge
