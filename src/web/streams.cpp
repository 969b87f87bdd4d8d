#include "web/streams.hpp"

#include <algorithm>
#include <utility>

#include "json/envelope.hpp"

namespace hearth::web {
namespace {

// A call that takes longer gets its stream before there is anything to say, so that its client can
// come back for the answer.
constexpr auto patience = std::chrono::seconds(5);
// How long, and how many, streams that have ended are kept for clients that lost the end.
constexpr auto kept_for = std::chrono::minutes(1);
constexpr std::size_t most_kept = 16;

bool is_answer_to(std::string_view message, std::string_view about) {
  const auto envelope = json::scan_envelope(message);
  return envelope && envelope->is_response() && envelope->id == about;
}

bool is_request(std::string_view message) {
  const auto envelope = json::scan_envelope(message);
  return envelope && envelope->is_request();
}

}  // namespace

Streams::Stream& Streams::own() {
  const auto [found, is_new] = streams_.try_emplace(0);
  if (is_new) found->second.is_open = true;
  return found->second;
}

Streams::Stream* Streams::find(std::string_view about) {
  const auto found = by_request_.find(about);
  return found == by_request_.end() ? nullptr : &streams_.at(found->second);
}

Result<void> Streams::open(std::string_view about,
                           Accepted accepted,
                           std::shared_ptr<Answer> answer) {
  const auto [slot, is_new] = by_request_.try_emplace(std::string(about), next_);
  if (!is_new) {
    return fail(Errc::conflict, "a request with this id is in flight",
                {"give each request an id of its own"});
  }
  Stream& stream = streams_[next_];
  stream.number = next_++;
  stream.about = about;
  stream.accepted = accepted;
  stream.since = clock_.monotonic();
  attach(stream, std::move(answer));
  return {};
}

Result<void> Streams::listen(std::shared_ptr<Answer> answer) {
  Stream& stream = own();
  if (stream.answer) {
    return fail(Errc::conflict, "this session's stream is open on another connection",
                {"close that one first"});
  }
  attach(stream, std::move(answer));
  begin(stream);
  replay(stream, stream.delivered);
  return {};
}

Result<void> Streams::resume(const EventId& last, std::shared_ptr<Answer> answer) {
  const auto found = streams_.find(last.stream);
  if (found == streams_.end() || last.number > found->second.memory.last()) {
    return fail(Errc::not_found, "nothing is known of the event " + to_string(last) + " any more",
                {"send the request again"});
  }
  Stream& stream = found->second;
  // The client says that its connection is lost; the loss may not have shown here yet.
  if (const auto lost = std::exchange(stream.answer, nullptr)) lost->end();
  attach(stream, std::move(answer));
  stream.answer->begin_stream(headers_);
  replay(stream, last.number);
  if (stream.has_ended) std::exchange(stream.answer, nullptr)->end();
  return {};
}

void Streams::attach(Stream& stream, std::shared_ptr<Answer> answer) {
  stream.answer = std::move(answer);
  stream.answer->on_gone(
      [this, number = stream.number, which = stream.answer.get()] { detach(number, which); });
}

void Streams::detach(std::uint64_t number, const Answer* answer) {
  const auto found = streams_.find(number);
  if (found != streams_.end() && found->second.answer.get() == answer)
    found->second.answer = nullptr;
}

void Streams::begin(Stream& stream) {
  stream.is_open = true;
  if (!stream.answer) return;
  stream.answer->begin_stream(headers_);
  if (opens_with_event_) stream.answer->write(make_opening_event({stream.number, 0}, retry));
}

void Streams::replay(Stream& stream, std::uint64_t after) {
  for (const auto& entry : stream.memory.entries()) {
    if (entry.number <= after) continue;
    stream.answer->write(make_event(to_string(EventId{stream.number, entry.number}), entry.data));
    stream.delivered = std::max(stream.delivered, entry.number);
  }
}

void Streams::push(Stream& stream, std::string_view message) {
  const auto number = stream.memory.add(message);
  if (!stream.answer) return;
  stream.delivered = number;
  stream.answer->write(make_event(to_string(EventId{stream.number, number}), message));
}

void Streams::send(std::string_view message, std::string_view about) {
  Stream* stream = about.empty() ? nullptr : find(about);
  if (stream == nullptr) return push(own(), message);
  if (is_answer_to(message, about)) return answer(*stream, message);
  if (!stream->is_open && !stream->accepted.events) {
    // A client that takes JSON only is spared reports; a question must reach it somehow.
    if (is_request(message)) push(own(), message);
    return;
  }
  if (!stream->is_open) begin(*stream);
  push(*stream, message);
}

void Streams::answer(Stream& stream, std::string_view message) {
  by_request_.erase(stream.about);
  const bool is_whole = !stream.is_open && (stream.accepted.json || !stream.answer);
  if (is_whole) {
    // Without a stream, a client that has left cannot ask for the answer either.
    const auto to = std::exchange(stream.answer, nullptr);
    streams_.erase(stream.number);
    if (to) to->send({200, std::string(json_type), std::string(message), headers_});
    return;
  }
  if (!stream.is_open) begin(stream);
  push(stream, message);
  end(stream);
  forget_old();
}

void Streams::end(Stream& stream) {
  stream.has_ended = true;
  stream.since = clock_.monotonic();
  if (const auto to = std::exchange(stream.answer, nullptr)) to->end();
}

void Streams::withdraw(std::string_view about) {
  Stream* stream = find(about);
  if (stream == nullptr) return;
  const auto to = std::exchange(stream->answer, nullptr);
  const bool is_open = stream->is_open;
  by_request_.erase(stream->about);
  streams_.erase(stream->number);
  if (!to) return;
  if (is_open) return to->end();
  to->send({202, {}, {}, headers_});
}

void Streams::tick() {
  const auto now = clock_.monotonic();
  for (auto& [number, stream] : streams_) {
    if (!stream.answer) continue;
    if (stream.is_open) {
      stream.answer->write(keep_alive_comment);
    } else if (stream.accepted.events && now - stream.since >= patience) {
      begin(stream);
    }
  }
  forget_old();
}

void Streams::forget_old() {
  const auto limit = clock_.monotonic() - kept_for;
  std::size_t ended = 0;
  for (const auto& [number, stream] : streams_) ended += stream.has_ended ? 1U : 0U;
  std::erase_if(streams_, [&](const auto& entry) {
    const Stream& stream = entry.second;
    if (!stream.has_ended || (stream.since >= limit && ended <= most_kept)) return false;
    --ended;
    return true;
  });
}

void Streams::end_all() {
  for (auto& [number, stream] : streams_) {
    const auto to = std::exchange(stream.answer, nullptr);
    if (!to) continue;
    if (to->is_streaming()) {
      to->end();
    } else {
      to->send(refusal(404, -32001, "the session has ended", stream.about));
    }
  }
  streams_.clear();
  by_request_.clear();
}

bool Streams::has_listeners() const {
  return std::ranges::any_of(streams_,
                             [](const auto& entry) { return entry.second.answer != nullptr; });
}

std::size_t Streams::unread() const {
  std::size_t bytes = 0;
  for (const auto& [number, stream] : streams_)
    bytes += stream.answer ? stream.answer->unread() : 0;
  return bytes;
}

}  // namespace hearth::web
