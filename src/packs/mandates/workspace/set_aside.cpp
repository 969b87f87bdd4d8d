#include "packs/mandates/workspace/set_aside.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/ids.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

bool is_directory(const Place& place) {
  struct stat status{};
  return ::fstatat(place.directory.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

bool renames(const Place& place, int directory, const std::string& name) {
  return ::renameat2(place.directory.get(), place.name.c_str(), directory, name.c_str(),
                     RENAME_NOREPLACE) == 0;
}

Result<UniqueFd> open_private(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail_errno("make " + directory, error.value());
  UniqueFd opened(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened.valid()) return fail_errno(directory, errno);
  return opened;
}

}  // namespace

Result<SetAside> set_aside(const Root& root,
                           const std::string& path,
                           const std::string& directory) {
  const auto place = root.place_of(path);
  if (!place) return std::unexpected(place.error());
  const auto target = open_private(directory);
  if (!target) return std::unexpected(target.error());
  const std::string token = random_hex(8);
  const std::string name = token + "-" + place->name;
  if (renames(*place, target->get(), name)) return SetAside{path, directory + "/" + name};
  const bool is_closable = is_directory(*place);
  // A directory that its owner may not write cannot change its parent.
  if (errno == EACCES && is_closable &&
      ::fchmodat(place->directory.get(), place->name.c_str(), 0700, 0) == 0 &&
      renames(*place, target->get(), name))
    return SetAside{path, directory + "/" + name};
  if (errno != EXDEV) return fail_errno("set " + path + " aside", errno);
  const std::string inert = ".hearth-aside-" + token;
  if (!renames(*place, place->directory.get(), inert))
    return fail_errno("set " + path + " aside", errno);
  if (is_closable && ::fchmodat(place->directory.get(), inert.c_str(), 0, 0) != 0)
    return fail_errno("close " + inert, errno);
  const auto slash = path.rfind('/');
  const std::string above = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  return SetAside{path, root.path() + "/" + above + inert};
}

}  // namespace hearth::packs::mandates::workspace
