// The one loop thread: sockets, timers, signals and everything that needs no lock because it runs
// here.
#pragma once

#include <functional>
#include <memory>
#include <thread>

namespace boost::asio {
class io_context;
}

namespace hearth::io {

// Owns the io_context. run() makes the calling thread the loop thread until stop(). Members are for
// any thread.
class Loop final {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();
  void stop();
  // Runs `job` on the loop thread, after the present one. Never blocks.
  void post(std::move_only_function<void()> job);
  [[nodiscard]] bool is_loop_thread() const;
  // For the layers that open sockets and timers (io, daemon, web).
  [[nodiscard]] boost::asio::io_context& context() { return *context_; }

 private:
  std::unique_ptr<boost::asio::io_context> context_;
  std::thread::id thread_;
};

}  // namespace hearth::io
