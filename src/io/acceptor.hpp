// Takes the connections that arrive at a listening socket.
#pragma once

#include <functional>
#include <string>

#include "base/unique_fd.hpp"
#include "io/loop.hpp"
#include "io/task.hpp"
#include "io/watch.hpp"

namespace hearth::io {

// Loop thread only. Outlives run().
class Acceptor final {
 public:
  // `what` is what the log calls one of its connections: "a connection".
  Acceptor(Loop& loop, UniqueFd listener, std::string what);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Gives each connection, close-on-exec and never blocking, to `take`, until stop(). Pauses while
  // the process is out of descriptors.
  [[nodiscard]] Task run(std::function<void(UniqueFd)> take);
  // Closes the socket, and with it ends run(). Idempotent.
  void stop();

 private:
  [[nodiscard]] int accept_some(const std::function<void(UniqueFd)>& take);

  Loop& loop_;
  UniqueFd listener_;
  Watch arrivals_;
  const std::string what_;
};

}  // namespace hearth::io
