// Files and directories by the paths that were once looked at and allowed.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::sandbox {

// What an absolute path names, opened only to be named again (O_PATH): through no symbolic link,
// in the call that opens, so that whoever puts a link in its place later is refused. Any thread.
// `permission` where a link lies in the way; not_found.
[[nodiscard]] Result<UniqueFd> open_real(const std::string& path, int flags = 0);
// Where an open file lies now, without links.
[[nodiscard]] Result<std::string> real_path_of(int file);

}  // namespace hearth::packs::mandates::sandbox
