#include "io/readiness.hpp"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

namespace hearth::io {
namespace {

// Reported whether asked for or not; wakes both directions.
constexpr std::uint32_t ended = EPOLLHUP | EPOLLERR;

int make_poller() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

}  // namespace

Readiness::Readiness(Loop& loop) : loop_(loop), poller_(loop.context(), make_poller()) {
  wait();
}

// Waiters that are left are tasks that will not go on: their frames end here, and with them their
// watches, which find no entry any more.
Readiness::~Readiness() {
  const auto left = std::exchange(entries_, {});
}

void Readiness::wait() {
  poller_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& error) {
                       if (error) return;  // we go
                       wake_ready();
                       wait();
                     });
}

void Readiness::wake_ready() {
  std::array<epoll_event, 128> events;
  const int count = ::epoll_wait(poller_.native_handle(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    wake(event.data.u64, event.events);
  }
}

// Whoever is woken may end this watch and others.
void Readiness::wake(std::uint64_t id, std::uint32_t events) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;  // ended by one that was woken before
  Entry& entry = found->second;
  std::move_only_function<void()> write;
  std::move_only_function<void()> read;
  std::uint32_t wanted = entry.events;
  if ((events & (EPOLLOUT | ended)) != 0) {
    write = std::exchange(entry.writable, nullptr);
    wanted &= ~std::uint32_t{EPOLLOUT};
  }
  if ((events & (EPOLLIN | ended)) != 0) {
    read = std::exchange(entry.readable, nullptr);
    // Most readers wait again at once: only one that does not is taken off.
    if (!read) wanted &= ~std::uint32_t{EPOLLIN};
  }
  if (wanted != entry.events) set_events(id, entry, wanted);
  if (write) write();
  if (read) read();
}

void Readiness::await_readable(std::uint64_t id, std::move_only_function<void()> resume) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return loop_.post(std::move(resume));
  found->second.readable = std::move(resume);
  set_events(id, found->second, found->second.events | EPOLLIN);
}

void Readiness::set_events(std::uint64_t id, Entry& entry, std::uint32_t events) {
  if (events == entry.events) return;
  const int change = events == 0         ? EPOLL_CTL_DEL
                     : entry.events == 0 ? EPOLL_CTL_ADD
                                         : EPOLL_CTL_MOD;
  epoll_event event{events, {.u64 = id}};
  if (::epoll_ctl(poller_.native_handle(), change, entry.fd, &event) != 0 && events != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  entry.events = events;
}

void Readiness::end(std::uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  set_events(id, found->second, 0);
  auto resume = std::move(found->second.readable);
  entries_.erase(found);
  if (resume) loop_.post(std::move(resume));
}

Readiness::Watch::Watch(Readiness& readiness, int fd)
    : readiness_(readiness), fd_(fd), id_(++readiness.last_id_) {
  readiness_.entries_[id_].fd = fd_;
}

Task<void> Readiness::Watch::readable() {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      [](auto handler, Readiness* readiness, std::uint64_t id) {
        readiness->await_readable(
            id, [handler = std::move(handler)]() mutable { std::move(handler)(); });
      },
      boost::asio::use_awaitable, &readiness_, id_);
}

void Readiness::Watch::when_writable(std::move_only_function<void()> ready) {
  const auto found = readiness_.entries_.find(id_);
  if (found == readiness_.entries_.end()) return;
  found->second.writable = std::move(ready);
  readiness_.set_events(id_, found->second, found->second.events | EPOLLOUT);
}

void Readiness::Watch::end() {
  readiness_.end(id_);
}

}  // namespace hearth::io
