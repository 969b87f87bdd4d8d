#include "packs/mandates/workspace/workspace_check.hpp"

#include <algorithm>
#include <filesystem>

#include "base/confined_path.hpp"
#include "base/program_path.hpp"
#include "packs/mandates/workspace/policy.hpp"
#include "packs/mandates/workspace/repositories.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr const char* for_part =
    "name the repository's own directory as the workspace, and a path rule for the part of it";

// Also as they are named: a link on the way to one can be replaced where it lies.
bool holds(const std::string& path, const std::vector<std::string>& own) {
  return holds_one_of(path, own) ||
         std::ranges::any_of(own, [&](const std::string& each) { return is_within(each, path); });
}

bool lies_in(const std::string& path, const std::vector<std::string>& own) {
  return std::ranges::any_of(
      own, [&](const std::string& each) { return !each.empty() && holds_one_of(each, {path}); });
}

}  // namespace

Result<void> check_workspace(const std::string& path, const std::vector<std::string>& own) {
  const std::string begin = path + " cannot be a workspace: ";
  if (const auto why = protection_of(path); !why.empty())
    return fail(Errc::permission, begin + "it lies in what is protected (" + std::string(why) + ")",
                {for_part});
  if (const std::string repository = repository_around(path); !repository.empty())
    return fail(Errc::permission, begin + repository + " is a repository of git, not a checkout",
                {for_part});
  if (holds(path, own) || lies_in(path, own))
    return fail(Errc::permission, begin + "hearth keeps its own files there",
                {"name a directory that holds none of them"});
  const std::string programs = std::filesystem::path(program_path()).parent_path().string();
  if (holds(path, {programs}))
    return fail(Errc::permission, begin + "hearth's own programs lie in " + programs,
                {"name a directory that does not hold them, or install hearth elsewhere"});
  return {};
}

}  // namespace hearth::packs::mandates::workspace
