#include "packs/mandates/workspace/repository_config.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace hearth::packs::mandates::workspace {
namespace {

// As git prints them: section and variable in small letters, a name between them as it is.
constexpr std::array<std::string_view, 36> harmless{"core.abbrev",
                                                    "core.autocrlf",
                                                    "core.bare",
                                                    "core.bigfilethreshold",
                                                    "core.checkstat",
                                                    "core.commentchar",
                                                    "core.compression",
                                                    "core.eol",
                                                    "core.filemode",
                                                    "core.fscache",
                                                    "core.ignorecase",
                                                    "core.logallrefupdates",
                                                    "core.precomposeunicode",
                                                    "core.quotepath",
                                                    "core.repositoryformatversion",
                                                    "core.safecrlf",
                                                    "core.sharedrepository",
                                                    "core.sparsecheckout",
                                                    "core.sparsecheckoutcone",
                                                    "core.splitindex",
                                                    "core.symlinks",
                                                    "core.trustctime",
                                                    "core.untrackedcache",
                                                    "core.whitespace",
                                                    "extensions.compatobjectformat",
                                                    "extensions.noop",
                                                    "extensions.objectformat",
                                                    "extensions.partialclone",
                                                    "extensions.preciousobjects",
                                                    "extensions.refstorage",
                                                    "i18n.commitencoding",
                                                    "i18n.logoutputencoding",
                                                    "index.version",
                                                    "pull.ff",
                                                    "pull.rebase",
                                                    "push.default"};
constexpr std::array<std::string_view, 8> harmless_of_names{
    "branch.merge", "branch.rebase", "branch.remote",  "branch.pushremote",
    "remote.fetch", "remote.url",    "remote.pushurl", "remote.promisor"};
constexpr std::string_view worktree_extension = "extensions.worktreeconfig";

struct Key {
  std::string_view section;
  std::optional<std::string_view> name;  // "origin" of remote.origin.url
  std::string_view variable;
};

std::optional<Key> parts_of(std::string_view key) {
  const auto first = key.find('.');
  const auto last = key.rfind('.');
  if (first == std::string_view::npos) return std::nullopt;
  Key parts{.section = key.substr(0, first), .name = {}, .variable = key.substr(last + 1)};
  if (first != last) parts.name = key.substr(first + 1, last - first - 1);
  return parts;
}

bool is_harmless(const Key& key) {
  const std::string flat = std::string(key.section) + "." + std::string(key.variable);
  return key.name ? std::ranges::find(harmless_of_names, flat) != harmless_of_names.end()
                  : std::ranges::find(harmless, flat) != harmless.end();
}

std::string in_quotes(std::string_view text) {
  std::string all = "\"";
  for (const char c : text) {
    if (c == '\n') {
      all += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') all += '\\';
    all += c;
  }
  return all + "\"";
}

bool is_there(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

// By git itself, without what it includes.
Result<std::string> list(const sandbox::Sandbox& sandbox,
                         const std::string& directory,
                         const std::string& file,
                         const std::stop_token& stop) {
  const sandbox::Plan plan{
      .words = {"git", "config", "--file", directory + "/" + file, "--list", "-z", "--no-includes"},
      .workspace = directory,
      .may_write = false};
  auto ran = sandbox.run(plan, stop);
  if (!ran) return std::unexpected(std::move(ran.error()));
  if (ran->end == sandbox::Outcome::End::stopped) return fail(Errc::cancelled, "stopped");
  if (!ran->is_success())
    return fail(Errc::unsupported, "git cannot read " + directory + "/" + file + ": " + ran->err);
  return std::move(ran->out);
}

}  // namespace

std::string harmless_config(std::string_view listed) {
  std::string text;
  while (!listed.empty()) {
    const auto end = std::min(listed.find('\0'), listed.size());
    const std::string_view entry = listed.substr(0, end);
    listed.remove_prefix(std::min(end + 1, listed.size()));
    const auto line = entry.find('\n');
    const auto key = parts_of(entry.substr(0, line));
    // In a section's line there is no way to write the end of one.
    if (!key || !is_harmless(*key)) continue;
    text += "[" + std::string(key->section);
    if (key->name) text += " " + in_quotes(*key->name);
    text += "]\n\t" + std::string(key->variable);
    if (line != std::string_view::npos) text += " = " + in_quotes(entry.substr(line + 1));
    text += "\n";
  }
  return text;
}

Result<void> give_harmless_config(sandbox::Plan& plan,
                                  const sandbox::Sandbox& sandbox,
                                  const GitPlace& place,
                                  const std::stop_token& stop) {
  if (!is_there(place.common + "/config")) return {};  // and nobody can make one there meanwhile
  auto listed = list(sandbox, place.common, "config", stop);
  if (!listed) return std::unexpected(std::move(listed.error()));
  std::string text = harmless_config(*listed);
  // Without the extension git does not read that file, of which the harmless is here then.
  if (listed->find(worktree_extension) != std::string::npos &&
      is_there(place.directory + "/config.worktree")) {
    auto more = list(sandbox, place.directory, "config.worktree", stop);
    if (!more) return std::unexpected(std::move(more.error()));
    text += harmless_config(*more);
  }
  plan.replaced.emplace_back(place.common + "/config", std::move(text));
  return {};
}

}  // namespace hearth::packs::mandates::workspace
