#include "support/temp_home.hpp"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

extern char** environ;

namespace hearth::test {
namespace {

namespace fs = std::filesystem;

// The test's own environment without what would change where hearth looks.
Environment clean_environment() {
  Environment clean;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    const bool is_ours = text.starts_with("HEARTH_") || text.starts_with("XDG_") ||
                         text.starts_with("LISTEN_") || equals == std::string_view::npos;
    if (!is_ours) clean.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return clean;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string binary_directory() {
  const char* chosen = std::getenv("HEARTH_BIN_DIR");
  return chosen != nullptr ? chosen : HEARTH_BIN_DIR;
}

TempHome::TempHome() : binaries_(binary_directory()), environment_(clean_environment()) {
  std::string pattern = "/tmp/hearth-bb-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
  root_ = pattern;
  path_ = root_ + "/h";
  fs::create_directory(path_);
  fs::permissions(path_, fs::perms::owner_all);
  environment_["HEARTH_HOME"] = path_;
  environment_["HOME"] = root_;
}

TempHome::~TempHome() {
  for (const std::string_view program : {"hearth", "hearthd"}) {
    for (const pid_t pid : processes(program)) ::kill(pid, SIGKILL);
  }
  (void)eventually([this] { return daemons().empty(); }, std::chrono::seconds(5));
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

std::string TempHome::log_text() const {
  std::string text;
  for (int old = 9; old > 0; --old)
    text += read_file(file("state/hearthd.log." + std::to_string(old)));
  return text + read_file(file("state/hearthd.log"));
}

void TempHome::use_binaries(const std::string& directory) {
  binaries_ = directory.starts_with('/') ? directory : binary_directory() + "/" + directory;
}

std::string TempHome::binary(std::string_view name) const {
  return binaries_ + "/" + std::string(name);
}

Plan TempHome::plan(std::vector<std::string> words) const {
  words.insert(words.begin(), binary("hearth"));
  Plan plan;
  plan.words = std::move(words);
  plan.environment = environment_;
  plan.cwd = root_;
  return plan;
}

Outcome TempHome::hearth(std::vector<std::string> words, milliseconds timeout) const {
  return run(plan(std::move(words)), timeout);
}

Plan TempHome::daemon_plan(std::vector<std::string> words) const {
  Plan daemon = plan(std::move(words));
  daemon.words.front() = binary("hearthd");
  return daemon;
}

std::vector<pid_t> TempHome::processes(std::string_view program) const {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (!is_number(name)) continue;
    const std::string folder = "/proc/" + name;
    if (read_file(folder + "/comm") != std::string(program) + "\n") continue;
    // Everything of this home has its root in the environment (HOME at least).
    const bool is_ours = read_file(folder + "/environ").find("HOME=" + root_) != std::string::npos;
    const auto pid = static_cast<pid_t>(std::stol(name));
    if (is_ours && is_alive(pid)) found.push_back(pid);
  }
  return found;
}

int TempHome::starts() const {
  const std::string log = log_text();
  int count = 0;
  for (auto at = log.find(" serving version="); at != std::string::npos;
       at = log.find(" serving version=", at + 1))
    ++count;
  return count;
}

std::string TempHome::sanitizer_reports() const {
  static constexpr std::array<std::string_view, 4> signs{
      "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer",
      "runtime error:"};
  const std::string log = log_text();
  for (const std::string_view sign : signs) {
    const auto at = log.find(sign);
    if (at != std::string::npos) return log.substr(at, 6000);
  }
  return {};
}

}  // namespace hearth::test
