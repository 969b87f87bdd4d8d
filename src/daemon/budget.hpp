// The bytes that all sessions together may hold: half-read requests, requests in flight, answers
// not yet read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "io/event.hpp"
#include "io/task.hpp"

namespace hearth::daemon {

// Beyond the cap, sessions that hold much stop reading until bytes are freed. Requests in flight
// and unread answers go by themselves; half-read messages could wait for each other for ever. So
// those in the middle of a message queue up, and while the rest fits into the cap, the first of
// them has the turn and reads on to the end of that message. The most that is held is twice the
// cap, one message (ipc::frame_cap) and a small share for each session. Loop thread.
class ByteBudget final {
 public:
  // What a session may hold whatever the others do: 16 MB for 1,000 of them.
  static constexpr std::size_t small_share = std::size_t{16} << 10;

  ByteBudget(io::Loop& loop, std::size_t cap) : cap_(cap), changed_(loop) {}

  // One session's share: what it holds, and its place in the queue for the turn.
  class Share {
   public:
    explicit Share(ByteBudget& budget) : budget_(budget) {}
    ~Share() { leave(); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // `half_read` bytes of a message that is not complete, `settled` ones of all else.
    void set(std::size_t half_read, std::size_t settled);
    // Whether to read on without a wait: below the cap, or with a small share.
    [[nodiscard]] bool has_room();
    // Returns when there is room. One that is in the middle of a message also returns when it is
    // its turn.
    [[nodiscard]] io::Task wait_for_room(bool is_mid_message);
    // Returns when it is worth to look again: there may be room, or somebody called wake().
    [[nodiscard]] auto change() { return budget_.changed_.wait(); }
    void wake() { budget_.changed_.notify(); }
    // How much may be read now before the share is set again.
    [[nodiscard]] std::size_t allowance() const;
    // The message it read under the turn is complete: the next in the queue has it.
    void give_up_turn();
    // The session ends: it holds nothing from now on, and a wait returns.
    void leave();

   private:
    [[nodiscard]] std::size_t held() const { return half_read_ + settled_; }
    [[nodiscard]] bool must_wait() const;
    [[nodiscard]] bool is_first() const;
    [[nodiscard]] bool has_turn() const { return is_first() && budget_.settled_ <= budget_.cap_; }
    void leave_queue();

    ByteBudget& budget_;
    std::size_t half_read_ = 0;
    std::size_t settled_ = 0;
    bool has_left_ = false;
  };

  void set_cap(std::size_t cap);
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::size_t cap_;
  std::size_t used_ = 0;
  std::size_t settled_ = 0;         // of those, what goes by itself
  std::deque<const Share*> queue_;  // in the middle of a message; the first has the turn
  io::Event changed_;               // those who wait should look again
};

}  // namespace hearth::daemon
