#include "daemon/budget.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hearth::daemon {

void ByteBudget::Share::set(std::size_t held) {
  const bool is_freed = held < held_;
  budget_.used_ = budget_.used_ - held_ + held;
  held_ = held;
  if (held == 0) give_up_turn();
  if (is_freed && budget_.used_ + small_share >= budget_.cap_) budget_.changed_.cancel();
}

void ByteBudget::Share::give_up_turn() {
  if (budget_.turn_ != this) return;
  budget_.turn_ = nullptr;
  budget_.changed_.cancel();
}

io::Task<void> ByteBudget::Share::wait_for_room() {
  while (budget_.used_ > budget_.cap_ && held_ > small_share && budget_.turn_ != this) {
    if (budget_.turn_ == nullptr) {
      budget_.turn_ = this;
      break;
    }
    co_await budget_.changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

}  // namespace hearth::daemon
