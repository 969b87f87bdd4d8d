// What sessions leave behind: closes their cursors and idle connections in time, and sweeps their
// scratch databases ten minutes after the last one of them has gone.
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
  // the pack's directory in a namespace; null when another process owns the stores. Engines that
  // nobody uses for `engine_idle` are put to rest.
  using DirectoryOf = std::function<Result<std::string>(const std::string& name_space)>;
  Sessions(ToolRunner& runner, DirectoryOf directory_of, std::chrono::milliseconds engine_idle);
  ~Sessions() { close(); }
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  // Ends the thread. Idempotent, on one thread at a time.
  void close();
  // Any thread, also after close().
  // Namespaces of which there is something on disk.
  [[nodiscard]] std::vector<std::string> name_spaces();
  void changed(const std::string& name_space, const std::string& id, bool is_open);

 private:
  static constexpr std::chrono::minutes kept{10};
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
  const std::chrono::milliseconds engine_idle_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace hearth::packs::sql
