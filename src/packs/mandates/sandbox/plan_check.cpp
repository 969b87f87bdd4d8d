#include "packs/mandates/sandbox/plan_check.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/confined_path.hpp"
#include "packs/mandates/sandbox/bubblewrap.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t longest_words = 100'000;    // bytes of the command
constexpr std::size_t longest_input = 16U << 20;  // bytes
constexpr milliseconds longest_time{24 * 3'600'000};

// As the mounts would resolve it: else a symbolic link would show something else.
Result<void> check_place(const std::string& path, const std::string& what) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return fail_errno(what + " " + path, error.value());
  if (real.string() == path && path != "/") return {};
  return fail(Errc::invalid_args, what + " " + path + " is not its real path",
              {"name " + real.string()});
}

Result<void> check_places(const Plan& plan) {
  if (auto done = check_place(plan.workspace, "the workspace"); !done) return done;
  for (const std::string& path : plan.tools) {
    if (auto done = check_place(path, "the directory of tools"); !done) return done;
  }
  for (const std::string& path : plan.writable) {
    if (auto done = check_place(path, "the writable"); !done) return done;
  }
  for (const auto& [path, content] : plan.replaced) {
    if (auto done = check_place(path, "the file"); !done) return done;
  }
  for (const std::string& path : plan.read_only) {
    const auto holds = [&](const std::string& shown) { return is_within(path, shown); };
    if (!holds(plan.workspace) && std::ranges::none_of(plan.writable, holds))
      return fail(Errc::invalid_args, path + " is not below the workspace " + plan.workspace);
  }
  return {};
}

Result<void> check_shown(const Plan& plan, const std::vector<std::string>& hidden) {
  for (const std::string& path : hidden) {
    for (const std::string& each : shown_by(plan)) {
      if (is_within(each, path))
        return fail(Errc::permission, each + " belongs to hearth itself (" + path + ")",
                    {"no command may see it: name another directory"});
    }
  }
  // Mounted over these, a workspace would take the place of the system.
  for (const char* const path : {"/usr", "/etc", "/proc", "/dev", "/run", "/sys", "/bin", "/lib"}) {
    if (is_within(plan.workspace, path) || plan.workspace == "/tmp")
      return fail(Errc::permission, plan.workspace + " is a directory of the system",
                  {"name a project's directory"});
  }
  return {};
}

}  // namespace

std::vector<std::string> shown_by(const Plan& plan) {
  std::vector<std::string> paths = plan.tools;
  paths.push_back(plan.workspace);
  paths.insert(paths.end(), plan.writable.begin(), plan.writable.end());
  return paths;
}

Result<void> check_plan(const Plan& plan, const std::vector<std::string>& hidden) {
  std::size_t bytes = 0;
  for (const std::string& word : plan.words) {
    if (word.find('\0') != std::string::npos)
      return fail(Errc::invalid_args, "an argument has a zero byte in it");
    bytes += word.size() + 1;
  }
  if (plan.words.empty() || plan.words.front().empty() || bytes > longest_words)
    return fail(Errc::invalid_args, "a command has a program and at most 100,000 bytes");
  if (plan.input.size() > longest_input)
    return fail(Errc::invalid_args, "a command's input has at most 16 MiB");
  if (plan.limits.time <= milliseconds(0) || plan.limits.time > longest_time)
    return fail(Errc::invalid_args, "a command's time limit is between 1 ms and 24 h");
  for (const auto& [name, value] : plan.environment) {
    if (const std::string why = refusal_of_variable(name, value); !why.empty())
      return fail(Errc::permission, why);
  }
  if (auto done = check_places(plan); !done) return done;
  return check_shown(plan, hidden);
}

}  // namespace hearth::packs::mandates::sandbox
