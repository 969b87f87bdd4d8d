#include "cli/setup.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/clock.hpp"
#include "base/program_path.hpp"
#include "base/text_diff.hpp"
#include "cli/command.hpp"
#include "ipc/paths.hpp"
#include "store/atomic_file.hpp"
#include "store/env.hpp"

namespace hearth::cli {
namespace {

constexpr std::size_t largest_file = std::size_t{64} << 20;

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// Dotfile managers keep links: the file behind the link is the one to edit.
Result<std::string> resolve_links(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return path;
  std::array<char, 4096> real{};
  if (::realpath(path.c_str(), real.data()) == nullptr)
    return fail_errno("follow the symbolic link " + path, errno);
  return std::string(real.data());
}

Result<void> check_file(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return fail_errno("look at " + path, errno);
  if (!S_ISREG(info.st_mode)) return fail(Errc::io, path + " is not a regular file");
  if (info.st_uid != ::geteuid()) {
    return fail(Errc::permission,
                path + " belongs to uid " + std::to_string(info.st_uid) + ", not to you",
                {"run this as its owner"});
  }
  return {};
}

Result<void> make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (::mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST && !exists(parent))
      return fail_errno("create directory " + parent, errno);
  }
  return {};
}

// "FILE.20261121T090000123Z.bak": sorts by time, and no two alike.
std::string backup_name(const std::string& file) {
  std::string stamp = format_rfc3339(SystemClock().wall());
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return file + "." + stamp + ".bak";
}

// ---- the command ------------------------------------------------------------------------------

// The path by which clients start this program: its name in PATH if that leads here (an upgrade
// behind it goes unnoticed), else where it is.
std::string own_command() {
  const std::string self = program_path();
  struct stat own{};
  if (::stat(self.c_str(), &own) != 0) return "hearth";
  const std::string path = environment("PATH").value_or("");
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string candidate = path.substr(begin, end - begin) + "/hearth";
    struct stat info{};
    const bool is_found = candidate.starts_with('/') && ::stat(candidate.c_str(), &info) == 0;
    if (is_found) return info.st_ino == own.st_ino && info.st_dev == own.st_dev ? candidate : self;
    begin = end + 1;
  }
  return self;
}

ServerEntry entry_for(const Context& context, bool is_project) {
  ServerEntry entry;
  // A project's file is shared: no path of this machine, no home of this user.
  entry.command = is_project ? "hearth" : own_command();
  entry.arguments = context.globals().words;
  entry.arguments.insert(entry.arguments.begin(), "mcp");
  const auto home = environment("HEARTH_HOME");
  if (!is_project && home && !home->empty()) entry.environment["HEARTH_HOME"] = *home;
  return entry;
}

// The git top level of the working directory, else that itself.
Result<std::string> project_directory() {
  const std::string cwd = working_directory();
  std::string top = cwd;
  for (std::string at = cwd; at.size() > 1; at = store::directory_of(at)) {
    if (!exists(at + "/.git")) continue;
    top = at;
    break;
  }
  if (top.size() <= 1 || top == environment("HOME").value_or("")) {
    return fail(Errc::invalid_args,
                "--project: " + (top.empty() ? "no directory" : top) + " is no project",
                {"change to the project's directory"});
  }
  return top;
}

json::Object report_of(const AiClient& client, const SetupPlan& plan, bool is_dry_run) {
  return {{"client", client.name},
          {"file", plan.file},
          {"changed", plan.before != plan.after && !is_dry_run},
          {"already_there", plan.before == plan.after},
          {"dry_run", is_dry_run},
          {"diff", text_diff(plan.before, plan.after)}};
}

std::string diff_of(const SetupPlan& plan, const Look& look) {
  const std::string diff = text_diff(plan.before, plan.after);
  return look.color ? colored_diff(diff) : diff;
}

std::vector<Parameter> setup_parameters() {
  Parameter client{.name = "client",
                   .about = "The client to connect",
                   .is_positional = true,
                   .is_required = true};
  for (const AiClient& each : ai_clients()) client.choices.emplace_back(each.name);
  return {
      std::move(client),
      {.name = "dry_run", .about = "Show the change and do nothing", .kind = ValueKind::boolean},
      {.name = "project",
       .about = "Edit the project's own file (git top level) instead of the user's",
       .kind = ValueKind::boolean}};
}

Result<int> run_setup(const Context& context, const Arguments& arguments) {
  const AiClient& client = *find_ai_client(*arguments.one("client"));
  const bool is_project = arguments.flag("project");
  const bool is_dry_run = arguments.flag("dry_run");
  auto project = is_project ? project_directory() : Result<std::string>("");
  if (!project) return std::unexpected(std::move(project.error()));
  const auto file = client.file(environment, *project);
  if (!file) return std::unexpected(file.error());
  const auto plan = plan_setup(client, *file, entry_for(context, is_project));
  if (!plan) return std::unexpected(plan.error());

  json::Object report = report_of(client, *plan, is_dry_run);
  const Output& output = context.output();
  if (plan->before == plan->after)
    return output.result(report,
                         std::string(client.title) + " knows hearth already: " + plan->file + "\n");
  std::string text =
      plan->file + (plan->is_new ? " (new)\n" : "\n") + diff_of(*plan, output.look());
  if (is_dry_run) return output.result(report, text + "nothing was changed (--dry-run)\n");
  const auto backup = apply_setup(*plan, !is_project);
  if (!backup) return std::unexpected(backup.error());
  report["backup"] = *backup;
  if (!backup->empty()) text += "the file as it was: " + *backup + "\n";
  return output.result(report, text + "next: " + std::string(client.next) + "\n");
}

constexpr std::array commands{
    Command{
        "setup", "Connect an AI client: claude-code, cursor, vscode, codex, opencode",
        "Enters hearth as an MCP server into the client's configuration file: shows the change, "
        "keeps everything else byte for byte, leaves a backup, and does nothing when it is there "
        "already. --namespace, --no-daemon, --strict and --read-only are passed on to the entry.",
        setup_parameters, run_setup},
};

}  // namespace

Result<SetupPlan> plan_setup(const AiClient& client,
                             const std::string& file,
                             const ServerEntry& entry) {
  auto real = resolve_links(file);
  if (!real) return std::unexpected(std::move(real.error()));
  SetupPlan plan{.file = std::move(*real), .before = {}, .after = {}};
  plan.is_new = !exists(plan.file);
  if (!plan.is_new) {
    if (auto checked = check_file(plan.file); !checked)
      return std::unexpected(std::move(checked.error()));
    auto text = store::system_env().read(plan.file, largest_file);
    if (!text) return std::unexpected(std::move(text.error()));
    plan.before = std::move(*text);
  }
  auto after = client.enter(plan.before, entry);
  if (!after) {
    Error error = std::move(after.error()).within(plan.file);
    if (error.suggestions.empty()) error.suggestions = {"correct the file, then try again"};
    return std::unexpected(std::move(error));
  }
  plan.after = std::move(*after);
  return plan;
}

Result<std::string> apply_setup(const SetupPlan& plan, bool is_private) {
  mode_t mode = is_private ? 0600 : 0644;
  if (plan.is_new) {
    if (auto made = make_directories(plan.file); !made)
      return std::unexpected(std::move(made.error()));
    if (exists(plan.file))
      return fail(Errc::conflict, plan.file + " appeared meanwhile", {"try again"});
    if (auto written = store::replace_file(plan.file, plan.after, mode); !written)
      return std::unexpected(std::move(written.error()));
    return std::string();
  }
  struct stat info{};
  if (::stat(plan.file.c_str(), &info) != 0) return fail_errno("look at " + plan.file, errno);
  mode = info.st_mode & 0777;
  const std::string backup = backup_name(plan.file);
  if (auto saved = store::replace_file(backup, plan.before, mode); !saved)
    return std::unexpected(std::move(saved.error()).within("save a backup"));
  const auto now = store::system_env().read(plan.file, largest_file);
  if (!now || *now != plan.before) {
    (void)store::system_env().unlink(backup);
    return fail(Errc::conflict, plan.file + " was changed by another program meanwhile",
                {"try again; a running client may write to it"});
  }
  if (auto written = store::replace_file(plan.file, plan.after, mode); !written)
    return std::unexpected(std::move(written.error()));
  return backup;
}

std::span<const Command> setup_commands() {
  return commands;
}

}  // namespace hearth::cli
