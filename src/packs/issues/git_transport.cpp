#include "packs/issues/git_transport.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include "io/captured_output.hpp"
#include "packs/issues/engine/git/reference_name.hpp"
#include "packs/issues/engine/wal.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::chrono::minutes longest_command{2};
constexpr std::size_t most_named_together = 1000;  // an argument list has an end
constexpr std::size_t most_output = std::size_t{64} << 20;
constexpr const char* environment_hint =
    "git runs in the environment of the daemon: what only your shell sets (GIT_SSH_COMMAND, an "
    "agent's "
    "socket) belongs into git's settings, or use --no-daemon";
constexpr const char* patterns[] = {"refs/grite/*", "refs/hearth/*"};

// Variables that name a repository, as `git rev-parse --local-env-vars` lists them: those of a hook
// or of another repository that we were started from. All others are the user's settings.
constexpr std::array<std::string_view, 17> local_variables{"GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                                           "GIT_COMMON_DIR",
                                                           "GIT_CONFIG",
                                                           "GIT_CONFIG_COUNT",
                                                           "GIT_CONFIG_PARAMETERS",
                                                           "GIT_DIR",
                                                           "GIT_GRAFT_FILE",
                                                           "GIT_IMPLICIT_WORK_TREE",
                                                           "GIT_INDEX_FILE",
                                                           "GIT_NAMESPACE",
                                                           "GIT_NO_REPLACE_OBJECTS",
                                                           "GIT_OBJECT_DIRECTORY",
                                                           "GIT_PREFIX",
                                                           "GIT_QUARANTINE_PATH",
                                                           "GIT_REPLACE_REF_BASE",
                                                           "GIT_SHALLOW_FILE",
                                                           "GIT_WORK_TREE"};
constexpr std::array<std::string_view, 3> set_variables{"GIT_TERMINAL_PROMPT", "GIT_PAGER",
                                                        "LC_ALL"};

std::vector<std::string> environment_of_git() {
  std::vector<std::string> variables{"GIT_TERMINAL_PROMPT=0", "GIT_PAGER=cat", "LC_ALL=C"};
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable(*each);
    const std::string_view name = variable.substr(0, variable.find('='));
    const bool is_ours = std::ranges::find(local_variables, name) != local_variables.end() ||
                         std::ranges::find(set_variables, name) != set_variables.end();
    if (!is_ours) variables.emplace_back(variable);
  }
  return variables;
}

// ---- What `git push --porcelain` prints: "<flag> TAB <from>:<to> TAB <summary> (<reason>)" ----

std::string last_words_of(std::string_view said) {
  constexpr std::size_t most_words = 400;
  while (said.ends_with('\n')) said.remove_suffix(1);
  return std::string(said.substr(said.size() - std::min(said.size(), most_words)));
}

// The line about a reference; nothing when git did not come so far.
std::optional<std::string_view> line_about(const std::string& name, std::string_view output) {
  const std::string mark = ":" + name + "\t";
  while (!output.empty()) {
    const std::string_view line = output.substr(0, output.find('\n'));
    output.remove_prefix(std::min(line.size() + 1, output.size()));
    if (line.substr(0, line.find('\t', 2) + 1).ends_with(mark)) return line;
  }
  return std::nullopt;
}

// Whether somebody else has changed the reference meanwhile, or is about to. What the server finds
// out only at its lock it tells on standard error.
bool is_late(std::string_view name, std::string_view line, std::string_view said) {
  if (line.contains("(stale info)") || line.contains("(fetch first)")) return true;
  std::string about = "cannot lock ref '";
  about.append(name).append("'");
  for (std::string_view words : {line, said}) {
    const std::size_t at = words.find(about);
    if (at == std::string_view::npos) continue;
    words = words.substr(at, words.find('\n', at) - at);
    if (words.contains("but expected") || words.contains("already exists") ||
        words.contains("File exists")) {
      return true;
    }
  }
  return false;
}

std::optional<Pushed> outcome_of(const std::string& name, const io::Captured& told) {
  const auto line = line_about(name, told.output);
  if (!line) return std::nullopt;
  if (!line->starts_with('!')) return Pushed{.is_made = true, .refusal = {}};
  if (is_late(name, *line, told.errors)) return Pushed{};
  std::string why(line->substr(line->rfind('\t') + 1));
  if (!told.errors.empty()) why += ": " + last_words_of(told.errors);
  return Pushed{.is_made = false, .refusal = std::move(why)};
}

std::optional<ObjectId> log_of(const std::vector<Reference>& list) {
  const auto found = std::ranges::find(list, wal_reference, &Reference::name);
  return found == list.end() ? std::nullopt : std::optional(found->target);
}

class GitTransport final : public Transport {
 public:
  GitTransport(GitRemote remote, std::stop_token stop)
      : remote_(std::move(remote)), stop_(std::move(stop)) {}

  // What the remote tells may be anything: git's patterns match the ends of names, and a server
  // invents them.
  Result<std::vector<Reference>> list() override {
    const auto output =
        run({"ls-remote", "--quiet", "--", remote_.remote, patterns[0], patterns[1]});
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
    while (!remote.empty()) {
      const auto some = remote.first(std::min(remote.size(), most_named_together));
      remote = remote.subspan(some.size());
      if (auto fetched = fetch_some(some); !fetched) return fetched;
    }
    return {};
  }

  // Nothing keeps others from a server. But who loses every race may push to one repository what
  // continues another one.
  Result<void> reserve() override {
    if (!remote_.push_url) return {};
    const auto from = list();
    if (!from) return std::unexpected(from.error());
    const GitRemote pushed{remote_.common_directory, remote_.base, *remote_.push_url};
    const auto to = GitTransport(pushed, stop_).list();
    if (!to) return std::unexpected(to.error());
    if (log_of(*from) == log_of(*to)) return {};
    const std::string setting = "remote." + remote_.remote + ".pushurl";
    return fail(Errc::conflict,
                setting + " names a repository whose log is another one than that at remote." +
                    remote_.remote + ".url, so nothing can be pushed on top of it",
                {"git config --unset " + setting,
                 "sync again if one of them is a copy of the other that is late"});
  }

  Result<std::vector<Pushed>> push(std::span<const RefChange> changes) override {
    std::vector<Pushed> all;
    while (!changes.empty()) {
      const auto some = changes.first(std::min(changes.size(), most_named_together));
      changes = changes.subspan(some.size());
      auto pushed = push_some(some);
      if (!pushed) return std::unexpected(std::move(pushed.error()));
      std::ranges::move(*pushed, std::back_inserter(all));
    }
    return all;
  }

 private:
  Result<void> fetch_some(std::span<const Reference> remote) const {
    std::vector<std::string> words{"fetch",
                                   "--quiet",
                                   "--no-tags",
                                   "--no-write-fetch-head",
                                   "--no-recurse-submodules",
                                   "--no-auto-maintenance",
                                   "--no-filter",  // a partial clone has the log whole
                                   "--refmap=",
                                   "--",
                                   remote_.remote};
    for (const Reference& each : remote) words.push_back(each.name);
    auto output = run(std::move(words));
    if (!output) return std::unexpected(std::move(output.error()));
    return {};
  }

  // Without --atomic: each has a line of its own in what git prints for programs.
  Result<std::vector<Pushed>> push_some(std::span<const RefChange> changes) const {
    std::vector<std::string> words{"push", "--porcelain", "--no-verify", "--no-recurse-submodules"};
    for (const RefChange& each : changes) {
      words.push_back("--force-with-lease=" + each.name + ":" +
                      (each.expected ? hex_of(*each.expected) : ""));
    }
    words.insert(words.end(), {"--", remote_.has_more_urls ? *remote_.push_url : remote_.remote});
    for (const RefChange& each : changes) {
      words.push_back((each.to ? hex_of(*each.to) : "") + ":" + each.name);
    }
    const auto told = io::captured(plan_of(std::move(words)), most_output, longest_command, stop_);
    if (!told) return std::unexpected(told.error());
    std::vector<Pushed> all;
    for (const RefChange& each : changes) {
      auto pushed = outcome_of(each.name, *told);
      if (!pushed) {
        return fail(Errc::io,
                    "git push " + told->end.describe() + ": " + last_words_of(told->errors),
                    {environment_hint});
      }
      all.push_back(std::move(*pushed));
    }
    return all;
  }

  io::ChildPlan plan_of(std::vector<std::string> words) const {
    io::ChildPlan plan{
        .words = {"git", "--git-dir=" + remote_.common_directory, "-c", "core.hooksPath=/dev/null",
                  "-c", "core.pager=cat", "-c", "gc.auto=0"},
        .environment = environment_of_git(),
        .directory = remote_.base.empty() ? remote_.common_directory : remote_.base};
    std::ranges::move(words, std::back_inserter(plan.words));
    return plan;
  }

  Result<std::string> run(std::vector<std::string> words) const {
    auto output =
        io::captured_output(plan_of(std::move(words)), most_output, longest_command, stop_);
    if (output) return output;
    // It is the remote that cannot be reached, not the daemon.
    if (output.error().code == Errc::unavailable) output.error().code = Errc::io;
    output.error().suggestions = {environment_hint};
    return output;
  }

  const GitRemote remote_;
  const std::stop_token stop_;
};

}  // namespace

std::unique_ptr<Transport> git_transport(GitRemote remote, std::stop_token stop) {
  return std::make_unique<GitTransport>(std::move(remote), std::move(stop));
}

Result<std::unique_ptr<Transport>> open_remote(Repository& repository,
                                               const std::string& remote,
                                               const Repository::Options& options,
                                               std::stop_token stop) {
  auto url = repository.remote_url(remote);
  if (!url) {
    return fail(Errc::not_found, "the repository has no remote \"" + remote + "\"",
                {"git remote add " + remote + " URL"});
  }
  // libgit2 knows one of each, the last.
  auto push_url = repository.push_url(remote);
  const auto urls = repository.configured("remote." + remote + ".url");
  const auto push_urls = repository.configured("remote." + remote + ".pushurl");
  const bool has_more = urls.size() > 1 || push_urls.size() > 1;
  if (has_more) {
    url = urls.front();
    push_url = push_urls.empty() ? url : push_urls.front();
  }
  const std::string base = repository.work_tree().value_or(repository.common_directory());
  const auto path = local_path_of(*url, base);
  const bool is_one = !push_url || (has_more && push_url == url);
  if (path && is_one) return local_transport(repository, *path, options);
  return git_transport({repository.common_directory(), base, remote, std::move(push_url), has_more},
                       std::move(stop));
}

}  // namespace hearth::packs::issues
