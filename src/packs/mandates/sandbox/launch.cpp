#include "packs/mandates/sandbox/launch.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "packs/mandates/inside/keeper.hpp"
#include "packs/mandates/inside/order.hpp"
#include "packs/mandates/sandbox/bubblewrap.hpp"
#include "packs/mandates/sandbox/channels.hpp"
#include "packs/mandates/sandbox/memory_file.hpp"
#include "packs/mandates/sandbox/plan_check.hpp"
#include "packs/mandates/sandbox/real_path.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

// What is to be mounted, for the first process to look whether it was. Since the path was checked,
// somebody may have put a link there.
Result<std::vector<std::string>> mounts_of(const Plan& plan) {
  std::vector<std::string> mounted;
  for (const std::string& path : shown_by(plan)) {
    const auto file = open_real(path);
    if (!file) return std::unexpected(file.error());
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return fail_errno(path, errno);
    mounted.push_back(inside::mounted_as(status, path));
  }
  return mounted;
}

class Launch final {
 public:
  Launch(const Settings& settings, const Plan& plan, const Company& company)
      : settings_(settings), plan_(plan), company_(company) {}

  Result<Launched> operator()() {
    auto control = make_control();
    auto lifeline = make_lifeline();
    auto out = make_pipe();
    auto err = make_pipe();
    if (!control || !lifeline || !out || !err) return fail_errno("make a sandbox's pipes", errno);
    child_.environment = environment_of(plan_);
    child_.output = out->theirs.get();
    child_.errors = err->theirs.get();
    if (auto done = add_keeper(lifeline->theirs.get()); !done)
      return std::unexpected(std::move(done.error()));
    if (auto done = add_bubblewrap(); !done) return std::unexpected(std::move(done.error()));
    if (auto done = add_first_process(control->theirs.get()); !done)
      return std::unexpected(std::move(done.error()));
    auto started = io::ChildProcess::start(child_);
    if (!started) return std::unexpected(as_unavailable(std::move(started.error())));
    return Launched{.control = std::move(control->ours),
                    .streams = {std::move(out->ours), std::move(err->ours)},
                    .lifeline = std::move(lifeline->ours),
                    .keeper = std::move(*started)};
  }

 private:
  static Error as_unavailable(Error error) {
    error.code = Errc::unavailable;
    return error;
  }

  // What bubblewrap or the first process read; the number is the same there.
  Result<int> lend(std::string_view content) {
    auto file = memory_file(content);
    if (!file) return std::unexpected(std::move(file.error()));
    child_.lent.push_back(file->get());
    lent_.push_back(std::move(*file));
    return lent_.back().get();
  }

  Result<void> add_keeper(int lifeline) {
    auto program = io::find_program(settings_.bubblewrap);
    if (!program) {
      if (program.error().code == Errc::not_found)
        program.error().suggestions = {"install bubblewrap (Debian: apt install bubblewrap)"};
      return std::unexpected(as_unavailable(std::move(program.error())));
    }
    child_.words = {settings_.first_process};
    const inside::KeepOrder order{
        .lifeline = lifeline, .group = company_.group, .words = {std::move(*program)}};
    const auto rest = order.to_arguments();
    child_.words.insert(child_.words.end(), rest.begin(), rest.end());
    child_.lent.push_back(lifeline);
    if (company_.group >= 0) child_.lent.push_back(company_.group);
    return {};
  }

  Result<void> add_bubblewrap() {
    const std::string user = std::to_string(inner_user());
    const auto users = lend("hearth:x:" + user + ":" + user + "::" + inner_home + ":/bin/sh\n");
    const auto groups = lend("hearth:x:" + user + ":\n");
    if (!users || !groups) return fail_errno("memory file", errno);
    Surroundings around{.program = settings_.first_process,
                        .proxy_socket = company_.proxy_socket,
                        .users = *users,
                        .groups = *groups,
                        .replaced = {},
                        .hidden = settings_.hidden};
    for (const auto& [path, content] : plan_.replaced) {
      const auto file = lend(content);
      if (!file) return std::unexpected(file.error());
      around.replaced.emplace_back(path, *file);
    }
    std::string arguments;
    for (const std::string& word : bubblewrap_arguments(plan_, around))
      arguments.append(word).push_back('\0');
    const auto told = lend(arguments);
    if (!told) return std::unexpected(told.error());
    child_.words.insert(child_.words.end(), {"--args", std::to_string(*told)});
    return {};
  }

  Result<void> add_first_process(int control) {
    const auto input = lend(plan_.input);
    if (!input) return std::unexpected(input.error());
    auto mounted = mounts_of(plan_);
    if (!mounted) return std::unexpected(std::move(mounted.error()));
    inside::Order order{.control = control,
                        .input = *input,
                        .memory_bytes = plan_.limits.memory_bytes,
                        .file_bytes = plan_.limits.file_bytes,
                        .processes = plan_.limits.processes,
                        .open_files = plan_.limits.open_files,
                        .mounted = std::move(*mounted),
                        .directory = plan_.directory.empty() ? plan_.workspace : plan_.directory,
                        .words = plan_.words};
    if (!company_.proxy_socket.empty()) {
      order.relay_port = inner_proxy_port;
      order.relay_socket = inner_proxy;
    }
    add_landlock_paths(order, plan_);
    child_.lent.push_back(control);
    child_.words.emplace_back(inner_program);
    const auto rest = order.to_arguments();
    child_.words.insert(child_.words.end(), rest.begin(), rest.end());
    return {};
  }

  const Settings& settings_;
  const Plan& plan_;
  const Company& company_;
  io::ChildPlan child_;
  std::vector<UniqueFd> lent_;  // until it has them
};

}  // namespace

Result<Launched> launch(const Settings& settings, const Plan& plan, const Company& company) {
  return Launch(settings, plan, company)();
}

}  // namespace hearth::packs::mandates::sandbox
