#include "web/conversation.hpp"

#include <utility>

#include "base/ascii.hpp"

namespace hearth::web {
namespace {

// Sent before the present answer has ended; no client needs that.
constexpr std::size_t most_ahead = std::size_t{64} << 10;
constexpr std::size_t kept_capacity = std::size_t{64} << 10;

}  // namespace

void Answer::send(const Response& response) {
  if (conversation_ == nullptr) return;
  Conversation& to = *conversation_;
  // HEAD is told what GET would have said.
  to.say(make_head(response, BodyForm::sized, to.keeps_alive_),
         to.wants_head_ ? std::string_view() : std::string_view(response.body));
  drop();
  to.ended();
}

void Answer::begin_stream(std::vector<Header> headers) {
  if (conversation_ == nullptr) return;
  Conversation& to = *conversation_;
  is_streaming_ = true;
  to.keeps_alive_ = to.keeps_alive_ && !to.is_old_;
  headers.push_back({"X-Accel-Buffering", "no"});
  const Response head{200, std::string(event_type), {}, std::move(headers)};
  to.say(make_head(head, to.is_old_ ? BodyForm::closed : BodyForm::chunked, to.keeps_alive_), {});
}

void Answer::write(std::string_view events) {
  if (conversation_ == nullptr) return;
  if (conversation_->is_old_) return conversation_->say(events, {});
  std::string chunk;
  append_chunk(chunk, events);
  conversation_->say(chunk, {});
}

void Answer::end() {
  if (conversation_ == nullptr) return;
  Conversation& to = *conversation_;
  if (!to.is_old_) to.say(last_chunk, {});
  drop();
  to.ended();
}

std::size_t Answer::unread() const {
  return conversation_ == nullptr ? 0 : conversation_->output().size();
}

void Answer::drop() {
  conversation_ = nullptr;
  on_read_ = nullptr;
  on_gone_ = nullptr;
}

Conversation::Conversation(io::Loop& loop,
                           Handler& handler,
                           WireLimits limits,
                           std::function<void()> on_output)
    : loop_(loop),
      handler_(handler),
      reader_(limits),
      on_output_(std::move(on_output)),
      self_(std::make_shared<Conversation*>(this)) {}

void Conversation::feed(std::string_view bytes) {
  if (is_over_) return;  // read so that the client gets our last words, not to be listened to
  reader_.feed(bytes);
  if (is_answering() && reader_.buffered() > most_ahead) {
    leave();
    return;
  }
  advance();
}

void Conversation::leave() {
  is_over_ = true;
  const auto answer = std::exchange(answer_, nullptr);
  if (!answer) return;
  auto notify = std::exchange(answer->on_gone_, nullptr);
  answer->drop();
  if (notify) notify();
}

void Conversation::finish() {
  keeps_alive_ = false;
  if (is_answering()) return;
  is_over_ = true;
  on_output_();
}

void Conversation::sent(std::size_t bytes) {
  sent_ += bytes;
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
    if (out_.capacity() > kept_capacity) std::string().swap(out_);
    if (const auto notify = answer_ ? answer_->on_read_ : nullptr) notify();  // it may end there
    if (!is_answering()) advance_later();
  } else if (sent_ > out_.size() / 2) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
}

void Conversation::advance() {
  is_advancing_ = true;
  // One at a time, and only when the answer before has been read: many that come at once take
  // neither the memory nor the others' time.
  bool has_served = false;
  while (!is_over_ && !is_answering() && !has_served && may_go_on()) {
    const auto before = reader_.next();
    if (before == RequestReader::Step::more) break;
    if (before == RequestReader::Step::broken) {
      wants_head_ = false;
      refuse(handler_.unreadable(reader_.path(), reader_.status(), reader_.why()));
      break;
    }
    if (before == RequestReader::Step::head) {
      const Request& head = reader_.request();
      wants_head_ = head.method == "HEAD";
      is_old_ = head.is_old;
      keeps_alive_ = keeps_alive_ && head.keeps_alive;
      if (auto response = handler_.refuse(head)) {
        refuse(*response);
      } else if (equals_ignoring_case(head.header("Expect"), "100-continue")) {
        say(go_on, {});
      }
      continue;
    }
    answer_ = std::make_shared<Answer>(*this);
    handler_.serve(reader_.take(), answer_);
    has_served = true;
  }
  is_advancing_ = false;
  if (has_served && !is_answering()) advance_later();
}

void Conversation::refuse(const Response& response) {
  keeps_alive_ = false;
  say(make_head(response, BodyForm::sized, false),
      wants_head_ ? std::string_view() : std::string_view(response.body));
  is_over_ = true;
  on_output_();
}

void Conversation::say(std::string_view head, std::string_view body) {
  out_.append(head).append(body);
  on_output_();
}

void Conversation::ended() {
  answer_ = nullptr;
  if (!keeps_alive_) {
    is_over_ = true;
    return on_output_();
  }
  advance_later();
}

// Who gives the answer must not find itself serving the next request.
void Conversation::advance_later() {
  if (is_advancing_ || is_due_ || reader_.buffered() == 0) return;
  is_due_ = true;
  loop_.post([weak = std::weak_ptr(self_)] {
    const auto self = weak.lock();
    if (!self) return;
    Conversation& due = **self;
    due.is_due_ = false;
    if (!due.is_advancing_) due.advance();
    due.on_output_();
  });
}

}  // namespace hearth::web
