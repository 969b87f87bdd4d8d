#include "packs/mandates/sandbox/self_test.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/unique_fd.hpp"
#include "packs/mandates/inside/probes.hpp"
#include "packs/mandates/sandbox/bubblewrap.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using State = WallReport::State;

constexpr std::array<std::string_view, 15> names{
    "system",    "files",         "environment", "descriptors",  "network",
    "processes", "privileges",    "namespaces",  "system_calls", "landlock",
    "memory",    "process_count", "time",        "tree",         "output"};

// A workspace, and beside it a file that no command may see.
class Ground final {
 public:
  static Result<Ground> make() {
    sweep();
    std::string pattern =
        (std::filesystem::temp_directory_path() / (std::string(prefix) + "XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) return fail_errno("make " + pattern, errno);
    std::error_code error;
    Ground ground(std::filesystem::canonical(pattern, error).string());
    if (error) return fail_errno("find " + pattern, error.value());
    const UniqueFd secret(::open(ground.secret().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    if (!secret.valid() || ::mkdir(ground.workspace().c_str(), 0700) != 0)
      return fail_errno("prepare " + pattern, errno);
    return ground;
  }
  Ground(Ground&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
  Ground& operator=(Ground&&) = delete;
  ~Ground() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string workspace() const { return path_ + "/workspace"; }
  [[nodiscard]] std::string secret() const { return path_ + "/secret"; }
  [[nodiscard]] std::string lock() const { return workspace() + "/lock"; }

 private:
  static constexpr std::string_view prefix = "hearth-walls-";

  explicit Ground(std::string path) : path_(std::move(path)) {}
  // What a killed daemon left. A test takes seconds, so that one of another daemon is younger.
  static void sweep() {
    constexpr std::time_t an_hour = 3'600;
    std::error_code error;
    for (const auto& each :
         std::filesystem::directory_iterator(std::filesystem::temp_directory_path(), error)) {
      struct stat status{};
      const std::string path = each.path().string();
      if (!each.path().filename().string().starts_with(prefix) ||
          ::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
          status.st_uid != ::geteuid() || std::time(nullptr) - status.st_mtime < an_hour)
        continue;
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  }
  std::string path_;
};

// What the probes try to reach.
std::string targets(const Ground& ground, const Settings& settings, const Plan& plan) {
  std::string text = "file " + ground.secret() + "\n";
  for (const std::string& path : settings.hidden) text += "file " + path + "\n";
  const auto given = environment_of(plan);
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string name = std::string(*each).substr(0, std::string_view(*each).find('='));
    const bool is_given = std::ranges::any_of(
        given, [&](const std::string& one) { return one.starts_with(name + "="); });
    // Bubblewrap itself sets PWD.
    if (!is_given && name != "PWD") text += "variable " + name + "\n";
  }
  // Below, numbers are taken by the sandbox's own processes.
  constexpr pid_t first_foreign = 100;
  if (::getpid() >= first_foreign) text += "process " + std::to_string(::getpid()) + "\n";
  return text;
}

class Trial final {
 public:
  Trial(const Settings& settings, const Ground& ground, const std::stop_token& stop)
      : settings_(settings), ground_(ground), stop_(stop) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      test_.walls.push_back(
          {.wall = static_cast<Wall>(i), .state = State::broken, .detail = "not tried"});
    }
  }

  Result<SelfTest> run() {
    for (const auto& step : {&Trial::try_break_outs, &Trial::try_memory, &Trial::try_processes,
                             &Trial::try_time, &Trial::try_output}) {
      if (auto done = (this->*step)(); !done) return std::unexpected(std::move(done.error()));
    }
    return std::move(test_);
  }

 private:
  Plan plan(std::string what) const {
    Plan made{.words = {std::string(inside::probe_word), std::move(what)},
              .workspace = ground_.workspace()};
    made.limits = {.memory_bytes = std::size_t{48} << 20,
                   .tmp_bytes = std::size_t{4} << 20,
                   .file_bytes = std::size_t{1} << 20,
                   .output_bytes = std::size_t{64} << 10,
                   .processes = 16,
                   .open_files = 64,
                   .time = std::chrono::seconds(20)};
    return made;
  }

  WallReport& at(Wall wall) { return test_.walls[static_cast<std::size_t>(wall)]; }
  void judge(Wall wall, bool holds, const std::string& detail) {
    at(wall).state = holds ? State::holds : State::broken;
    at(wall).detail = holds ? "" : detail;
  }

  Result<void> try_break_outs() {
    Plan made = plan("walls");
    made.input = targets(ground_, settings_, made);
    const auto outcome = run_in_sandbox(settings_, made, stop_);
    if (!outcome) return std::unexpected(outcome.error());
    std::string_view text = outcome->out;
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      const auto space = std::min(line.find(' '), line.size());
      const auto name = std::ranges::find(names, line.substr(0, space));
      if (name == names.end()) continue;
      line.remove_prefix(std::min(space + 1, line.size()));
      WallReport& report = at(static_cast<Wall>(name - names.begin()));
      report.state = line == "holds"    ? State::holds
                     : line == "absent" ? State::absent
                                        : State::broken;
      report.detail = report.state == State::broken ? line : "";
    }
    return {};
  }

  Result<void> try_memory() {
    const auto outcome = run_in_sandbox(settings_, plan("memory"), stop_);
    if (!outcome) return std::unexpected(outcome.error());
    judge(Wall::memory, outcome->end == Outcome::End::memory && outcome->out == "limited\n",
          "took four times what it may: " + outcome->describe());
    return {};
  }

  // Its last process outlives it in a session of its own, holding a lock.
  Result<void> try_processes() {
    const auto outcome = run_in_sandbox(settings_, plan("processes"), stop_);
    if (!outcome) return std::unexpected(outcome.error());
    // The kernel stops it, or the watchdog does.
    const int begun = std::atoi(outcome->out.c_str());
    judge(Wall::process_count,
          outcome->end == Outcome::End::processes || (begun > 0 && begun <= 16),
          "began " + outcome->out);
    const UniqueFd lock(::open(ground_.lock().c_str(), O_RDWR | O_CLOEXEC));
    judge(Wall::tree, lock.valid() && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0,
          "a process outlived the sandbox");
    return {};
  }

  Result<void> try_time() {
    Plan made = plan("sleep");
    made.limits.time = std::chrono::milliseconds(50);
    const auto outcome = run_in_sandbox(settings_, made, stop_);
    if (!outcome) return std::unexpected(outcome.error());
    judge(Wall::time, outcome->end == Outcome::End::time, outcome->describe());
    return {};
  }

  Result<void> try_output() {
    const auto outcome = run_in_sandbox(settings_, plan("output"), stop_);
    if (!outcome) return std::unexpected(outcome.error());
    judge(Wall::output, outcome->end == Outcome::End::output, outcome->describe());
    return {};
  }

  const Settings& settings_;
  const Ground& ground_;
  const std::stop_token& stop_;
  SelfTest test_;
};

}  // namespace

std::string_view wall_name(Wall wall) {
  return names[static_cast<std::size_t>(wall)];
}

bool SelfTest::is_passed() const {
  return walls.size() == names.size() && std::ranges::all_of(walls, [](const WallReport& each) {
           return each.state == State::holds ||
                  (each.state == State::absent && each.wall == Wall::landlock);
         });
}

std::string SelfTest::describe() const {
  std::string text;
  for (const WallReport& each : walls) {
    if (each.state == State::holds) continue;
    text += (text.empty() ? "" : "; ") + std::string(wall_name(each.wall)) + ": " +
            (each.state == State::absent ? "absent" : each.detail);
  }
  return text.empty() ? "all hold" : text;
}

Result<SelfTest> try_walls(const Settings& settings, const std::stop_token& stop) {
  auto ground = Ground::make();
  if (!ground) return std::unexpected(std::move(ground.error()));
  return Trial(settings, *ground, stop).run();
}

}  // namespace hearth::packs::mandates::sandbox
