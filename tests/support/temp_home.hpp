// A HEARTH_HOME of one test: the environment of its programs, the daemons that live in it, and its
// end, which takes all of that away.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/process.hpp"

namespace hearth::test {

// The programs under test: HEARTH_BIN_DIR of the environment, else of the build.
[[nodiscard]] std::string binary_directory();

class TempHome {
 public:
  // `variables` are set for every program, on top of (or, when empty, instead of) HEARTH_HOME.
  TempHome();
  TempHome(const TempHome&) = delete;
  TempHome& operator=(const TempHome&) = delete;
  // Kills every process that lives in this home, and removes it.
  ~TempHome();

  [[nodiscard]] const std::string& path() const { return path_; }  // HEARTH_HOME
  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }
  [[nodiscard]] std::string socket() const { return file("run/hearthd.sock"); }
  [[nodiscard]] std::string log_text() const;  // the rotated parts too
  // Parses nothing: the environment may be changed before programs are started.
  [[nodiscard]] Environment& environment() { return environment_; }
  [[nodiscard]] const Environment& environment() const { return environment_; }
  // Uses the programs of `directory` below binary_directory() ("older") or of an absolute path.
  void use_binaries(const std::string& directory);
  [[nodiscard]] std::string binary(std::string_view name) const;

  // `hearth WORDS…` in this home.
  [[nodiscard]] Plan plan(std::vector<std::string> words) const;
  [[nodiscard]] Outcome hearth(std::vector<std::string> words,
                               milliseconds timeout = std::chrono::seconds(60)) const;
  // `hearthd WORDS…` as a child of the test.
  [[nodiscard]] Plan daemon_plan(std::vector<std::string> words) const;

  // Processes that live in this home and run `program`; zombies do not count.
  [[nodiscard]] std::vector<pid_t> processes(std::string_view program) const;
  [[nodiscard]] std::vector<pid_t> daemons() const { return processes("hearthd"); }
  // How often a daemon of this home began to serve, by its log.
  [[nodiscard]] int starts() const;
  // What sanitizers have written to the log of the daemons; empty when nothing.
  [[nodiscard]] std::string sanitizer_reports() const;

 private:
  std::string root_;  // the directory that is removed; HEARTH_HOME lies in it
  std::string path_;
  std::string binaries_;
  Environment environment_;
};

}  // namespace hearth::test
