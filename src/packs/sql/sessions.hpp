// What sessions leave behind: closes their cursors and idle connections in time, and sweeps their
// scratch databases ten minutes after the last one of them has gone.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "packs/sql/tool_runner.hpp"

namespace hearth::packs::sql {

// Has a thread of its own, which sleeps until something is due.
class Sessions final {
 public:
  // `stores` is the directory of all namespaces; scratch databases below it whose session does not
  // come back are swept as well (those of a daemon that was killed). Empty: they are another's.
  Sessions(ToolRunner& runner, std::string stores);
  ~Sessions() { close(); }
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  // Ends the thread. Idempotent, on one thread at a time.
  void close();
  // Any thread, also after close().
  void changed(const std::string& name_space, const std::string& id, bool is_open);

 private:
  static constexpr std::chrono::minutes kept{10};
  static constexpr std::chrono::seconds idle_connection{60};

  struct State {
    std::map<std::string, int> open;               // "namespace/id" to connections
    std::map<std::string, MonotonicTime> closing;  // when it is swept
    bool is_closed = false;
  };

  void find_left_behind(const std::string& stores);
  void run();
  [[nodiscard]] MonotonicTime tidy();

  ToolRunner& runner_;
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace hearth::packs::sql
