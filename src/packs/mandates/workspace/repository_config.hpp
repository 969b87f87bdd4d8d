// The configuration that git gets to see in a sandbox, instead of the repository's own.
//
// git runs programs that its configuration names, under some forty keys, many with a name of the
// repository's choice in them: filters, differs, merge drivers, aliases, helpers, signers, pagers.
// And it includes other files, which a mandate may be allowed to write. So git is given the few
// keys that say what the repository is like, and nothing else.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"
#include "packs/mandates/workspace/git_place.hpp"

namespace hearth::packs::mandates::workspace {

// Of what `git config --list -z` prints, as a file of git's: what names no program and no file.
[[nodiscard]] std::string harmless_config(std::string_view listed);

// Has `plan` show that instead of the configuration of the repository, which lies in what the plan
// shows. It is read in a sandbox of its own, by git itself. Errors: of the sandbox; `unsupported`
// where git cannot read it.
[[nodiscard]] Result<void> give_harmless_config(sandbox::Plan& plan,
                                                const sandbox::Sandbox& sandbox,
                                                const GitPlace& place,
                                                const std::stop_token& stop);

}  // namespace hearth::packs::mandates::workspace
