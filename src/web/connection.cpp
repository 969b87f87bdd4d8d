#include "web/connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.hpp"

namespace hearth::web {

Connection::Connection(daemon::Server& server,
                       UniqueFd socket,
                       Handler& handler,
                       ConnectionLimits limits)
    : server_(server),
      limits_(limits),
      socket_(std::move(socket)),
      watch_(server.loop(), socket_.get()),
      share_(server.budget()),
      freed_(server.loop()),
      conversation_(server.loop(), handler, limits.wire, [this] { flush(); }),
      began_(server.clock().monotonic()),
      progress_(began_),
      timer_(server.loop()) {}

io::Task Connection::run() {
  watch_time();
  for (;;) {
    co_await watch_.readable();
    if (!socket_.valid()) break;
    is_batching_ = true;
    const bool is_there = read(share_.allowance());
    is_batching_ = false;
    if (!is_there) break;
    flush();
    account();
    while (socket_.valid() && conversation_.is_held()) co_await freed_.wait();
    if (!socket_.valid()) break;
    const bool is_half_read = conversation_.is_in_body() || conversation_.is_in_head();
    if (!is_half_read) {
      share_.give_up_turn();
      is_new_ = false;
    }
    co_await server_.loop().next_turn();
    if (!socket_.valid()) break;
    if (share_.has_room() || (!is_half_read && conversation_.output().empty())) continue;
    is_paused_ = true;
    co_await share_.wait_for_room(is_half_read);
    is_paused_ = false;
    progress_ = server_.clock().monotonic();
  }
  conversation_.leave();
  close_now("");
}

// Reads what has arrived, at least once, up to `most` bytes. False when the client has gone.
bool Connection::read(std::size_t most) {
  std::string& scratch = server_.scratch();
  std::size_t total = 0;
  do {
    const ssize_t got = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got <= 0) return total > 0;  // the next read sees the end again
    progress_ = server_.clock().monotonic();
    const bool is_first = !conversation_.is_in_head() && !conversation_.is_in_body();
    if (is_first && !is_new_ && !has_taken_leave_) began_ = progress_;
    // The conversation may run tools, which must not find the scratch in use.
    const std::string bytes(scratch.data(), static_cast<std::size_t>(got));
    conversation_.feed(bytes);
    if (!socket_.valid()) return false;
    if (conversation_.is_held()) return true;
    total += static_cast<std::size_t>(got);
    if (static_cast<std::size_t>(got) < scratch.size()) return true;
  } while (total < most);
  return true;
}

void Connection::flush() {
  if (is_batching_) return;
  while (!is_writing_ && socket_.valid() && !conversation_.output().empty()) {
    const auto output = conversation_.output();
    const ssize_t sent =
        ::send(socket_.get(), output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      conversation_.sent(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return close_now("");
    is_writing_ = true;
    progress_ = server_.clock().monotonic();
    watch_.when_writable([this] {
      is_writing_ = false;
      progress_ = server_.clock().monotonic();
      flush();
      account();
    });
  }
  if (!socket_.valid()) return;
  if (conversation_.output().size() > server_.session_queue_cap())
    return close_now("the client does not read its answers");
  if (conversation_.output().empty() && conversation_.is_over()) say_farewell();
  if (!conversation_.is_held()) freed_.notify();
  watch_time();
}

// A socket that is closed while there is something to read takes what we said along: the client
// reads our last words first, and closes.
void Connection::say_farewell() {
  if (has_taken_leave_) return;
  has_taken_leave_ = true;
  ::shutdown(socket_.get(), SHUT_WR);
  began_ = server_.clock().monotonic();
}

void Connection::account() {
  share_.set(conversation_.is_answering() ? 0 : conversation_.buffered(),
             conversation_.output().size());
}

void Connection::close_now(std::string_view why) {
  if (!socket_.valid()) return;
  if (!why.empty()) log::info("HTTP connection closed by the daemon", {log::kv("why", why)});
  watch_.end();  // the pending wait returns, and with it the connection ends
  ::shutdown(socket_.get(), SHUT_RDWR);
  socket_.reset();
  freed_.notify();
  timer_.cancel();
  share_.leave();  // so does a pause in reading
}

MonotonicTime Connection::deadline() const {
  if (has_taken_leave_) return began_ + limits_.farewell;
  if (!conversation_.output().empty()) return progress_ + limits_.stall;
  if (conversation_.is_answering() || is_paused_) return MonotonicTime::max();
  if (conversation_.is_in_body()) return progress_ + limits_.stall;
  if (is_new_ || conversation_.is_in_head()) return began_ + limits_.head_time;
  return progress_ + limits_.idle;
}

// The timer is moved only to an earlier time; when it fires, it looks again.
void Connection::watch_time() {
  const auto at = deadline();
  if (at >= timer_at_) return;
  timer_at_ = at;
  timer_.start(at, [this] {
    timer_at_ = MonotonicTime::max();
    if (server_.clock().monotonic() < deadline()) return watch_time();
    close_now(has_taken_leave_ || !(conversation_.is_in_head() || conversation_.is_in_body() ||
                                    !conversation_.output().empty())
                  ? ""
                  : "it stalled");
  });
}

}  // namespace hearth::web
