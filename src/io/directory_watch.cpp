#include "io/directory_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/log.hpp"

namespace hearth::io {

Result<std::unique_ptr<DirectoryWatch>> DirectoryWatch::open(Loop& loop,
                                                             std::string path,
                                                             std::function<void()> on_loss) {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.valid()) return fail_errno("watch " + path, errno);
  auto watch = std::make_unique<DirectoryWatch>(loop, std::move(inotify), std::move(path),
                                                std::move(on_loss));
  if (auto looked = watch->look_at_directory(); !looked) return std::unexpected(looked.error());
  watch->wait();
  return watch;
}

DirectoryWatch::DirectoryWatch(Loop& loop,
                               UniqueFd inotify,
                               std::string path,
                               std::function<void()> on_loss)
    : inotify_(std::move(inotify)),
      path_(std::move(path)),
      on_loss_(std::move(on_loss)),
      watch_(loop, inotify_.get()) {}

Result<void> DirectoryWatch::look_at_directory() {
  constexpr std::uint32_t losses =
      IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  if (::inotify_add_watch(inotify_.get(), path_.c_str(), losses) < 0)
    return fail_errno("watch " + path_, errno);
  return {};
}

void DirectoryWatch::wait() {
  watch_.when_readable([this] { take_notice(); });
}

// What exactly has happened does not matter: the owner looks for itself.
void DirectoryWatch::take_notice() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (::read(inotify_.get(), events.data(), events.size()) > 0) {
  }
  on_loss_();
  if (auto looked = look_at_directory(); !looked)
    log::warning("a directory is watched no longer", {log::kv("why", looked.error().message)});
  wait();
}

}  // namespace hearth::io
