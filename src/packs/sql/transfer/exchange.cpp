#include "packs/sql/transfer/exchange.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>

#include "base/confined_path.hpp"
#include "base/ids.hpp"
#include "base/regular_file.hpp"
#include "store/atomic_file.hpp"
#include "store/env.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;

// By the time at which they were put there: a link to somebody's file has the file's other times.
void sweep(const std::string& directory, std::chrono::seconds longest_use) {
  std::error_code error;
  const auto before =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - longest_use);
  for (const fs::directory_entry& each : fs::directory_iterator(directory, error)) {
    struct ::stat status{};
    std::error_code ignored;
    const bool is_left =
        ::lstat(each.path().c_str(), &status) == 0 && status.st_ctim.tv_sec < before;
    if (is_left) fs::remove(each.path(), ignored);
  }
}

Result<void> copy(int from, const std::string& to, const std::stop_token& stop) {
  auto file = store::system_env().create(to, 0600);
  if (!file) return std::unexpected(std::move(file.error()));
  std::string piece;
  for (;;) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "cancelled while a file was copied");
    piece.resize(piece_bytes);
    const ssize_t size = ::read(from, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno("read a file to load", errno);
    if (size == 0) return {};
    piece.resize(static_cast<std::size_t>(size));
    if (auto done = (*file)->append(piece); !done) return done;
  }
}

}  // namespace

Result<Exchange> Exchange::open(const std::string& directory, std::chrono::seconds longest_use) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail(Errc::io, "make " + directory + ": " + error.message());
  fs::permissions(directory, fs::perms::owner_all, error);
  sweep(directory, longest_use);
  return Exchange(directory);
}

Exchange::~Exchange() {
  for (const std::string& path : made_) ::unlink(path.c_str());
}

std::string Exchange::new_path(std::string_view suffix) {
  made_.push_back(directory_ + "/" + random_hex(16) + std::string(suffix));
  return made_.back();
}

Result<std::string> Exchange::bring(const std::string& path,
                                    std::string_view suffix,
                                    const std::stop_token& stop) {
  const auto fd = open_regular(path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return std::unexpected(fd.error());
  // Where its name lay when it was confined, and nowhere else.
  const std::string self = "/proc/self/fd/" + std::to_string(fd->get());
  std::error_code error;
  if (fs::read_symlink(self, error) != fs::path(path) || error) {
    return fail(Errc::conflict, path + " was moved meanwhile; nothing was loaded",
                {"send it again"});
  }
  std::string to = new_path(suffix);
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) == 0) return to;
  // Another file system, or a file of somebody else.
  if (auto copied = copy(fd->get(), to, stop); !copied) {
    return std::unexpected(std::move(copied.error()).within(path));
  }
  return to;
}

Result<std::string> Exchange::write(std::string_view suffix,
                                    const std::function<Result<std::string>()>& next) {
  std::string path = new_path(suffix);
  auto file = store::system_env().create(path, 0600);
  if (!file) return std::unexpected(std::move(file.error()));
  for (;;) {
    const auto piece = next();
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty()) return path;
    if (auto done = (*file)->append(*piece); !done) return std::unexpected(std::move(done.error()));
  }
}

Result<void> deliver(const std::string& from, const std::string& to, bool replaces) {
  const auto source = open_regular(from, O_RDONLY | O_NOFOLLOW);
  if (!source) return std::unexpected(source.error());
  if (auto may = check_is_new(to, replaces); !may) return may;
  return store::replace_file(
      store::system_env(), to,
      [&source](store::WritableFile& file) -> Result<void> {
        std::string piece(piece_bytes, '\0');
        for (;;) {
          const ssize_t size = ::read(source->get(), piece.data(), piece.size());
          if (size < 0) return fail_errno("read an export", errno);
          if (size == 0) return {};
          const auto bytes = static_cast<std::size_t>(size);
          auto done = file.append(std::string_view(piece).substr(0, bytes));
          if (!done) return done;
        }
      },
      0644);
}

}  // namespace hearth::packs::sql
