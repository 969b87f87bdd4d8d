#include "daemon/session.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/socket_sender.hpp"
#include "daemon/server.hpp"
#include "json/envelope.hpp"
#include "json/json.hpp"
#include "mcp/messages.hpp"

namespace hearth::daemon {
namespace {

// How many messages of one session are handled before the others get their turn: a client that
// floods delays each other client by at most this many requests.
constexpr int batch_cap = 16;
// What a read may take whatever the budget says: it may be a cancellation.
constexpr std::size_t least_read = std::size_t{4} << 10;
// What is still read, and answered, when the daemon leaves.
constexpr std::size_t last_read = std::size_t{256} << 10;

}  // namespace

Session::Session(Server& server, UniqueFd socket, ipc::PeerCredentials peer)
    : server_(server),
      socket_(std::move(socket)),
      watch_(server.loop(), socket_.get()),
      peer_(peer),
      opened_(server.clock().wall()),
      share_(server.budget()),
      stall_timer_(server.loop()) {
  name_senders(socket_.get());
}

Session::~Session() {
  if (mcp_) mcp_->close();
}

io::Task Session::run() {
  last_progress_ = server_.clock().monotonic();
  watch_for_stall();  // a client that does not greet goes too
  co_await serve_messages();
  if (mcp_) mcp_->close();
}

io::Task Session::serve_messages() {
  for (;;) {
    co_await watch_.readable();
    if (!socket_.valid() || !read(share_.allowance())) co_return;
    is_batching_ = true;
    bool has_handled = false;
    for (int handled = 1; handle_next(); ++handled) {
      has_handled = true;
      const bool is_turn_over = handled % batch_cap == 0;
      if (!is_turn_over && queued_bytes() < ByteBudget::small_share) continue;
      flush();
      if (is_turn_over) co_await server_.loop().next_turn();
      if (queued_bytes() != 0 && !share_.has_room()) co_await hold_requests();
    }
    is_batching_ = false;
    flush();
    account();
    if (has_handled || !reader_.is_partial()) share_.give_up_turn();
    if (reader_.is_partial() || !is_greeted()) watch_for_stall();
    if (share_.has_room()) continue;
    // One that is neither in a message nor behind with reading is not paused: it may want to
    // cancel.
    if (!reader_.is_partial() && queued_bytes() == 0) continue;
    is_paused_ = true;
    co_await share_.wait_for_room(reader_.is_partial());
    is_paused_ = false;
  }
}

// The client does not read, and the daemon holds enough: the requests that have arrived wait until
// it has read, or there is room.
io::Task Session::hold_requests() {
  is_batching_ = false;  // calls in flight are answered meanwhile
  is_paused_ = true;
  while (socket_.valid() && queued_bytes() != 0 && !share_.has_room()) co_await share_.change();
  is_paused_ = false;
  is_batching_ = true;
}

// Reads what has arrived, up to `most` bytes, but in any case a little. False when the client has
// gone.
bool Session::read(std::size_t most) {
  std::string& scratch = server_.scratch();
  std::size_t total = 0;
  do {
    const std::size_t size = std::min(scratch.size(), std::max(most - total, least_read));
    std::int64_t sender = 0;
    const ssize_t got = receive_from(socket_.get(), scratch.data(), size, sender);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got <= 0) return total > 0;  // the next read sees the end again
    is_shared_ = is_shared_ || sender != peer_.pid;
    reader_.feed(std::string_view(scratch.data(), static_cast<std::size_t>(got)));
    total += static_cast<std::size_t>(got);
    if (static_cast<std::size_t>(got) < size) return true;
  } while (total < most);
  return true;
}

// Handles the next whole message; false when there is none, or the session ends.
bool Session::handle_next() {
  if (!socket_.valid()) return false;
  const auto message = reader_.next();
  if (!message) {
    send(mcp::make_error("null", message.error()));
    close_when_sent();
    log::warning("a client broke the framing",
                 {log::kv("pid", peer_.pid), log::kv("error", message.error().message)});
    return false;
  }
  if (!*message) return false;
  last_progress_ = server_.clock().monotonic();
  if (is_greeted()) {
    handle(**message);
    return true;
  }
  return greet(**message);
}

bool Session::greet(std::string_view message) {
  if (reader_.framing() == ipc::Framing::newline_delimited) {
    admit(server_.greeting_of_raw(peer_));  // a plain MCP client: no hello
    if (is_greeted()) handle(message);
    return is_greeted();
  }
  auto greeting = ipc::decode_greeting(message);
  if (!greeting) {
    send(ipc::encode_refusal(greeting.error(), "protocol_mismatch"));
    close_when_sent();
    return false;
  }
  const bool may_decide = greeting->kind == "cli";
  admit(std::move(*greeting));
  if (!is_greeted()) return false;
  // In this order: what answers the challenge was written after the look. What is here already was
  // not.
  if (may_decide) greeted_ = RunningProgram::of(static_cast<pid_t>(peer_.pid));
  is_shared_ = reader_.is_partial();
  welcome_.challenge = random_hex(16);
  send(ipc::encode_welcome(welcome_));
  return true;
}

Result<std::string> Session::person(std::string_view challenge) const {
  if (is_shared_)
    return fail(Errc::permission, "only a person decides this: several processes write here");
  if (welcome_.challenge.empty() || challenge != welcome_.challenge)
    return fail(Errc::permission, "only a person decides this: the challenge is not answered",
                {"use the `hearth` beside the daemon"});
  return person_before(greeted_);
}

void Session::admit(ipc::Greeting greeting) {
  auto admission = server_.admit(std::move(greeting), peer_);
  if (!admission) {
    const bool is_raw = reader_.framing() == ipc::Framing::newline_delimited;
    send(is_raw ? mcp::make_error("null", admission.error().error)
                : ipc::encode_refusal(admission.error().error, admission.error().reason));
    return close_when_sent();
  }
  welcome_ = std::move(admission->welcome);
  mcp::SessionLimits limits = server_.session_limits();
  limits.surface = admission->surface;
  mcp_ = std::make_unique<mcp::Session>(server_.loop(), server_.catalog(), limits,
                                        std::move(admission->caller),
                                        static_cast<mcp::MessageSink&>(*this));
  mcp_->on_quiet([this] {
    if (is_draining_) close_when_sent();
    server_.on_session_quiet();
  });
  server_.session_changed(mcp_->caller(), true);
}

void Session::handle(std::string_view message) {
  const auto envelope = json::scan_envelope(message);
  if (!envelope) {
    return send(
        mcp::make_error(json::salvage_id(message), mcp::parse_error, envelope.error().message));
  }
  if (envelope->method.starts_with("daemon/") || envelope->method.starts_with("events/"))
    return server_.control(*this, *envelope);
  mcp_->handle(*envelope, message.size());
}

void Session::send(std::string_view message, std::string_view about) {
  if (!socket_.valid() || is_closing_) return;
  if (message.size() > ipc::frame_cap) return replace(message, about);
  ipc::append_frame(out_, message, reader_.framing());
  if (queued_bytes() > server_.session_queue_cap())
    return close_now("the client does not read its answers");
  if (!is_batching_) flush();
}

// A message over the cap of a frame: the call is told, the session and its other calls go on.
void Session::replace(std::string_view message, std::string_view about) {
  static_assert(pack::most_answer_bytes < ipc::frame_cap);
  log::warning("a message exceeds the frame cap", {log::kv("bytes", message.size())});
  const auto envelope = json::scan_envelope(message);
  if (about.empty() || (envelope && !envelope->is_response())) return;
  const Error error{Errc::unsupported,
                    "the call is done, but its answer of " + std::to_string(message.size()) +
                        " bytes is more than the " + std::to_string(ipc::frame_cap) +
                        " that a message may have",
                    {"ask for less of it: fewer, shorter or selected items, or a file"}};
  send(mcp::make_error(about, error), about);
}

void Session::flush() {
  while (!is_writing_ && sent_ < out_.size() && socket_.valid()) {
    const ssize_t sent = ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_,
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      sent_ += static_cast<std::size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return close_now("the client is gone");
    wait_writable();
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
    if (out_.capacity() > ByteBudget::small_share) std::string().swap(out_);
    if (is_paused_) share_.wake();
    if (is_closing_) return close_now("");
    if (mcp_) mcp_->catch_up();
    if (following_) following_->catch_up();
  } else if (sent_ > out_.size() / 2) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
  if (queued_bytes() != 0) account();
}

void Session::wait_writable() {
  is_writing_ = true;
  watch_for_stall();
  watch_.when_writable([this] {
    is_writing_ = false;
    last_progress_ = server_.clock().monotonic();
    flush();
    account();
  });
}

void Session::account() {
  share_.set(reader_.buffered(), requests_ + queued_bytes());
}

bool Session::is_congested() const {
  return queued_bytes() > mcp::congestion;
}

void Session::request_began(std::size_t bytes) {
  requests_ += bytes;
  server_.request_began();
}

void Session::request_ended(std::size_t bytes) {
  requests_ -= bytes;
  account();
  server_.request_ended();
}

void Session::follow(EventLog& events, EventFilter filter, std::uint64_t since) {
  following_.emplace(events, std::move(filter), since, static_cast<EventReader&>(*this));
  following_->catch_up();
}

void Session::take(const EventRecord& event) {
  send(mcp::make_notification("events/event", event.text));
}

void Session::missed(std::uint64_t count) {
  send(mcp::make_notification("events/missed", R"({"count":)" + std::to_string(count) + '}'));
}

void Session::drain(std::string_view reason) {
  is_draining_ = true;
  if (mcp_) {
    if (reader_.framing() != ipc::Framing::newline_delimited) {
      send(mcp::make_notification("daemon/draining", R"({"reason":)" + json::quoted(reason) + "}"));
    }
    mcp_->drain();
  }
  // What has arrived is answered, if only with a refusal: a closing session would drop the answers.
  (void)read(last_read);
  while (handle_next()) {
  }
  if (in_flight() == 0) close_when_sent();
}

void Session::abandon(const Error& error) {
  if (mcp_) mcp_->abandon(error);
  close_when_sent();
}

void Session::close_when_sent() {
  is_closing_ = true;
  if (!is_batching_) flush();
}

void Session::close_now(std::string_view why) {
  if (!socket_.valid()) return;
  if (!why.empty()) {
    log::info("session closed by the daemon", {log::kv("session", welcome_.session),
                                               log::kv("pid", peer_.pid), log::kv("why", why)});
  }
  watch_.end();  // the pending wait returns, and with it the session ends
  ::shutdown(socket_.get(), SHUT_RDWR);
  socket_.reset();
  share_.leave();  // so does a pause in reading
}

// Arms a timer that ends the session if neither a byte of a half-read message, nor of a half-sent
// answer, nor the greeting arrives within the limit. Costs nothing while there is nothing half
// done.
void Session::watch_for_stall() {
  if (is_watching_) return;
  is_watching_ = true;
  stall_timer_.start(last_progress_ + server_.stall_limit(), [this] {
    is_watching_ = false;
    // Whom we do not read does not stall; whoever does not read us does.
    if (is_paused_ && queued_bytes() == 0) last_progress_ = server_.clock().monotonic();
    const bool is_half_done = reader_.is_partial() || queued_bytes() != 0 || !is_greeted();
    if (!is_half_done) return;
    if (server_.clock().monotonic() - last_progress_ >= server_.stall_limit()) {
      return close_now("it stalled in the middle of a message");
    }
    watch_for_stall();
  });
}

}  // namespace hearth::daemon
