// A workspace's directory, and the only way to the files in it.
//
// Every path is resolved by the kernel from this directory's descriptor (openat2(2): beneath it,
// through no symbolic link and no link of /proc), in the call that opens. So no check can be outrun
// by whoever swaps a directory for a link between check and use. A file with more than one name
// (hard link) is refused, to read and to write: its other names may lie outside, and nobody can
// tell. Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::workspace {

// The path in its normal form: relative, without empty names, "." and ".."; `invalid_args` for any
// other. At most 4,095 bytes and 100 names; no zero byte, no line end.
[[nodiscard]] Result<std::string> normal_path(std::string_view path);

// Which file it is, whatever its name.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct File {
  std::string content;
  std::string hash;  // content_hash
  mode_t mode = 0;   // permission bits
  FileIdentity identity;
};

// A directory held open, and a name in it.
struct Place {
  UniqueFd directory;
  std::string name;
};

class Root final {
 public:
  // `path` is absolute, and was real when it was allowed: where a symbolic link has taken the place
  // of a directory since, `permission`. `top`: the directory that it was allowed with, in which it
  // lies; empty: none but itself.
  [[nodiscard]] static Result<Root> open(const std::string& path, const std::string& top = {});

  [[nodiscard]] const std::string& path() const { return path_; }  // real
  // Above it nothing is looked at, not even for a repository around the workspace.
  [[nodiscard]] const std::string& top() const { return top_; }
  [[nodiscard]] int descriptor() const { return directory_.get(); }

  // open(2) of a path below. `permission` where a link or a hard link lies in the way; `not_found`.
  [[nodiscard]] Result<UniqueFd> open_below(const std::string& path,
                                            int flags,
                                            mode_t mode = 0) const;
  // All of a regular file with one name, of at most `limit` bytes (`unsupported`).
  [[nodiscard]] Result<File> read(const std::string& path, std::size_t limit = default_limit) const;
  // The directory of a path, for what creates, renames and removes names. `make`: makes those that
  // are missing.
  [[nodiscard]] Result<Place> place_of(const std::string& path, bool make = false) const;

  static constexpr std::size_t default_limit = std::size_t{16} << 20;

 private:
  Root(std::string path, std::string top, UniqueFd directory);
  std::string path_;
  std::string top_;
  UniqueFd directory_;
};

// The same of a name in an open directory.
[[nodiscard]] Result<File> read_at(int directory, const std::string& name, std::size_t limit);

}  // namespace hearth::packs::mandates::workspace
