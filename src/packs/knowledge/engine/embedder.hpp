// From text to a vector that says what it is about.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::knowledge {

// A space of vectors. Those of different models are never compared.
struct EmbeddingModel {
  std::string name;  // "builtin-1", "openai:nomic-embed-text"
  std::uint32_t dimensions = 0;
  // The cosine of two texts that have nothing to do with each other: its mean and its standard
  // deviation. What lies well above is similar.
  float unrelated_mean = 0;
  float unrelated_deviation = 0;
  friend bool operator==(const EmbeddingModel&, const EmbeddingModel&) = default;
};

enum class VectorSource : std::uint8_t {
  immediate,  // embed() never fails and takes under a millisecond a text: none is stored
  server,     // made in the background, and stored
  caller,     // they come with the calls; embed() is `unsupported`
};

enum class Purpose : std::uint8_t { document, query };  // some models tell them apart

// What of an entry is embedded: its title and the first 8 KiB of its text.
[[nodiscard]] std::string embedded_text(std::string_view title, std::string_view text);

// Thread-safe.
class Embedder {
 public:
  virtual ~Embedder() = default;
  // `unavailable` while it is not known yet: a server tells its dimensions with its first answer.
  [[nodiscard]] virtual Result<EmbeddingModel> model() const = 0;
  // What model() of a store's vectors was in an earlier life: stands until it is contradicted, if
  // it is of the same model.
  virtual void remember(const EmbeddingModel& /*model*/) {}
  [[nodiscard]] virtual VectorSource source() const = 0;
  // One vector of length 1 a text, one after another: texts.size() × dimensions floats. Blocks;
  // `cancelled` when stopped, `unavailable` when the model cannot be asked now, with the reason.
  [[nodiscard]] virtual Result<std::vector<float>> embed(std::span<const std::string_view> texts,
                                                         Purpose purpose,
                                                         const std::stop_token& stop) = 0;
};

}  // namespace hearth::packs::knowledge
