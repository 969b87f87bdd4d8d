#include "packs/knowledge/bounded_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/regular_file.hpp"

namespace hearth::packs::knowledge {

BoundedLog::BoundedLog(std::string path, std::size_t most_bytes)
    : path_(std::move(path)), most_bytes_(most_bytes) {
  open();
}

void BoundedLog::open() {
  auto opened = open_regular(path_, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
  if (opened) file_ = std::move(*opened);
  struct stat info{};
  if (file_.valid() && ::fstat(file_.get(), &info) == 0)
    size_ = static_cast<std::size_t>(info.st_size);
}

void BoundedLog::append(std::string_view bytes) {
  if (size_ != 0 && size_ + bytes.size() > most_bytes_) {
    file_.reset();
    size_ = 0;
    if (std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) (void)::unlink(path_.c_str());
    open();
  }
  if (!file_.valid()) return;
  const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
  if (written > 0) size_ += static_cast<std::size_t>(written);
}

}  // namespace hearth::packs::knowledge
