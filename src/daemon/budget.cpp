#include "daemon/budget.hpp"

#include <algorithm>

namespace hearth::daemon {

void ByteBudget::set_cap(std::size_t cap) {
  cap_ = cap;
  changed_.notify();
}

void ByteBudget::Share::set(std::size_t half_read, std::size_t settled) {
  if (has_left_) return;
  const bool was_full = budget_.used_ > budget_.cap_;
  const bool was_without_turns = budget_.settled_ > budget_.cap_;
  budget_.used_ = budget_.used_ - held() + half_read + settled;
  budget_.settled_ = budget_.settled_ - settled_ + settled;
  half_read_ = half_read;
  settled_ = settled;
  const bool has_room = was_full && budget_.used_ <= budget_.cap_;
  const bool has_turns = was_without_turns && budget_.settled_ <= budget_.cap_;
  if (has_room || has_turns) budget_.changed_.notify();
}

bool ByteBudget::Share::must_wait() const {
  return !has_left_ && budget_.used_ > budget_.cap_ && held() > small_share;
}

bool ByteBudget::Share::is_first() const {
  return !budget_.queue_.empty() && budget_.queue_.front() == this;
}

std::size_t ByteBudget::Share::allowance() const {
  constexpr std::size_t most = std::size_t{1} << 20;  // before the others get their turn
  if (has_turn()) return most;
  const std::size_t room = budget_.cap_ - std::min(budget_.used_, budget_.cap_);
  const std::size_t own = small_share - std::min(held(), small_share);
  return std::min(most, std::max(room, own));
}

void ByteBudget::Share::give_up_turn() {
  if (is_first()) leave_queue();
}

void ByteBudget::Share::leave_queue() {
  if (std::erase(budget_.queue_, this) != 0) budget_.changed_.notify();
}

void ByteBudget::Share::leave() {
  set(0, 0);
  leave_queue();
  has_left_ = true;
  budget_.changed_.notify();
}

bool ByteBudget::Share::has_room() {
  if (must_wait()) return false;
  leave_queue();
  return true;
}

io::Task ByteBudget::Share::wait_for_room(bool is_mid_message) {
  if (must_wait() && is_mid_message &&
      std::ranges::find(budget_.queue_, this) == budget_.queue_.end()) {
    budget_.queue_.push_back(this);
  }
  while (must_wait() && !has_turn()) {
    co_await budget_.changed_.wait();
  }
  if (!must_wait()) leave_queue();
}

}  // namespace hearth::daemon
