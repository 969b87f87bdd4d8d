#include "store/private_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace hearth::store {
namespace {

namespace fs = std::filesystem;

std::string lock_of(const std::string& directory) {
  return directory + "/lock";
}

bool is_ours(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid();
}

void remove_left(const fs::path& parent, const std::string& prefix) {
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator(parent, ignored)) {
    const std::string path = each.path().string();
    if (!each.path().filename().string().starts_with(prefix) || !is_ours(path)) continue;
    // Without the file it is another's who likes the name, or not locked yet.
    if (!fs::exists(lock_of(path), ignored)) continue;
    if (const auto lock = FileLock::try_acquire(lock_of(path))) fs::remove_all(path, ignored);
  }
}

}  // namespace

Result<PrivateDirectory> PrivateDirectory::make(const std::string& prefix) {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error) return fail(Errc::io, "find a place for temporary files: " + error.message());
  remove_left(parent, prefix);
  // Another process may take it for one that was left before it is locked.
  for (;;) {
    std::string path = (parent / (prefix + "XXXXXX")).string();
    if (::mkdtemp(path.data()) == nullptr) return fail_errno("make " + path, errno);
    auto lock = FileLock::try_acquire(lock_of(path));
    if (lock && lock->is_at(lock_of(path))) return PrivateDirectory(path, std::move(*lock));
    if (!lock && fs::is_directory(path, error)) return std::unexpected(std::move(lock.error()));
  }
}

PrivateDirectory::~PrivateDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace hearth::store
