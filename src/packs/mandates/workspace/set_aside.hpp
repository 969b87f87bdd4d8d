// Takes something out of a workspace where it could make a machine run code, without destroying it:
// it may be a person's.
#pragma once

#include <string>

#include "base/result.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

struct SetAside {
  std::string path;  // where it was, in the workspace
  std::string now;   // absolute: where it is
};

// Into `directory`, one of hearth's own, which is made if need be; where that lies on another file
// system, beside where it was, under a name that nothing looks for, and a directory closed to all.
// The path is resolved through no link. Errors: `not_found`, `permission`, `io`.
[[nodiscard]] Result<SetAside> set_aside(const Root& root,
                                         const std::string& path,
                                         const std::string& directory);

}  // namespace hearth::packs::mandates::workspace
