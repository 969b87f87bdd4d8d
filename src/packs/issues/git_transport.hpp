// A remote that only git itself can reach: SSH, HTTPS, and whatever its settings know.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "packs/issues/engine/transport.hpp"

namespace hearth::packs::issues {

struct GitRemote {
  std::string common_directory;
  std::string base;    // where relative URLs begin: the work tree; empty: the common directory
  std::string remote;  // its name, or a URL
  // Where pushes go, if that is another URL.
  std::optional<std::string> push_url = std::nullopt;
  // There are more, to which git would push as well.
  bool has_more_urls = false;
};

// Runs `git` with the settings and credentials that this process has, but without hooks, pagers and
// prompts. Blocks, at most two minutes for each command. Where its two URLs are repositories with
// different logs reserve() fails, `conflict`.
[[nodiscard]] std::unique_ptr<Transport> git_transport(GitRemote remote, std::stop_token stop);

// By the remote's URL: directly where it is a directory of this machine, else, and where another
// URL is given for pushing, through git. Of several the first counts, as it does for git fetch: one
// repository decides who was first.
// `not_found` when the repository has no such remote.
[[nodiscard]] Result<std::unique_ptr<Transport>> open_remote(Repository& repository,
                                                             const std::string& remote,
                                                             const Repository::Options& options,
                                                             std::stop_token stop);

}  // namespace hearth::packs::issues
