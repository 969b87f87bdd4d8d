// What a client and the daemon say to each other on one connection, one request after the other.
// Knows no socket: bytes in, bytes out. Loop thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/loop.hpp"
#include "web/message.hpp"
#include "web/wire.hpp"

namespace hearth::web {

class Conversation;

// The answer to one request, whole or as a stream of events. Shared by the conversation and whoever
// gives the answer; either may end first, and what is said to a client that has left is dropped.
class Answer final {
 public:
  explicit Answer(Conversation& conversation) : conversation_(&conversation) {}
  ~Answer() = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  void send(const Response& response);
  // Status and headers of a stream; then events until end().
  void begin_stream(std::vector<Header> headers = {});
  void write(std::string_view events);
  void end();

  // Whether there is a client who still waits.
  [[nodiscard]] bool is_open() const { return conversation_ != nullptr; }
  [[nodiscard]] bool is_streaming() const { return is_streaming_; }
  // What has been written and not yet read by the client.
  [[nodiscard]] std::size_t unread() const;
  // Called whenever the client has read all that was written.
  void on_read(std::function<void()> notify) { on_read_ = std::move(notify); }
  // Called once if the client leaves before the end.
  void on_gone(std::move_only_function<void()> notify) { on_gone_ = std::move(notify); }

 private:
  friend class Conversation;
  void drop();

  Conversation* conversation_;  // null once it has ended
  bool is_streaming_ = false;
  std::function<void()> on_read_;
  std::move_only_function<void()> on_gone_;
};

// Who answers.
class Handler {
 public:
  virtual ~Handler() = default;
  // Looks at a head before its body is read. A refusal ends the connection.
  [[nodiscard]] virtual std::optional<Response> refuse(const Request& head) = 0;
  // The answer to what cannot be read, too large or malformed, before the connection ends. `path`:
  // as far as it is known, else empty.
  [[nodiscard]] virtual Response unreadable(std::string_view path,
                                            int status,
                                            const std::string& why) = 0;
  // Answers now or later.
  virtual void serve(Request request, std::shared_ptr<Answer> answer) = 0;
};

class Conversation final {
 public:
  // `on_output` is called when there is something new to send, or to close.
  Conversation(io::Loop& loop,
               Handler& handler,
               WireLimits limits,
               std::function<void()> on_output);
  ~Conversation() { leave(); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  void feed(std::string_view bytes);
  // The client has gone. Idempotent.
  void leave();
  // After the present answer there will be no other: the daemon leaves.
  void finish();

  [[nodiscard]] std::string_view output() const { return std::string_view(out_).substr(sent_); }
  void sent(std::size_t bytes);

  [[nodiscard]] bool is_answering() const { return answer_ != nullptr; }
  [[nodiscard]] bool is_in_head() const { return reader_.is_in_head(); }
  [[nodiscard]] bool is_in_body() const { return reader_.is_in_body(); }
  // Whether requests that have arrived wait: until the client has read the answer before, and the
  // others had their turn. Nothing is to be fed meanwhile; on_output is called when that is over.
  [[nodiscard]] bool is_held() const {
    return !is_over_ && !is_answering() && (is_due_ || !may_go_on()) && reader_.buffered() != 0;
  }
  // Close once the output is sent.
  [[nodiscard]] bool is_over() const { return is_over_; }
  [[nodiscard]] std::size_t buffered() const { return reader_.buffered(); }

 private:
  friend class Answer;
  [[nodiscard]] bool may_go_on() const { return output().empty() || reader_.is_in_body(); }
  void advance();
  void advance_later();
  void refuse(const Response& response);
  void say(std::string_view head, std::string_view body);
  void ended();

  io::Loop& loop_;
  Handler& handler_;
  RequestReader reader_;
  std::function<void()> on_output_;
  std::shared_ptr<Answer> answer_;  // shared with who gives it; null between requests
  bool is_advancing_ = false;
  bool is_due_ = false;  // to advance, in a job
  bool is_over_ = false;
  bool keeps_alive_ = true;
  bool is_old_ = false;      // of the present request: HTTP/1.0
  bool wants_head_ = false;  // likewise: HEAD
  std::string out_;
  std::size_t sent_ = 0;
  std::shared_ptr<Conversation*> self_;  // for jobs, which hold it weakly
};

}  // namespace hearth::web
