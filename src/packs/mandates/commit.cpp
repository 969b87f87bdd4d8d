#include "packs/mandates/commit.hpp"

#include <algorithm>
#include <utility>

#include "packs/mandates/workspace/guarded_command.hpp"
#include "packs/mandates/workspace/policy.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_bytes = std::size_t{32} << 20;
constexpr std::string_view trailer = "Hearth-Effect: ";

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// What git prints; nothing when it fails.
Result<std::optional<std::string>> ask_git(const sandbox::Sandbox& sandbox,
                                           const workspace::Root& root,
                                           std::vector<std::string> arguments,
                                           const std::stop_token& stop = {}) {
  auto ran =
      workspace::call_git(sandbox, root, {.arguments = std::move(arguments), .input = {}}, stop);
  if (!ran) return std::unexpected(std::move(ran.error()));
  if (!ran->is_success()) return std::nullopt;
  return trimmed(ran->out);
}

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
                                  const workspace::Root& root) {
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
      out += "D " + each.path + "\n";
      continue;
    }
    out += std::string("M ") + ((file->mode & 0100) != 0 ? "100755" : "100644") + " inline " +
           each.path + "\n";
    put_data(out, file->content);
    if (out.size() > most_bytes) return fail(Errc::unsupported, "a commit holds at most 32 MiB");
  }
  return out;
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
    auto path = workspace::normal_path(each.path);
    if (!path) return std::unexpected(std::move(path.error()));
    each.path = std::move(*path);
    if (each.path.starts_with('"'))
      return fail(Errc::unsupported, "a name that begins with a quotation mark");
    if (!workspace::protection_of(each.path).empty() && each.path.find(".git") == 0)
      return fail(Errc::permission, each.path + " is version control's own");
    const auto file = root.read(each.path);
    if (!file && file.error().code != Errc::not_found) return std::unexpected(file.error());
    // A command that is given one may have left it there.
    if (file && redactor.redact(file->content) != file->content)
      return fail(Errc::permission, each.path + " holds a secret");
    each.action = file ? "edit" : "remove";
    each.after_hash = file ? file->hash : std::string();
    each.mode = file ? static_cast<std::int64_t>(file->mode) : 0;
  }
  const auto head = ask_git(sandbox, root, {"symbolic-ref", "--quiet", "HEAD"});
  if (!head) return std::unexpected(head.error());
  if (*head && **head == "refs/heads/" + deed.branch)
    return fail(Errc::conflict, "the branch " + deed.branch + " is checked out",
                {"commit to another one"});
  for (const std::string& name : {"refs/heads/" + deed.branch, std::string("HEAD")}) {
    const auto base = ask_git(sandbox, root, {"rev-parse", "--verify", "--quiet", name});
    if (!base) return std::unexpected(base.error());
    if (!*base) continue;
    deed.base = **base;
    return {};
  }
  return fail(Errc::not_found, "the workspace is no git repository with a commit");
}

Result<std::string> commit(const Deed& deed,
                           const std::string& key,
                           const workspace::Root& root,
                           const sandbox::Sandbox& sandbox,
                           const std::stop_token& stop) {
  auto stream = import_stream(deed, key, root);
  if (!stream) return std::unexpected(std::move(stream.error()));
  auto ran = workspace::call_git(sandbox, root,
                                 {.arguments = {"fast-import", "--quiet", "--date-format=now"},
                                  .input = std::move(*stream),
                                  .writes = true},
                                 stop);
  if (!ran) return std::unexpected(std::move(ran.error()));
  if (!ran->is_success()) return fail(Errc::conflict, "git: " + ran->describe() + ": " + ran->err);
  const auto made = ask_git(sandbox, root, {"rev-parse", "refs/heads/" + deed.branch});
  if (!made) return std::unexpected(made.error());
  return "committed " + made->value_or("") + " to " + deed.branch;
}

Result<Standing> inspect_commit(const Deed& deed,
                                const std::string& key,
                                const workspace::Root& root,
                                const sandbox::Sandbox& sandbox) {
  const std::string name = "refs/heads/" + deed.branch;
  const auto tip = ask_git(sandbox, root, {"rev-parse", "--verify", "--quiet", name});
  if (!tip) return std::unexpected(tip.error());
  // None yet: a new branch; or the one that it would follow.
  if (!*tip || **tip == deed.base) return Standing::before;
  const auto message = ask_git(sandbox, root, {"log", "-1", "--format=%B", name});
  if (!message) return std::unexpected(message.error());
  const std::string mark = std::string(trailer) + key;
  return *message && (*message)->ends_with(mark) ? Standing::after : Standing::other;
}

}  // namespace hearth::packs::mandates
