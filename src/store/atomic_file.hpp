// Replacing a small file so that a reader, a crash or a loss of power finds the old content or the
// new, never a part.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/env.hpp"

namespace hearth::store {

// Makes `content` the content of `path`: a new file of `mode` in the same directory, written,
// synced, renamed over `path`, and the directory synced. A symbolic link at `path` is replaced, not
// followed. On an error before the rename the old file is untouched and no temporary file stays;
// the one error after it ("sync <directory>") means the new content is in place, but may not
// survive a loss of power. Thread-safe; of several writers at once the last one wins whole.
[[nodiscard]] Result<void> replace_file(Env& env,
                                        const std::string& path,
                                        std::string_view content,
                                        mode_t mode = 0600);
// The same of what `write` appends to the new file: an error of it is that of the replacement.
[[nodiscard]] Result<void> replace_file(Env& env,
                                        const std::string& path,
                                        const std::function<Result<void>(WritableFile&)>& write,
                                        mode_t mode = 0600);
// The same on the real file system.
[[nodiscard]] Result<void> replace_file(const std::string& path,
                                        std::string_view content,
                                        mode_t mode = 0600);

}  // namespace hearth::store
