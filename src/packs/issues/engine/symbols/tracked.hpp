// The files of a work tree whose symbols the log keeps, and which of them have changed.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/issue.hpp"
#include "packs/issues/engine/symbols/extract.hpp"

namespace hearth::packs::issues {

// The id under which the log keeps what is known of a file.
[[nodiscard]] IssueId context_id(std::string_view path);

struct FileChoice {
  std::vector<std::string> paths;  // files or folders; empty: all
  std::string pattern;             // of the shell, "*.rs", against the whole path; empty: all
};
// Of `tracked`, those that are chosen and of a language whose symbols are known.
[[nodiscard]] std::vector<std::string> choose_files(std::span<const std::string> tracked,
                                                    const FileChoice& choice);

struct SkippedFile {
  std::string path;
  std::string why;
};
struct Described {
  std::vector<ContextUpdated> files;
  std::size_t unchanged = 0;
  std::vector<SkippedFile> skipped;
};

// Reads and parses each file below `root`; those whose bytes are as `known` says (hash by path) are
// left alone. `told(done)` hears how far it is. A file that cannot be described is skipped; only
// the stop token ends the work: `cancelled`.
[[nodiscard]] Result<Described> describe_files(const std::string& root,
                                               std::span<const std::string> files,
                                               const std::map<std::string, Sha256>& known,
                                               const std::stop_token& stop,
                                               const std::function<void(std::size_t)>& told);

}  // namespace hearth::packs::issues
