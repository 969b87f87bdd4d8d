// Files that a call names, held to the caller's project and to what the configuration adds.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "pack/call.hpp"
#include "packs/issues/engine/issue_store.hpp"

namespace hearth::packs::issues {

// The canonical path of a file to read.
[[nodiscard]] Result<std::string> file_to_read(const IssueStore& store,
                                               const pack::Call& call,
                                               const std::string& asked);
// The same of one to write, whose folder exists; `permission` inside of a git directory, whose
// files are settings and programs.
[[nodiscard]] Result<std::string> file_to_write(const IssueStore& store,
                                                const pack::Call& call,
                                                const std::string& asked);

// Where the caller is; `invalid_args` when it is nowhere.
[[nodiscard]] Result<std::string> directory_of(const pack::Call& call);
// The repository as the caller sees it, with its own work tree: the one of the store may be
// another.
[[nodiscard]] Result<std::unique_ptr<Repository>> repository_of(const pack::Call& call);

}  // namespace hearth::packs::issues
