// A loop with its thread, for tests of what lives there.
#pragma once

#include <future>
#include <thread>
#include <type_traits>
#include <utility>

#include "io/loop.hpp"

namespace hearth::test {

class LoopThread final {
 public:
  LoopThread() : thread_([this] { loop_.run(); }) {
    run([] {});  // until the loop runs
  }
  ~LoopThread() {
    loop_.stop();
    thread_.join();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  [[nodiscard]] io::Loop& loop() { return loop_; }

  // Runs `job` on the loop thread, waits and returns what it returns.
  template <typename Job>
  std::invoke_result_t<Job&> run(Job job) {
    using Value = std::invoke_result_t<Job&>;
    std::promise<Value> done;
    auto value = done.get_future();
    loop_.post([&] {
      if constexpr (std::is_void_v<Value>) {
        job();
        done.set_value();
      } else {
        done.set_value(job());
      }
    });
    return value.get();
  }

 private:
  io::Loop loop_;
  std::thread thread_;
};

}  // namespace hearth::test
