#include "web/http_session.hpp"

#include <utility>

#include "mcp/messages.hpp"
#include "web/era.hpp"

namespace hearth::web {
namespace {

// Since this revision a stream begins with an event that tells the client how to come back.
constexpr std::string_view first_with_opening = "2025-11-25";

mcp::SessionLimits limits_of(const daemon::Server& server, mcp::Surface surface) {
  mcp::SessionLimits limits = server.session_limits();
  limits.surface = surface;
  return limits;
}

int status_of_conflict(Errc code) {
  return code == Errc::not_found ? 404 : 409;
}

}  // namespace

void CountingSink::request_began(std::size_t bytes) {
  held_ += bytes;
  share_.set(0, held_);
  server_.request_began();
}

void CountingSink::request_ended(std::size_t bytes) {
  held_ -= bytes;
  share_.set(0, held_);
  server_.request_ended();
}

HttpSession::HttpSession(daemon::Server& server,
                         std::string id,
                         std::shared_ptr<const pack::Caller> caller,
                         mcp::Surface surface,
                         std::function<void()> on_quiet)
    : CountingSink(server),
      id_(std::move(id)),
      opened_(server.clock().wall()),
      last_use_(server.clock().monotonic()),
      streams_(server.clock()),
      mcp_(std::make_unique<mcp::Session>(server.loop(),
                                          server.catalog(),
                                          limits_of(server, surface),
                                          std::move(caller),
                                          static_cast<mcp::MessageSink&>(*this))) {
  streams_.set_headers({{"Mcp-Session-Id", id_}});
  mcp_->on_quiet(std::move(on_quiet));
}

HttpSession::~HttpSession() {
  mcp_->close();
  if (is_announced_) server_.session_changed(mcp_->caller(), false);
}

void HttpSession::post(const json::Envelope& message,
                       std::size_t bytes,
                       Accepted accepted,
                       const std::shared_ptr<Answer>& answer) {
  last_use_ = server_.clock().monotonic();
  if (!message.is_request()) {
    mcp_->handle(message, bytes);
    return answer->send({202, {}, {}, {}});
  }
  if (auto opened = streams_.open(message.id, accepted, answer); !opened) {
    return answer->send(refusal(409, mcp::invalid_request, opened.error().message, message.id));
  }
  is_initializing_ = message.method == "initialize";
  mcp_->handle(message, bytes);
  if (is_initializing_ && !is_stillborn_ && !is_announced_) {
    is_announced_ = true;
    server_.session_changed(mcp_->caller(), true);
  }
  is_initializing_ = false;
}

void HttpSession::get(const Request& request, const std::shared_ptr<Answer>& answer) {
  last_use_ = server_.clock().monotonic();
  Result<void> done;
  if (const auto text = request.header("Last-Event-ID"); text.empty()) {
    done = streams_.listen(answer);
  } else if (const auto last = parse_event_id(text)) {
    done = streams_.resume(*last, answer);
  } else {
    return answer->send(
        refusal(400, mcp::invalid_request, "Last-Event-ID: not one that this server has given"));
  }
  if (done) return;
  answer->send(
      refusal(status_of_conflict(done.error().code), mcp::server_error, done.error().message));
}

void HttpSession::drain() {
  mcp_->drain();
}

void HttpSession::abandon(const Error& error) {
  mcp_->abandon(error);
}

bool HttpSession::is_idle_since(MonotonicTime when) const {
  return last_use_ < when && mcp_->in_flight() == 0 && !streams_.has_listeners();
}

void HttpSession::send(std::string_view message, std::string_view about) {
  last_use_ = server_.clock().monotonic();
  if (is_initializing_) {
    const auto envelope = json::scan_envelope(message);
    is_stillborn_ = envelope && !envelope->error.empty();
    if (is_stillborn_) streams_.set_headers({});
    streams_.set_opens_with_event(mcp_->revision() >= first_with_opening);
  }
  streams_.send(message, about);
}

bool HttpSession::is_congested() const {
  return streams_.unread() > mcp::congestion;
}

HttpRequest::HttpRequest(daemon::Server& server,
                         std::shared_ptr<const pack::Caller> caller,
                         mcp::Surface surface,
                         Accepted accepted,
                         std::shared_ptr<Answer> answer,
                         std::function<void()> on_end)
    : CountingSink(server),
      accepted_(accepted),
      answer_(std::move(answer)),
      on_end_(std::move(on_end)),
      mcp_(std::make_unique<mcp::Session>(server.loop(),
                                          server.catalog(),
                                          limits_of(server, surface),
                                          std::move(caller),
                                          static_cast<mcp::MessageSink&>(*this))) {
  answer_->on_gone([this] {
    answer_ = nullptr;
    mcp_->close();  // cancels the call
    end();
  });
}

HttpRequest::~HttpRequest() {
  if (answer_) answer_->on_gone(nullptr);
  mcp_->close();
}

void HttpRequest::serve(const json::Envelope& message, std::size_t bytes) {
  id_ = message.id;
  mcp_->handle(message, bytes);
  if (message.is_request() || !answer_) return;
  std::exchange(answer_, nullptr)->send({202, {}, {}, {}});
  end();
}

void HttpRequest::tick() {
  mcp_->catch_up();
  if (answer_ && answer_->is_streaming()) answer_->write(keep_alive_comment);
}

// What goes on without a call in flight, such as a subscription, ends here.
void HttpRequest::drain() {
  mcp_->drain();
  if (mcp_->in_flight() != 0 || !answer_) return;
  if (answer_->is_streaming()) {
    std::exchange(answer_, nullptr)->end();
    return end();
  }
  abandon(Error{Errc::draining, "the daemon is leaving", {"connect again"}});
}

void HttpRequest::abandon(const Error& error) {
  mcp_->abandon(error);
  if (answer_) send(mcp::make_error(id_, error), id_);
}

void HttpRequest::send(std::string_view message, std::string_view /*about*/) {
  if (!answer_) return;
  const auto envelope = json::scan_envelope(message);
  const bool is_answer = envelope && envelope->is_response();
  const bool is_streaming = answer_->is_streaming();
  if (is_answer && !is_streaming && (accepted_.json || !accepted_.events)) {
    const Response response{status_of(message), std::string(json_type), std::string(message), {}};
    std::exchange(answer_, nullptr)->send(response);
    return end();
  }
  if (!accepted_.events) return;  // a client that takes JSON only is spared reports
  if (!is_streaming) answer_->begin_stream();
  answer_->write(make_event("", message));
  if (!is_answer) return;
  std::exchange(answer_, nullptr)->end();
  end();
}

void HttpRequest::end() {
  if (on_end_) std::exchange(on_end_, nullptr)();
}

bool HttpRequest::is_congested() const {
  return answer_ && answer_->unread() > mcp::congestion;
}

}  // namespace hearth::web
