// The bytes of attachments: a blob each under refs/hearth/attachments/<sha256>, so that they travel
// with the repository. The log itself knows names and digests only.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "packs/issues/engine/git/repository.hpp"

namespace hearth::packs::issues {

inline constexpr const char* attachment_prefix = "refs/hearth/attachments/";
inline constexpr std::size_t most_attachment_bytes = std::size_t{100} << 20;

[[nodiscard]] Result<Sha256> keep_attachment(Repository& repository, std::string_view bytes);
// `not_found` when its bytes are not here (another program may have added the name alone);
// `damaged` when they are not those that were attached.
[[nodiscard]] Result<std::string> read_attachment(const Repository& repository,
                                                  const Sha256& digest);

}  // namespace hearth::packs::issues
