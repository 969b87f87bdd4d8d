#include "packs/mandates/workspace/find_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <utility>

#include "packs/mandates/workspace/glob.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool is_path(const std::string& pattern) {
  return pattern.find_first_of("*?[") == std::string::npos;
}

// Of what was a directory when its name was read: removed since, replaced by a link, not readable
// for us, or by its name or depth no path that anything of a workspace is reached by.
bool is_closed(const Error& error) {
  return error.code == Errc::not_found || error.code == Errc::permission ||
         error.code == Errc::invalid_args;
}

// Follows all patterns at once.
class Walk final {
 public:
  Walk(const Root& root, std::vector<std::string> patterns, std::size_t most)
      : root_(root), patterns_(std::move(patterns)), most_(most) {}

  Result<std::vector<std::string>> run() {
    open_.emplace_back();
    while (!open_.empty()) {
      const std::string directory = std::move(open_.back());
      open_.pop_back();
      if (auto done = enter(directory); !done) return std::unexpected(std::move(done.error()));
    }
    return std::move(found_);
  }

 private:
  Result<void> enter(const std::string& path) {
    constexpr int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    auto opened = path.empty() ? open_root(flags) : root_.open_below(path, flags);
    if (!opened && !path.empty() && is_closed(opened.error())) return {};
    if (!opened) return std::unexpected(std::move(opened.error()));
    const Directory directory(::fdopendir(opened->get()));
    if (!directory && errno == ENOTDIR) return {};  // replaced since
    if (!directory) return fail_errno("read " + root_.path() + "/" + path, errno);
    (void)opened->release();
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr && (errno == 0 || errno == ENOENT)) return {};
      if (entry == nullptr) return fail_errno("read " + root_.path() + "/" + path, errno);
      if (auto taken = take(directory.get(), path, *entry); !taken) return taken;
    }
  }
  Result<UniqueFd> open_root(int flags) const {
    UniqueFd root(::openat(root_.descriptor(), ".", flags | O_CLOEXEC));
    if (!root.valid()) return fail_errno("read " + root_.path(), errno);
    return root;
  }
  Result<void> take(DIR* directory, const std::string& above, const dirent& entry) {
    const std::string_view name = static_cast<const char*>(entry.d_name);
    if (name == "." || name == "..") return {};
    if (++seen_ > most_)
      return fail(Errc::unsupported,
                  "there are more than " + std::to_string(most_) +
                      " names where the patterns look for files in " + root_.path(),
                  {"write patterns that begin with a directory: docs/** looks into docs only"});
    if (name == ".git") return {};
    std::string path = above.empty() ? std::string(name) : above + "/" + std::string(name);
    const auto is_any = [&](auto&& fits) { return std::ranges::any_of(patterns_, fits); };
    if (is_directory(directory, entry)) {
      if (is_any([&](const std::string& each) { return matches_below(each, path); }))
        open_.push_back(std::move(path));
    } else if (is_any([&](const std::string& each) { return matches_glob(each, path); }) &&
               is_file(directory, entry)) {
      found_.push_back(std::move(path));
    }
    return {};
  }
  static bool is_directory(DIR* directory, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat info{};
    return ::fstatat(::dirfd(directory), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(info.st_mode);
  }
  // Also by way of a link: whoever reads it is told that it is one.
  static bool is_file(DIR* directory, const dirent& entry) {
    if (entry.d_type == DT_REG) return true;
    struct stat info{};
    return ::fstatat(::dirfd(directory), entry.d_name, &info, 0) == 0 && S_ISREG(info.st_mode);
  }

  const Root& root_;
  const std::vector<std::string> patterns_;
  const std::size_t most_;
  std::vector<std::string> open_;  // directories that are still to be read
  std::vector<std::string> found_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<std::vector<std::string>> find_files(const Root& root,
                                            const std::vector<std::string>& patterns,
                                            std::size_t most) {
  std::vector<std::string> named;
  std::vector<std::string> open;
  std::ranges::partition_copy(patterns, std::back_inserter(named), std::back_inserter(open),
                              is_path);
  auto found = open.empty() ? std::vector<std::string>() : Walk(root, std::move(open), most).run();
  if (!found) return found;
  std::ranges::move(named, std::back_inserter(*found));
  std::ranges::sort(*found);
  const auto twice = std::ranges::unique(*found);
  found->erase(twice.begin(), twice.end());
  return found;
}

}  // namespace hearth::packs::mandates::workspace
