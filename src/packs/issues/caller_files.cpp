#include "packs/issues/caller_files.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <vector>

#include "base/confined_path.hpp"
#include "base/project_root.hpp"
#include "packs/issues/common_wire.hpp"

namespace hearth::packs::issues {
namespace {

const std::string roots_name = "roots";

// Where relative paths of a call begin, and what may be written there.
struct Workplace {
  std::string directory;
  std::vector<std::string> project;
};

Result<Workplace> workplace_of(const pack::Call& call) {
  auto directory = directory_of(call);
  if (!directory) return std::unexpected(std::move(directory.error()));
  if (*directory == call.caller().cwd)
    return Workplace{std::move(*directory), pack::project_of(call.caller())};
  Workplace told{*directory, {}};
  if (auto root = project_root_of(*directory); !root.empty())
    told.project.push_back(std::move(root));
  return told;
}

// Some file systems do not tell upper and lower case apart.
bool is_git_name(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name == ".git";
}

bool lies_in_git(const std::filesystem::path& path, const std::string& common_directory) {
  if (std::ranges::any_of(path, [](const auto& part) { return is_git_name(part.string()); })) {
    return true;
  }
  std::error_code ignored;
  const std::filesystem::path git = std::filesystem::canonical(common_directory, ignored);
  return !git.empty() && std::ranges::mismatch(git, path).in1 == git.end();
}

// Its configuration may hold passwords, and what lies there is git's.
Result<std::string> outside_of_git(const IssueStore& store, Result<std::string> path) {
  if (path && lies_in_git(*path, store.common_directory())) {
    return fail(Errc::permission, "path " + *path + " is inside of a git directory",
                {"name a file of the work tree"});
  }
  return path;
}

}  // namespace

Result<std::string> file_to_read(const IssueStore& store,
                                 const pack::Call& call,
                                 const std::string& asked) {
  auto place = workplace_of(call);
  if (!place) return std::unexpected(std::move(place.error()));
  std::ranges::copy(store.options().roots, std::back_inserter(place->project));
  return outside_of_git(store,
                        confine(asked, place->directory, place->project, store.options().own));
}

Result<std::string> file_to_write(const IssueStore& store,
                                  const pack::Call& call,
                                  const std::string& asked,
                                  bool may_replace) {
  const auto place = workplace_of(call);
  if (!place) return std::unexpected(place.error());
  auto path = outside_of_git(
      store, confine_new(asked, place->directory, place->project, store.options().own));
  if (!path) return path;
  if (auto may = check_is_new(*path, may_replace); !may)
    return std::unexpected(std::move(may.error()));
  return path;
}

Result<std::string> directory_of(const pack::Call& call) {
  const pack::Caller& caller = call.caller();
  if (const auto told = call.answers().find(roots_name); told != call.answers().end()) {
    for (std::string& root : wire::directories_of_roots(told->second)) {
      if (Repository::open(root, {})) return std::move(root);
    }
  }
  if (!caller.cwd.empty()) return caller.cwd;
  if (!caller.project_root.empty()) return caller.project_root;
  return fail(Errc::invalid_args, "the caller has no working directory, so no repository either",
              {"start the client inside of a git repository, or let it name one as a root"});
}

std::optional<pack::Reply> roots_question(const pack::Call& call) {
  if (!call.can_ask(pack::QuestionKind::list_roots) || call.answers().contains(roots_name)) {
    return std::nullopt;
  }
  pack::Reply reply;
  reply.questions.emplace().ask[roots_name] = {.kind = pack::QuestionKind::list_roots};
  return reply;
}

Result<std::unique_ptr<Repository>> repository_of(const pack::Call& call) {
  const auto directory = directory_of(call);
  if (!directory) return std::unexpected(directory.error());
  return Repository::open(*directory, {});
}

}  // namespace hearth::packs::issues
