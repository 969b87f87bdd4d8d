// Which files of a folder are imported, and why the others are not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::knowledge {

inline constexpr std::uint64_t most_file_bytes = std::uint64_t{1} << 20;
inline constexpr std::uint64_t most_pdf_bytes = std::uint64_t{64} << 20;
inline constexpr std::size_t most_files = 100'000;

enum class FileType : std::uint8_t { markdown, text, html, pdf, code, other };
// By name.
[[nodiscard]] FileType file_type(std::string_view name);

struct FoundFile {
  std::string path;
  std::int64_t mtime_ns = 0;
  std::uint64_t size = 0;
};

struct FoundFiles {
  std::vector<FoundFile> files;  // sorted by path
  // Reason → how many: "hidden", "other type", "too large" (of files), "build or dependency
  // folder", "symbolic link", "unreadable".
  std::map<std::string, std::int64_t, std::less<>> skipped;
  std::vector<std::string> unreadable;  // folders: nothing is known about what is below
  bool is_cut = false;                  // there are more than most_files
};

// `path` is canonical: a folder, or one file (then of any type). Symbolic links below are not
// followed. `cancelled` when `stop` fires.
[[nodiscard]] Result<FoundFiles> find_files(const std::string& path, const std::stop_token& stop);

// `path` and the folders below it whose files find_files() looks at.
[[nodiscard]] std::vector<std::string> find_folders(const std::string& path);

// The content of a regular file, read once; nothing is followed. `unsupported` says why it is
// skipped: "too large", "binary".
[[nodiscard]] Result<std::string> read_text_file(const std::string& path);

}  // namespace hearth::packs::knowledge
