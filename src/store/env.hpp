// The file system as a dependency: what stores need of it, so that tests can fail any step and pull
// the plug.
//
// Writing is append-only, as logs and generations are written; what was written is read back whole
// or mapped. Durability is explicit: bytes by WritableFile::sync, names (creations, renames,
// removals) by Env::sync_directory. Errors name the step and the path; a full disk is
// `io: … the disk is full`.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::store {

// A file open for appending; closed when it goes. One thread at a time.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // Appends all of `bytes`. After an error an unknown prefix of them may be in the file.
  [[nodiscard]] virtual Result<void> append(std::string_view bytes) = 0;
  // Returns when everything appended so far survives a loss of power. After an error nothing may be
  // assumed about bytes that were not synced before: the kernel may have dropped them.
  [[nodiscard]] virtual Result<void> sync() = 0;
};

// A whole file in memory, read-only. `bytes()` stays valid while the object lives, also when the
// file is unlinked meanwhile. Where somebody cuts the file short, zeros are read (is_cut).
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  [[nodiscard]] virtual std::string_view bytes() const = 0;
  // Hints for who reads all of a large file once: a part will be read now, and is not needed any
  // more. The first reads ahead, the second gives the process's memory back; the bytes are the
  // same. Without them only the pages that are touched are read.
  virtual void read_ahead(std::size_t /*offset*/, std::size_t /*size*/) const {}
  virtual void unload(std::size_t /*offset*/, std::size_t /*size*/) const {}
  // Somebody has cut the file short, and zeros were read in place of what is missing.
  [[nodiscard]] virtual bool is_cut() const { return false; }
};

// Thread-safe. Paths are absolute, or relative to the process's working directory.
class Env {
 public:
  virtual ~Env() = default;

  // A new file; `conflict` if the name is taken.
  [[nodiscard]] virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path,
                                                                     mode_t mode) = 0;
  // An existing or new file, to append at its end.
  [[nodiscard]] virtual Result<std::unique_ptr<WritableFile>> open_append(const std::string& path,
                                                                          mode_t mode) = 0;
  // All of a file of at most `limit` bytes; `unsupported` when it is larger.
  [[nodiscard]] virtual Result<std::string> read(const std::string& path, std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<MappedFile>> map(const std::string& path) = 0;
  // Bytes.
  [[nodiscard]] virtual Result<std::uint64_t> size(const std::string& path) = 0;
  // Cuts a file to its first `size` bytes and syncs it: the torn tail of a log.
  [[nodiscard]] virtual Result<void> truncate(const std::string& path, std::uint64_t size) = 0;
  // Atomically; replaces `to` if it exists.
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<void> unlink(const std::string& path) = 0;
  // Returns when the names in `directory` survive a loss of power.
  [[nodiscard]] virtual Result<void> sync_directory(const std::string& directory) = 0;
  // Names of the entries of `directory`, sorted, without "." and "..".
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
};

// The real one.
[[nodiscard]] Env& system_env();

// "a/b" of "a/b/c", "." of "c", "/" of "/c".
[[nodiscard]] std::string directory_of(const std::string& path);

}  // namespace hearth::store
