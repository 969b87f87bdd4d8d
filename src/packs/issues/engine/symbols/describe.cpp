#include "packs/issues/engine/symbols/describe.hpp"

#include <string>
#include <utility>

#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/symbols/summary.hpp"

namespace hearth::packs::issues {

Result<ContextUpdated> describe_file(std::string_view path,
                                     std::string_view bytes,
                                     const ExtractLimits& limits) {
  const std::optional<Language> language = language_of_path(path);
  if (!language) {
    return fail(Errc::unsupported, std::string(path) + ": no language whose symbols are known");
  }
  auto symbols = extract_symbols(*language, bytes, limits);
  if (!symbols) return std::unexpected(std::move(symbols.error()).within(path));
  std::string summary = summary_of(path, *language, *symbols);
  return ContextUpdated{.path = std::string(path),
                        .language = std::string(language_name(*language)),
                        .symbols = std::move(*symbols),
                        .summary = std::move(summary),
                        .content_hash = sha256(bytes)};
}

}  // namespace hearth::packs::issues
