// The bytes that all sessions together may hold: half-read requests, requests in flight, answers
// not yet read.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>

#include "io/task_scope.hpp"

namespace hearth::daemon {

// Beyond the cap, sessions that hold much stop reading until bytes are freed. One of them at a time
// has the turn and reads on to the end of its message, so that many half-read large messages cannot
// wait for each other for ever; the overshoot is one message (ipc::frame_cap). Loop thread.
class ByteBudget final {
 public:
  ByteBudget(io::Loop& loop, std::size_t cap)
      : cap_(cap), changed_(loop.context(), boost::asio::steady_timer::time_point::max()) {}

  // One session's share: what it holds, and whether it has the turn.
  class Share {
   public:
    explicit Share(ByteBudget& budget) : budget_(budget) {}
    ~Share() { set(0); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    void set(std::size_t held);
    // Returns at once below the cap or for a small share; else when there is room or it is this
    // session's turn.
    [[nodiscard]] io::Task<void> wait_for_room();
    // The message it read under the turn is complete.
    void give_up_turn();

   private:
    ByteBudget& budget_;
    std::size_t held_ = 0;
  };

  void set_cap(std::size_t cap) { cap_ = cap; }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  static constexpr std::size_t small_share = std::size_t{64} << 10;
  std::size_t cap_;
  std::size_t used_ = 0;
  const Share* turn_ = nullptr;
  boost::asio::steady_timer changed_;  // cancelled when bytes are freed or the turn is free
};

}  // namespace hearth::daemon
