#include "store/atomic_file.hpp"

#include <memory>
#include <utility>

#include "base/ids.hpp"

namespace hearth::store {
namespace {

Result<void> write_synced(Env& env,
                          const std::string& path,
                          const std::function<Result<void>(WritableFile&)>& write,
                          mode_t mode) {
  auto file = env.create(path, mode);
  if (!file) return std::unexpected(std::move(file.error()));
  auto done = write(**file);
  if (done) done = (*file)->sync();
  return done;
}

}  // namespace

Result<void> replace_file(Env& env,
                          const std::string& path,
                          const std::function<Result<void>(WritableFile&)>& write,
                          mode_t mode) {
  // Hidden, and beside `path`: a rename is atomic within one file system only.
  const std::string directory = directory_of(path);
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::string temporary = directory + "/." + name + ".new-" + random_hex(6);

  auto done = write_synced(env, temporary, write, mode);
  if (done) done = env.rename(temporary, path);
  if (!done) {
    // The first error is the one to report; a name that was never created cannot be removed.
    (void)env.unlink(temporary);
    return std::unexpected(std::move(done.error()).within("replace " + path));
  }
  if (auto synced = env.sync_directory(directory); !synced) {
    return std::unexpected(std::move(synced.error()).within("replace " + path));
  }
  return {};
}

Result<void> replace_file(Env& env,
                          const std::string& path,
                          std::string_view content,
                          mode_t mode) {
  return replace_file(
      env, path, [content](WritableFile& file) { return file.append(content); }, mode);
}

Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  return replace_file(system_env(), path, content, mode);
}

}  // namespace hearth::store
