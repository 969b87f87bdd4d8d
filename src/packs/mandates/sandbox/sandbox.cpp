#include "packs/mandates/sandbox/sandbox.hpp"

#include <unistd.h>

#include <utility>

#include "base/program_path.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

std::string beside_us(const std::string& name) {
  const std::string own = program_path();
  return own.substr(0, own.rfind('/') + 1) + name;
}

std::string describe(const Result<std::unique_ptr<const Delegation>>& found) {
  if (!found) return "rlimits and a watchdog: " + found.error().message;
  std::string names;
  for (const std::string& each : (*found)->controllers())
    names += (names.empty() ? "" : ", ") + each;
  return names.empty() ? "rlimits and a watchdog: its cgroup has no controller for either"
                       : "cgroup (" + names + ")";
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::open(Settings settings, const std::stop_token& stop) {
  if (settings.first_process.empty()) settings.first_process = beside_us("hearth-sandbox");
  if (::access(settings.first_process.c_str(), X_OK) != 0) {
    return fail(Errc::unavailable,
                "the program " + settings.first_process + " is missing, and without it no sandbox",
                {"install hearth again: it belongs beside hearthd"});
  }
  auto found = Delegation::find();
  std::string limited_by = describe(found);
  if (found) settings.delegation = std::move(*found);
  auto self_test = try_walls(settings, stop);
  if (!self_test) return std::unexpected(std::move(self_test.error()).within("sandbox"));
  if (!self_test->is_passed()) {
    return fail(Errc::unavailable, "the sandbox does not hold: " + self_test->describe(),
                {"mandates act only in a sandbox that holds; `hearth doctor` says more"});
  }
  return std::unique_ptr<Sandbox>(
      new Sandbox(std::move(settings), std::move(limited_by), std::move(*self_test)));
}

Sandbox::Sandbox(Settings settings, std::string limited_by, SelfTest self_test)
    : settings_(std::move(settings)),
      limited_by_(std::move(limited_by)),
      self_test_(std::move(self_test)) {}

Result<Outcome> Sandbox::run(const Plan& plan, const std::stop_token& stop) const {
  return run_in_sandbox(settings_, plan, stop);
}

std::string Outcome::describe() const {
  switch (end) {
    case End::exited:
      return "exited with status " + std::to_string(number);
    case End::signalled:
      return "was killed by signal " + std::to_string(number);
    case End::memory:
      return "used more memory than it may";
    case End::processes:
      return "started more processes than it may";
    case End::output:
      return "printed more than it may";
    case End::time:
      return "took longer than it may";
    case End::stopped:
      return "was stopped";
  }
  return {};
}

}  // namespace hearth::packs::mandates::sandbox
