// Which embedder [knowledge.embedder] asks for, and making it. docs/embedders.md says how to use
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pack/pack.hpp"
#include "packs/knowledge/engine/embedder.hpp"
#include "packs/knowledge/openai_embedder.hpp"

namespace hearth::packs::knowledge {

enum class EmbedderKind : std::uint8_t { none, builtin, openai, supplied };

struct EmbedderSettings {
  EmbedderKind kind = EmbedderKind::builtin;
  // Of kind openai everything; of kind supplied `model` and `dimensions`, of the vectors that
  // callers bring along.
  OpenAiSettings openai;
};

// The settings below "embedder.", for Pack::settings().
[[nodiscard]] std::vector<pack::Setting> embedder_settings();

// Reads them through `setting`, which is PackContext::setting. The values fit, each by itself, as
// the configuration was loaded; `invalid_args` for what is missing or does not go together.
[[nodiscard]] Result<EmbedderSettings> read_embedder_settings(
    const std::function<std::optional<std::string>(std::string_view)>& setting);

// Nothing for kind none. `log_path` is where a supervised server's output goes.
[[nodiscard]] std::shared_ptr<Embedder> make_embedder(EmbedderSettings settings,
                                                      const std::string& log_path);

}  // namespace hearth::packs::knowledge
