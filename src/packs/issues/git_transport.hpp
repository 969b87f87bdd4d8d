// A remote that only git itself can reach: SSH, HTTPS, and whatever its settings know.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "packs/issues/engine/transport.hpp"

namespace hearth::packs::issues {

// Runs `git` with the settings and credentials that this process has, but without hooks, pagers and
// prompts. `remote` is a remote's name or a URL, `push_url` what its settings have for pushing.
// Blocks, at most two minutes for each command. Where the two are repositories with different logs
// reserve() fails, `conflict`.
[[nodiscard]] std::unique_ptr<Transport> git_transport(const std::string& common_directory,
                                                       const std::string& remote,
                                                       std::optional<std::string> push_url,
                                                       std::stop_token stop);

// By the remote's URL: directly where it is a directory of this machine, else, and where another
// URL is given for pushing, through git.
// `not_found` when the repository has no such remote.
[[nodiscard]] Result<std::unique_ptr<Transport>> open_remote(Repository& repository,
                                                             const std::string& remote,
                                                             const Repository::Options& options,
                                                             std::stop_token stop);

}  // namespace hearth::packs::issues
