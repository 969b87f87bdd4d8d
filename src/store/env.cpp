#include "store/env.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/regular_file.hpp"
#include "base/unique_fd.hpp"
#include "store/guarded_mapping.hpp"

namespace hearth::store {
namespace {

std::unexpected<Error> failed(std::string_view step, const std::string& path) {
  const int error_number = errno;
  const std::string what = std::string(step) + " " + path;
  if (error_number == EEXIST) return fail(Errc::conflict, what + ": it exists already");
  if (error_number == EROFS) return fail(Errc::read_only, what + ": the file system is read-only");
  if (error_number == EFBIG) {
    return fail(Errc::io, what + ": the disk is full (the limit of a file's size is reached)");
  }
  return fail_errno(what, error_number);
}

int open_retrying(const std::string& path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed("write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fsync(fd_.get()) != 0) return failed("sync", path_);
    return {};
  }

 private:
  UniqueFd fd_;
  std::string path_;
};

class PosixMappedFile final : public MappedFile {
 public:
  PosixMappedFile(void* data, std::size_t size) : mapping_(data, size) {}
  std::string_view bytes() const override {
    return {static_cast<const char*>(mapping_.data()), mapping_.size()};
  }
  void read_ahead(std::size_t offset, std::size_t size) const override {
    advise(offset, size, MADV_WILLNEED);
  }
  // The pages are the file's: dropping them from here loses nothing.
  void unload(std::size_t offset, std::size_t size) const override {
    advise(offset, size, MADV_DONTNEED);
  }
  bool is_cut() const override { return mapping_.is_cut(); }

 private:
  // Widened to whole pages; what the kernel refuses to be told does not matter.
  void advise(std::size_t offset, std::size_t size, int advice) const {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    if (offset >= mapping_.size()) return;
    const std::size_t begin = offset / page * page;
    const std::size_t end = offset + std::min(size, mapping_.size() - offset);
    (void)::madvise(static_cast<char*>(mapping_.data()) + begin, end - begin, advice);
  }

  GuardedMapping mapping_;
};

class PosixEnv final : public Env {
 public:
  Result<std::unique_ptr<WritableFile>> create(const std::string& path, mode_t mode) override {
    return open_writable("create", path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, mode);
  }

  Result<std::unique_ptr<WritableFile>> open_append(const std::string& path, mode_t mode) override {
    return open_writable("open", path, O_WRONLY | O_APPEND | O_CREAT, mode);
  }

  Result<std::string> read(const std::string& path, std::size_t limit) override {
    const auto fd = open_regular(path, O_RDONLY);
    if (!fd) return std::unexpected(fd.error());
    std::string content;
    for (;;) {
      const std::size_t had = content.size();
      const std::size_t step = std::min<std::size_t>(std::max<std::size_t>(had, 16384), 1U << 20);
      content.resize(had + step);
      const ssize_t got = ::read(fd->get(), content.data() + had, step);
      if (got < 0 && errno != EINTR) return failed("read", path);
      content.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (got == 0) return content;
      if (content.size() > limit) {
        return fail(Errc::unsupported,
                    "read " + path + ": larger than " + std::to_string(limit) + " bytes");
      }
    }
  }

  Result<std::unique_ptr<MappedFile>> map(const std::string& path) override {
    const UniqueFd fd(open_retrying(path, O_RDONLY));
    if (!fd.valid()) return failed("open", path);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return failed("stat", path);
    const auto size = static_cast<std::size_t>(status.st_size);
    void* data = nullptr;  // mmap refuses empty files
    if (size != 0) {
      data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
      if (data == MAP_FAILED) return failed("map", path);
      // Sixteen pages around each one that is touched would make a large index resident.
      (void)::madvise(data, size, MADV_RANDOM);
    }
    return std::make_unique<PosixMappedFile>(data, size);
  }

  Result<std::uint64_t> size(const std::string& path) override {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return failed("stat", path);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> truncate(const std::string& path, std::uint64_t size) override {
    const UniqueFd fd(open_retrying(path, O_WRONLY));
    if (!fd.valid()) return failed("open", path);
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return failed("truncate", path);
    if (::fsync(fd.get()) != 0) return failed("sync", path);
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename " + from + " to", to);
    return {};
  }

  Result<void> unlink(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return failed("remove", path);
    return {};
  }

  Result<void> sync_directory(const std::string& directory) override {
    const UniqueFd fd(open_retrying(directory, O_RDONLY | O_DIRECTORY));
    if (!fd.valid()) return failed("open", directory);
    if (::fsync(fd.get()) != 0) return failed("sync", directory);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), &::closedir);
    if (!open) return failed("list", directory);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(open.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return failed("list", directory);
    std::ranges::sort(names);
    return names;
  }

 private:
  static Result<std::unique_ptr<WritableFile>> open_writable(std::string_view step,
                                                             const std::string& path,
                                                             int flags,
                                                             mode_t mode) {
    UniqueFd fd(open_retrying(path, flags, mode));
    if (!fd.valid()) return failed(step, path);
    return std::make_unique<PosixWritableFile>(std::move(fd), path);
  }
};

}  // namespace

Env& system_env() {
  static PosixEnv env;
  return env;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace hearth::store
