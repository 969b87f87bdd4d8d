// What sessions leave behind: closes their cursors and idle connections in time, and sweeps their
// scratch databases some time after the last one of them has gone.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "packs/sql/tool_runner.hpp"

namespace hearth::packs::sql {

// Has a thread of its own, which sleeps until something is due.
class Sessions final {
 public:
  // Scratch databases that a killed daemon has left are swept as well, unless their sessions come
  // back: those of the namespace `default`, and of others once they are used. `directory_of` gives
  // the pack's directory in a namespace; null when another process owns the stores.
  using DirectoryOf = std::function<Result<std::string>(const std::string& name_space)>;
  struct Times {
    std::chrono::milliseconds scratch_kept;  // before a scratch is swept
    std::chrono::milliseconds
        engine_idle;  // before an engine that nobody uses is put to rest; 0: never
  };
  Sessions(ToolRunner& runner, DirectoryOf directory_of, Times times);
  ~Sessions() { close(); }
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  // Ends the thread. Idempotent, on one thread at a time.
  void close();
  // Namespaces of which there is something on disk. Any thread, also after close().
  [[nodiscard]] std::vector<std::string> name_spaces();
  // Likewise.
  void changed(const std::string& name_space, const std::string& id, bool is_open);

 private:
  static constexpr std::chrono::seconds idle_connection{60};

  struct State {
    std::map<std::string, int> open;               // "namespace/id" to connections
    std::map<std::string, MonotonicTime> closing;  // when it is swept
    std::set<std::string> seen;                    // namespaces
    bool is_closed = false;
  };

  void find_left_behind(State& state, const std::string& name_space);
  void run();
  [[nodiscard]] MonotonicTime tidy();
  [[nodiscard]] bool rest_engines();

  ToolRunner& runner_;
  const DirectoryOf directory_of_;
  const Times times_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace hearth::packs::sql
