#include "packs/mandates/workspace/find_files.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "packs/mandates/workspace/glob.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_names = 100'000;

bool is_path(const std::string& pattern) {
  return pattern.find_first_of("*?[") == std::string::npos;
}

}  // namespace

std::vector<std::string> find_files(const Root& root, const std::vector<std::string>& patterns) {
  std::vector<std::string> found;
  std::vector<std::string> open;
  std::ranges::partition_copy(patterns, std::back_inserter(found), std::back_inserter(open),
                              is_path);
  std::error_code error;
  std::size_t seen = 0;
  fs::recursive_directory_iterator walk;
  if (!open.empty()) {
    walk = fs::recursive_directory_iterator(root.path(),
                                            fs::directory_options::skip_permission_denied, error);
  }
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (++seen > most_names) break;
    if (walk->path().filename() == ".git") {
      walk.disable_recursion_pending();
      continue;
    }
    const std::string path = walk->path().string().substr(root.path().size() + 1);
    const auto fits = [&](const std::string& pattern) { return matches_glob(pattern, path); };
    std::error_code ignored;
    if (std::ranges::any_of(open, fits) && walk->is_regular_file(ignored)) found.push_back(path);
  }
  std::ranges::sort(found);
  const auto twice = std::ranges::unique(found);
  found.erase(twice.begin(), twice.end());
  return found;
}

}  // namespace hearth::packs::mandates::workspace
