#include "base/project_root.hpp"

#include <cstdlib>
#include <filesystem>

#include "base/confined_path.hpp"
#include "base/log.hpp"

namespace hearth {

namespace fs = std::filesystem;

std::string project_root_of(const std::string& cwd) {
  std::error_code error;
  const fs::path start = fs::canonical(cwd, error);
  if (cwd.empty() || error) return {};
  const char* home_variable = std::getenv("HOME");
  const fs::path home =
      home_variable != nullptr ? fs::weakly_canonical(home_variable, error) : fs::path();
  const auto is_too_wide = [&](const fs::path& path) {
    return path == path.root_path() || path == home;
  };
  for (fs::path here = start; !is_too_wide(here); here = here.parent_path()) {
    if (fs::exists(here / ".git", error)) return here.string();
  }
  return is_too_wide(start) ? std::string() : start.string();
}

std::vector<std::string> readable_roots(std::vector<std::string> roots,
                                        const std::vector<std::string>& own) {
  std::erase_if(roots, [&](const std::string& root) {
    if (!holds_one_of(root, own)) return false;
    log::warning("a root holds files of hearth itself, and is left out", {log::kv("root", root)});
    return true;
  });
  return roots;
}

}  // namespace hearth
