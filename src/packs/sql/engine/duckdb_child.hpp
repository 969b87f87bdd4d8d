// One life of the DuckDB process, as its daemon sees it, and what its lives have ended of.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/unique_fd.hpp"
#include "io/child_process.hpp"
#include "packs/sql/engine/duckdb_protocol.hpp"

namespace hearth::packs::sql::duckdb {

// What the process has crashed at. Of one engine, over all lives of its process. Any thread.
class Crashes final {
 public:
  // Counts one; whether the same has ended it before.
  [[nodiscard]] bool is_repeated(const std::string& what);

 private:
  static constexpr std::size_t most_known = 64;
  Guarded<std::set<std::string>> known_;
};

// Shared by the engine and the connections that were opened in it. Any thread.
class Child final {
 public:
  // Starts it and waits for its report, at most until `deadline`.
  [[nodiscard]] static Result<std::shared_ptr<Child>> start(const std::vector<std::string>& command,
                                                            MonotonicTime deadline);
  Child(std::unique_ptr<io::ChildProcess> process, UniqueFd control, Report report);
  ~Child();  // ends the process; what it answered is on disk
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] const Report& report() const { return report_; }
  [[nodiscard]] std::int64_t pid() const { return pid_; }
  // Whether it has not ended. Asks the kernel.
  [[nodiscard]] bool is_running() const { return !ends_within(std::chrono::milliseconds(0)); }
  // A connection's socket was closed from the other end, so it has probably ended: waits a moment
  // for that to be seen, or who connects next would meet it dying.
  void expect_end();
  // Whether it has ended by itself, and not by somebody's KILL or TERM.
  [[nodiscard]] bool has_crashed() const;
  // Whether it answers on the control socket within `patience`; kills it if it does not.
  [[nodiscard]] bool check(std::chrono::milliseconds patience);
  // A new connection's socket; `control` is completed with its number.
  struct Opened {
    UniqueFd socket;
    std::uint64_t connection = 0;
  };
  [[nodiscard]] Result<Opened> open(Control control);
  // Never blocks: nothing happens when the child does not read.
  void send(const Control& control);

 private:
  [[nodiscard]] Result<void> send(const Control& control, int fd);
  [[nodiscard]] bool ends_within(std::chrono::milliseconds time) const;

  const std::unique_ptr<io::ChildProcess> process_;
  const std::int64_t pid_;
  const UniqueFd control_;
  const Report report_;
  Guarded<int> checking_;  // one asks at a time; the lock is what counts
  std::atomic<std::uint64_t> next_connection_ = 1;
};

}  // namespace hearth::packs::sql::duckdb
