// The embedder that is always there: no model, no download, no server.
//
// It sees how words are written, not what they mean. Texts are near each other when they share
// words, stems of words, parts of identifiers, neighbouring words or pieces of words, so that it
// bridges inflections, compounds, spellings (parseConfig, parse_config, "config parser") and typos.
// It knows no synonyms: "car" and "automobile" are strangers to it. docs/embedders.md says more.
//
// Each feature is hashed to six signed places of 256 (Weinberger and others, "Feature hashing for
// large scale multitask learning", 2009; sparse signs as in Kane and Nelson, "Sparser
// Johnson-Lindenstrauss transforms", 2014). The cosine of two texts is then that of their feature
// sets, give or take 0.06. Sums are integers and floating point is used only for operations that
// IEEE 754 rounds the same everywhere: equal texts have equal vectors on every machine.
#pragma once

#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "packs/knowledge/engine/embedder.hpp"

namespace hearth::packs::knowledge {

class BuiltinEmbedder final : public Embedder {
 public:
  static constexpr std::uint32_t dimensions = 256;

  // "builtin-1". Another number as soon as any text gets another vector.
  [[nodiscard]] Result<EmbeddingModel> model() const override;
  [[nodiscard]] VectorSource source() const override { return VectorSource::immediate; }
  // Never fails but by `stop`. The first line counts as the title, more than the lines below it. A
  // text without words has a fixed vector, since no vector of length 1 says nothing: see has_words.
  [[nodiscard]] Result<std::vector<float>> embed(std::span<const std::string_view> texts,
                                                 Purpose purpose,
                                                 const std::stop_token& stop) override;

  // Whether the vector of `text` means anything.
  [[nodiscard]] static bool has_words(std::string_view text);
};

}  // namespace hearth::packs::knowledge
