#include "packs/mandates/commit.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "packs/mandates/workspace/content_hash.hpp"
#include "packs/mandates/workspace/git_place.hpp"
#include "packs/mandates/workspace/guarded_command.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_bytes = std::size_t{32} << 20;
constexpr std::string_view trailer = "Hearth-Effect: ";

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// What git is told line by line cannot hold the end of one.
Result<void> check_name(const std::string& path) {
  if (std::ranges::none_of(path, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) return {};
  return fail(Errc::unsupported, "a path with control characters is not committed",
              {"rename it, or commit it yourself"});
}

// As git's streams take a path whatever it holds: C's string literals.
std::string quoted_path(std::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

// git in the repository of a workspace.
class Git final {
 public:
  static Result<Git> open(const sandbox::Sandbox& sandbox, const workspace::Root& root) {
    auto place = workspace::find_git(root);
    if (!place) return std::unexpected(std::move(place.error()));
    if (auto good = check_name(place->prefix); !good)
      return std::unexpected(std::move(good.error()));
    return Git(sandbox, root, std::move(*place));
  }

  [[nodiscard]] const std::string& prefix() const { return place_.prefix; }

  // What it prints; nothing when it fails.
  [[nodiscard]] Result<std::optional<std::string>> ask(std::vector<std::string> arguments) const {
    auto ran = call({.arguments = std::move(arguments), .input = {}}, {});
    if (!ran) return std::unexpected(std::move(ran.error()));
    if (!ran->is_success()) return std::nullopt;
    return trimmed(ran->out);
  }
  [[nodiscard]] Result<sandbox::Outcome> call(workspace::GitCall call,
                                              const std::stop_token& stop) const {
    return workspace::call_git(*sandbox_, *root_, place_, std::move(call), stop);
  }

 private:
  Git(const sandbox::Sandbox& sandbox, const workspace::Root& root, workspace::GitPlace place)
      : sandbox_(&sandbox), root_(&root), place_(std::move(place)) {}
  const sandbox::Sandbox* sandbox_;
  const workspace::Root* root_;
  workspace::GitPlace place_;
};

Result<void> check_branch(const std::string& branch) {
  const bool is_plain = std::ranges::all_of(branch, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '/' || c == '.';
  });
  const bool is_odd = branch.find("..") != std::string::npos ||
                      branch.find("//") != std::string::npos || branch.ends_with('/') ||
                      branch.ends_with(".lock") || branch.ends_with('.') ||
                      branch.find("/.") != std::string::npos;
  if (branch.starts_with(branch_prefix) && branch.size() > branch_prefix.size() &&
      branch.size() <= 200 && is_plain && !is_odd)
    return {};
  return fail(Errc::invalid_args, "\"" + branch + "\" is no branch for mandates",
              {"use hearth/ and letters, digits, - and _"});
}

// Exactly the bytes, whatever they hold.
void put_data(std::string& out, std::string_view bytes) {
  out.append("data ").append(std::to_string(bytes.size())).append("\n").append(bytes).append("\n");
}

// The stream of fast-import(1).
Result<std::string> import_stream(const Deed& deed,
                                  const std::string& key,
                                  const workspace::Root& root,
                                  const std::string& prefix) {
  const workspace::GitIdentity identity;
  std::string out = "commit refs/heads/" + deed.branch + "\ncommitter " + identity.name + " <" +
                    identity.email + "> now\n";
  put_data(out, deed.message + "\n\n" + std::string(trailer) + key + "\n");
  out += "from " + deed.base + "\n";
  for (const DeedFile& each : deed.files) {
    auto file = root.read(each.path);
    if (!file && file.error().code != Errc::not_found) return std::unexpected(file.error());
    const std::string hash = file ? file->hash : std::string();
    if (hash != each.after_hash)
      return fail(Errc::conflict, each.path + " has changed since the commit was decided");
    if (!file) {
      out += "D " + quoted_path(prefix + each.path) + "\n";
      continue;
    }
    out += std::string("M ") + ((file->mode & 0100) != 0 ? "100755" : "100644") + " inline " +
           quoted_path(prefix + each.path) + "\n";
    put_data(out, file->content);
    if (out.size() > most_bytes) return fail(Errc::unsupported, "a commit holds at most 32 MiB");
  }
  return out;
}

// The last commit of the branch, or the one checked out for a new branch.
Result<std::string> find_base(const Git& git, const std::string& branch) {
  const std::string reference = "refs/heads/" + branch;
  const auto checkouts = git.ask({"for-each-ref", "--format=%(worktreepath)", reference});
  if (!checkouts) return std::unexpected(checkouts.error());
  if (*checkouts && !(*checkouts)->empty())
    return fail(Errc::conflict, "the branch " + branch + " is checked out in " + **checkouts,
                {"commit to another one"});
  for (const std::string& name : {reference, std::string("HEAD")}) {
    const auto base = git.ask({"rev-parse", "--verify", "--quiet", name});
    if (!base) return std::unexpected(base.error());
    if (*base) return **base;
  }
  return fail(Errc::not_found, "the workspace is no git repository with a commit");
}

// One entry of what cat-file --batch prints, taken from the front: "ID blob SIZE", the bytes; or
// "NAME missing".
Result<std::optional<std::string>> take_blob(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos)
    return fail(Errc::internal, "git tells less than it was asked");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (line.ends_with(" missing")) return std::nullopt;
  const std::string_view digits = line.substr(line.rfind(' ') + 1);
  std::size_t size = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc{} || size >= text.size())
    return fail(Errc::internal, "git tells less than it was asked");
  std::string content(text.substr(0, size));
  text.remove_prefix(size + 1);
  return content;
}

// What the base has of each file, so that whoever approves sees the difference.
Result<void> add_base(Deed& deed, const Git& git) {
  std::string names;
  for (const DeedFile& each : deed.files)
    names += deed.base + ":" + git.prefix() + each.path + "\n";
  const auto ran = git.call({.arguments = {"cat-file", "--batch"}, .input = names}, {});
  if (!ran) return std::unexpected(ran.error());
  if (!ran->is_success())
    return fail(
        Errc::unsupported,
        "the files of the last commit cannot be shown: git " + ran->describe() + ": " + ran->err,
        {"commit fewer files at once"});
  std::string_view text = ran->out;
  for (DeedFile& each : deed.files) {
    auto before = take_blob(text);
    if (!before) return std::unexpected(std::move(before.error()));
    if (!*before && each.action == "remove")
      return fail(Errc::not_found, each.path + " is neither in the workspace nor on the branch",
                  {"name the files that the commit is to hold"});
    if (!*before && each.action == "edit") each.action = "create";
    if (!*before) continue;
    each.before_hash = workspace::content_hash(**before);
    each.before = std::move(**before);
  }
  return {};
}

// The file as it is now.
Result<void> add_content(DeedFile& each,
                         const workspace::Root& root,
                         const secrets::Redactor& redactor) {
  auto path = workspace::normal_path(each.path);
  if (!path) return std::unexpected(std::move(path.error()));
  each.path = std::move(*path);
  if (auto good = check_name(each.path); !good) return good;
  if (each.path == ".git" || each.path.starts_with(".git/"))
    return fail(Errc::permission, each.path + " is version control's own");
  auto file = root.read(each.path);
  if (!file && file.error().code != Errc::not_found) return std::unexpected(file.error());
  // A command that is given one may have left it there.
  if (file && redactor.redact(file->content) != file->content)
    return fail(Errc::permission, each.path + " holds a secret");
  each.action = file ? "edit" : "remove";
  if (!file) return {};
  each.after_hash = file->hash;
  each.mode = static_cast<std::int64_t>(file->mode);
  each.after = std::move(file->content);
  return {};
}

}  // namespace

Result<void> prepare_commit(Deed& deed,
                            const workspace::Root& root,
                            const sandbox::Sandbox& sandbox,
                            const secrets::Redactor& redactor) {
  if (auto ok = check_branch(deed.branch); !ok) return ok;
  if (deed.message.empty() || deed.files.empty())
    return fail(Errc::invalid_args, "a commit needs a message and at least one path");
  for (DeedFile& each : deed.files) {
    if (auto done = add_content(each, root, redactor); !done) return done;
  }
  const auto git = Git::open(sandbox, root);
  if (!git) return std::unexpected(git.error());
  auto base = find_base(*git, deed.branch);
  if (!base) return std::unexpected(std::move(base.error()));
  deed.base = std::move(*base);
  if (auto done = add_base(deed, *git); !done) return done;
  // Whether one may be executed now that could not before, git alone knows.
  const bool has_changes = std::ranges::any_of(deed.files, [](const DeedFile& each) {
    return each.before_hash != each.after_hash || (each.mode & 0100) != 0;
  });
  if (!has_changes)
    return fail(Errc::invalid_args, "none of these files differs from what " + deed.branch + " has",
                {"change them first, or leave the commit out"});
  for (DeedFile& each : deed.files) {
    if (is_text(each.before) && is_text(each.after)) continue;
    each.before.clear();
    each.after.clear();
  }
  return {};
}

Result<std::string> commit(const Deed& deed,
                           const std::string& key,
                           const workspace::Root& root,
                           const sandbox::Sandbox& sandbox,
                           const std::stop_token& stop) {
  const auto git = Git::open(sandbox, root);
  if (!git) return std::unexpected(git.error());
  auto stream = import_stream(deed, key, root, git->prefix());
  if (!stream) return std::unexpected(std::move(stream.error()));
  const auto ran = git->call({.arguments = {"fast-import", "--quiet", "--date-format=now"},
                              .input = std::move(*stream),
                              .writes = true},
                             stop);
  if (!ran) return std::unexpected(ran.error());
  if (!ran->is_success()) return fail(Errc::conflict, "git: " + ran->describe() + ": " + ran->err);
  const auto made = git->ask({"rev-parse", "refs/heads/" + deed.branch});
  if (!made) return std::unexpected(made.error());
  return "committed " + made->value_or("") + " to " + deed.branch;
}

Result<Standing> inspect_commit(const Deed& deed,
                                const std::string& key,
                                const workspace::Root& root,
                                const sandbox::Sandbox& sandbox) {
  const auto git = Git::open(sandbox, root);
  if (!git) return std::unexpected(git.error());
  const std::string name = "refs/heads/" + deed.branch;
  const auto tip = git->ask({"rev-parse", "--verify", "--quiet", name});
  if (!tip) return std::unexpected(tip.error());
  // None yet: a new branch; or the one that it would follow.
  if (!*tip || **tip == deed.base) return Standing::before;
  const auto message = git->ask({"log", "-1", "--format=%B", name});
  if (!message) return std::unexpected(message.error());
  const std::string mark = std::string(trailer) + key;
  return *message && (*message)->ends_with(mark) ? Standing::after : Standing::other;
}

}  // namespace hearth::packs::mandates
