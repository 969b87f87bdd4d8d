#include "io/timer.hpp"

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <utility>

namespace hearth::io {

struct Timer::State {
  explicit State(Loop& loop) : timer(loop.context()) {}
  boost::asio::steady_timer timer;
  std::function<void()> fire;
  std::uint64_t round = 0;  // counts starts and cancellations: a wait of an earlier round is void
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop)) {}

Timer::~Timer() {
  cancel();
}

void Timer::start(MonotonicTime when, std::function<void()> fire) {
  state_->fire = std::move(fire);
  state_->timer.expires_at(when);
  state_->timer.async_wait(
      [state = state_, round = ++state_->round](const boost::system::error_code& error) {
        if (error || round != state->round) return;
        std::exchange(state->fire, nullptr)();
      });
}

void Timer::cancel() {
  ++state_->round;
  state_->timer.cancel();
  state_->fire = nullptr;
}

}  // namespace hearth::io
