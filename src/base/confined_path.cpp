#include "base/confined_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace hearth {
namespace {

namespace fs = std::filesystem;

std::string canonical_or_same(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

Result<void> check_foreign(const std::string& path, const std::vector<std::string>& own) {
  for (const std::string& each : own) {
    if (!each.empty() && is_within(path, canonical_or_same(each)))
      return fail(Errc::permission, "path " + path + " is of hearth itself");
  }
  return {};
}

}  // namespace

bool is_within(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() ||
                                         directory.ends_with('/') || path[directory.size()] == '/');
}

bool holds_one_of(const std::string& directory, const std::vector<std::string>& own) {
  const std::string real = canonical_or_same(directory);
  return std::ranges::any_of(own, [&](const std::string& each) {
    return !each.empty() && is_within(canonical_or_same(each), real);
  });
}

Result<std::string> confine(const std::string& asked,
                            const std::string& cwd,
                            const std::vector<std::string>& roots,
                            const std::vector<std::string>& own) {
  if (asked.empty() || asked.find('\0') != std::string::npos) {
    return fail(Errc::invalid_args, "path: not a path");
  }
  if (!asked.starts_with('/') && cwd.empty()) {
    return fail(Errc::invalid_args,
                "path: " + asked +
                    " is relative, and the caller named no "
                    "working directory",
                {"give an absolute path"});
  }
  const fs::path wanted = asked.starts_with('/') ? fs::path(asked) : fs::path(cwd) / asked;
  std::error_code error;
  const std::string real = fs::canonical(wanted, error).string();
  // Outside of the roots it is not told whether something exists.
  const std::string named = error ? wanted.lexically_normal().string() : real;
  for (const std::string& root : roots) {
    std::error_code root_error;
    const std::string real_root = fs::canonical(root, root_error).string();
    if (root_error) continue;
    if (!is_within(named, real_root) && !is_within(named, root)) continue;
    if (error) return fail_errno("path " + named, error.value());
    if (!is_within(real, real_root)) continue;
    if (auto foreign = check_foreign(real, own); !foreign)
      return std::unexpected(std::move(foreign.error()));
    return real;
  }
  std::vector<std::string> remedies;
  if (!roots.empty()) remedies.push_back("name a path inside " + roots.front());
  remedies.emplace_back("allow more folders with `roots` in [daemon] of config.toml");
  return fail(
      Errc::permission,
      "path " + named + " is outside of the caller's project" +
          (roots.empty() ? " (the caller has none: / and the home directory are no projects)" : ""),
      std::move(remedies));
}

Result<std::string> confine_new(const std::string& asked,
                                const std::string& cwd,
                                const std::vector<std::string>& roots,
                                const std::vector<std::string>& own) {
  if (asked.contains('\0')) return fail(Errc::invalid_args, "path: not a path");
  const fs::path path(asked);
  if (!path.has_filename() || path.filename() == "." || path.filename() == "..") {
    return fail(Errc::invalid_args, "path: name a file, not a folder");
  }
  const std::string parent = path.has_parent_path() ? path.parent_path().string() : ".";
  auto folder = confine(parent, cwd, roots, own);
  if (!folder) return folder;
  struct stat status{};
  const std::string real =
      *folder == "/" ? "/" + path.filename().string() : *folder + "/" + path.filename().string();
  if (::lstat(real.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return fail(Errc::conflict, real + " is there, and is no file");
  }
  if (auto foreign = check_foreign(real, own); !foreign)
    return std::unexpected(std::move(foreign.error()));
  return real;
}

Result<void> check_is_new(const std::string& path, bool may_replace) {
  if (may_replace || ::access(path.c_str(), F_OK) != 0) return {};
  return fail(Errc::conflict, path + " is there already; nothing was written",
              {"set overwrite, or name another file"});
}

}  // namespace hearth
