#include "packs/issues/git_transport.hpp"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "io/captured_output.hpp"
#include "packs/issues/engine/git/reference_name.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::chrono::minutes longest_command{2};
constexpr std::size_t most_output = std::size_t{64} << 20;
constexpr const char* patterns[] = {"refs/grite/*", "refs/hearth/*"};

std::vector<std::string> environment_of_git() {
  std::vector<std::string> variables{"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
                                     "GIT_PAGER=cat", "LC_ALL=C"};
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable(*each);
    // Those of a hook or of another repository that we were started from.
    const bool is_gits = variable.starts_with("GIT_") && !variable.starts_with("GIT_SSH") &&
                         !variable.starts_with("GIT_ASKPASS") && !variable.starts_with("GIT_PROXY");
    if (!is_gits && !variable.starts_with("LC_ALL=")) variables.emplace_back(variable);
  }
  return variables;
}

class GitTransport final : public Transport {
 public:
  GitTransport(std::string directory, std::string remote, std::stop_token stop)
      : directory_(std::move(directory)), remote_(std::move(remote)), stop_(std::move(stop)) {}

  // What the remote tells may be anything: git's patterns match the ends of names, and a server
  // invents them.
  Result<std::vector<Reference>> list() override {
    const auto output = run({"ls-remote", "--quiet", "--", remote_, patterns[0], patterns[1]});
    if (!output) return std::unexpected(output.error());
    std::vector<Reference> found;
    std::string_view rest = *output;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t tab = line.find('\t');
      if (tab == std::string_view::npos) continue;
      const auto target = id_of_hex<ObjectId>(line.substr(0, tab));
      const std::string_view name = line.substr(tab + 1);
      if (target && is_issue_reference(name)) found.push_back({std::string(name), *target});
    }
    return found;
  }

  // The objects only: no reference here is changed, whatever the settings map.
  Result<void> fetch(std::span<const Reference> remote) override {
    std::vector<std::string> words{"fetch",
                                   "--quiet",
                                   "--no-tags",
                                   "--no-write-fetch-head",
                                   "--no-recurse-submodules",
                                   "--no-auto-maintenance",
                                   "--refmap=",
                                   "--",
                                   remote_};
    for (const Reference& each : remote) words.push_back(each.name);
    auto output = run(std::move(words));
    if (!output) return std::unexpected(std::move(output.error()));
    return {};
  }

  // One by one, so that each is told of by itself.
  Result<std::vector<bool>> push(std::span<const RefChange> changes) override {
    std::vector<bool> made;
    for (const RefChange& each : changes) {
      const auto done = push_one(each);
      if (!done) return std::unexpected(done.error());
      made.push_back(*done);
    }
    return made;
  }

 private:
  Result<bool> push_one(const RefChange& change) {
    const std::string expected = change.expected ? hex_of(*change.expected) : "";
    const std::string to = change.to ? hex_of(*change.to) : "";
    const auto output = run({"push", "--quiet", "--no-verify", "--no-recurse-submodules",
                             "--force-with-lease=" + change.name + ":" + expected, remote_,
                             to + ":" + change.name});
    if (output) return true;
    const std::string& why = output.error().message;
    const bool is_late =
        why.contains("rejected]") || why.contains("stale info") || why.contains("cannot lock ref");
    if (is_late) return false;
    return std::unexpected(output.error());
  }

  Result<std::string> run(std::vector<std::string> words) const {
    io::ChildPlan plan{.words = {"git", "--git-dir=" + directory_, "-c", "core.hooksPath=/dev/null",
                                 "-c", "core.pager=cat", "-c", "gc.auto=0"},
                       .environment = environment_of_git(),
                       .directory = directory_};
    std::ranges::move(words, std::back_inserter(plan.words));
    return io::captured_output(std::move(plan), most_output, longest_command, stop_);
  }

  const std::string directory_;
  const std::string remote_;
  const std::stop_token stop_;
};

}  // namespace

std::unique_ptr<Transport> git_transport(const std::string& common_directory,
                                         const std::string& remote,
                                         std::stop_token stop) {
  return std::make_unique<GitTransport>(common_directory, remote, std::move(stop));
}

Result<std::unique_ptr<Transport>> open_remote(Repository& repository,
                                               const std::string& remote,
                                               const Repository::Options& options,
                                               std::stop_token stop) {
  const auto url = repository.remote_url(remote);
  if (!url) {
    return fail(Errc::not_found, "the repository has no remote \"" + remote + "\"",
                {"git remote add " + remote + " URL"});
  }
  const std::string base = repository.work_tree().value_or(repository.common_directory());
  if (const auto path = local_path_of(*url, base)) {
    return local_transport(repository, *path, options);
  }
  return git_transport(repository.common_directory(), remote, std::move(stop));
}

}  // namespace hearth::packs::issues
