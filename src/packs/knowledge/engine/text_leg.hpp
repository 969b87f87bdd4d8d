// The text index of a store: titles, tags and texts, to be searched by words.
#pragma once

#include <memory>
#include <string>

#include "base/guarded.hpp"
#include "packs/knowledge/engine/index_leg.hpp"
#include "search/text/index.hpp"
#include "store/env.hpp"

namespace hearth::packs::knowledge {

// What entries can be filtered by inside the walk: exact strings (search/text/segment_builder.hpp).
[[nodiscard]] std::string kind_facet(std::string_view kind);
[[nodiscard]] std::string tag_facet(std::string_view tag);
[[nodiscard]] std::string memory_facet(std::string_view memory);

// How its words are brought to their stems: queries and snippets need the same.
inline constexpr search::text::Stemming stemming = search::text::Stemming::english;

class TextLeg final : public IndexLeg {
 public:
  // Opens what is in `directory`, making it if it is missing, and starts again with nothing where
  // that cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<TextLeg>> open(store::Env& env,
                                                             const std::string& directory);

  // For searches; shared, since a restart puts another in its place. Any thread.
  [[nodiscard]] std::shared_ptr<const search::text::Index> index() const { return *index_.lock(); }

  [[nodiscard]] std::string_view name() const override { return "text"; }
  [[nodiscard]] bool wants_vectors() const override { return false; }
  [[nodiscard]] std::uint64_t most_uncovered() const override { return 1024; }
  [[nodiscard]] Result<void> put(const IndexedEntry& entry) override;
  void erase(std::int64_t n) override;
  [[nodiscard]] Result<void> commit(std::uint64_t sequence) override;
  [[nodiscard]] Result<void> restart(std::span<const IndexedEntry> entries) override;
  [[nodiscard]] LegStatus status() const override;
  [[nodiscard]] Result<bool> maintain(const std::stop_token& stop) override;
  [[nodiscard]] Result<void> flush(const std::stop_token& stop) override;
  [[nodiscard]] Result<void> verify(const std::stop_token& stop) override;

 private:
  TextLeg(store::Env& env, std::string directory) : env_(env), directory_(std::move(directory)) {}
  [[nodiscard]] std::shared_ptr<search::text::Index> now() const { return *index_.lock(); }
  [[nodiscard]] static Result<void> put_into(search::text::Index& index, const IndexedEntry& entry);

  store::Env& env_;
  const std::string directory_;
  mutable Guarded<std::shared_ptr<search::text::Index>> index_;
};

}  // namespace hearth::packs::knowledge
