// The streams of one legacy session: which connection carries which message, and what a client that
// comes back has missed.
//
// Each request of a client has a stream of its own, numbered from 1, for its answer and whatever
// precedes it; stream 0 is the session's, for what belongs to no request. A stream outlives its
// connection: a client that lost one asks for the rest by the id of the last event it got. Loop
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "web/conversation.hpp"
#include "web/events.hpp"

namespace hearth::web {

class Streams final {
 public:
  static constexpr std::chrono::milliseconds retry{1000};  // when to come back

  explicit Streams(const Clock& clock) : clock_(clock) {}
  ~Streams() { end_all(); }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  // What every answer says of the session.
  void set_headers(std::vector<Header> headers) { headers_ = std::move(headers); }
  // Clients since 2025-11-25 are told at the beginning of a stream how to come back; older ones
  // stumble over the empty event.
  void set_opens_with_event(bool opens) { opens_with_event_ = opens; }

  // A request whose id is `about` (JSON text) waits for its answer. `conflict` when one with this
  // id does already.
  [[nodiscard]] Result<void> open(std::string_view about,
                                  Accepted accepted,
                                  std::shared_ptr<Answer> answer);
  // The client wants the session's own stream. `conflict` when it has it already.
  [[nodiscard]] Result<void> listen(std::shared_ptr<Answer> answer);
  // The client wants what came after `last` on that stream, and the rest of it. `not_found` when
  // nothing is known of it any more.
  [[nodiscard]] Result<void> resume(const EventId& last, std::shared_ptr<Answer> answer);

  // A message of the server about the request `about`, or none.
  void send(std::string_view message, std::string_view about);
  // The request was cancelled: ends its connection without an answer, and its id is free again.
  void withdraw(std::string_view about);
  // To be called now and then: keeps connections alive, opens streams for slow answers, forgets
  // streams that have ended long ago.
  void tick();
  void end_all();

  // Requests that wait for an answer.
  [[nodiscard]] std::size_t waiting() const { return by_request_.size(); }
  [[nodiscard]] bool has_listeners() const;
  [[nodiscard]] std::size_t unread() const;
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

 private:
  struct Stream {
    std::uint64_t number = 0;
    std::string about;
    Accepted accepted;
    std::shared_ptr<Answer> answer;  // shared with the connection; null while there is none
    EventMemory memory;
    std::uint64_t delivered = 0;  // the last event that was written to a connection
    MonotonicTime since{};        // it waits for its answer; or when it has ended
    bool is_open = false;         // as a stream of events
    bool has_ended = false;
  };

  [[nodiscard]] Stream& own();
  [[nodiscard]] Stream* find(std::string_view about);
  void attach(Stream& stream, std::shared_ptr<Answer> answer);
  void detach(std::uint64_t number, const Answer* answer);
  void begin(Stream& stream);
  void replay(Stream& stream, std::uint64_t after);
  void push(Stream& stream, std::string_view message);
  void answer(Stream& stream, std::string_view message);
  void end(Stream& stream);
  void forget_old();

  const Clock& clock_;
  std::vector<Header> headers_;
  bool opens_with_event_ = true;
  std::map<std::uint64_t, Stream> streams_;
  std::map<std::string, std::uint64_t, std::less<>> by_request_;
  std::uint64_t next_ = 1;
};

}  // namespace hearth::web
