#include "io/watch.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace hearth::io {
namespace {

// Reported whether asked for or not; wakes both directions.
constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;

}  // namespace

// Nobody is told: whoever waits goes along with its watch.
Watch::~Watch() {
  readable_ = nullptr;
  end();
}

void Watch::when_readable(std::move_only_function<void()> ready) {
  if (has_ended_) return loop_.post(std::move(ready));
  readable_ = std::move(ready);
  set_events(events_ | EPOLLIN);
}

void Watch::when_writable(std::move_only_function<void()> ready) {
  if (has_ended_) return;
  writable_ = std::move(ready);
  set_events(events_ | EPOLLOUT);
}

void Watch::end() {
  if (has_ended_) return;
  set_events(0);
  has_ended_ = true;
  loop_.forget(*this);
  writable_ = nullptr;
  if (readable_) loop_.post(std::move(readable_));
}

// Whoever is woken may end this watch and others, and destroy them.
void Watch::wake(std::uint32_t events) {
  std::move_only_function<void()> write;
  std::move_only_function<void()> read;
  std::uint32_t wanted = events_;
  if ((events & (EPOLLOUT | broken)) != 0) {
    write = std::exchange(writable_, nullptr);
    wanted &= ~std::uint32_t{EPOLLOUT};
  }
  if ((events & (EPOLLIN | broken)) != 0) {
    read = std::exchange(readable_, nullptr);
    // Most readers wait again at once: only one that does not is taken off.
    if (!read) wanted &= ~std::uint32_t{EPOLLIN};
  }
  set_events(wanted);
  if (write) write();
  if (read) read();
}

void Watch::set_events(std::uint32_t events) {
  if (events == events_) return;
  const int change = events == 0 ? EPOLL_CTL_DEL : events_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_event event{events, {.ptr = this}};
  if (::epoll_ctl(loop_.poller_.get(), change, fd_, &event) != 0 && events != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  events_ = events;
}

}  // namespace hearth::io
