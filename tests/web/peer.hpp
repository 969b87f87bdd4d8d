// The client's end of a conversation, without a socket.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "io/loop.hpp"
#include "web/conversation.hpp"

namespace hearth::web {

// Keeps requests and the answers to be given; refuses paths that begin with /no.
class Collector final : public Handler {
 public:
  std::optional<Response> refuse(const Request& head) override {
    if (!head.path.starts_with("/no")) return std::nullopt;
    return plain(403, "no\n");
  }
  Response unreadable(std::string_view, int status, const std::string& why) override {
    return plain(status, why + "\n");
  }
  void serve(Request request, std::shared_ptr<Answer> answer) override {
    if (request.path == "/at-once") answer->send(plain(200, "now\n"));
    requests.push_back(std::move(request));
    answers.push_back(std::move(answer));
  }
  // The answer to the next request.
  [[nodiscard]] std::shared_ptr<Answer> next() {
    auto answer = answers.front();
    answers.pop_front();
    return answer;
  }

  std::deque<Request> requests;
  std::deque<std::shared_ptr<Answer>> answers;
};

struct Peer {
  io::Loop loop;
  Collector handler;
  int outputs = 0;
  Conversation conversation{loop, handler, {.head = 1000, .body = 1000}, [this] { ++outputs; }};

  void get(std::string_view path) {
    conversation.feed("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  // What has been said since the last time.
  std::string take() {
    std::string text(conversation.output());
    conversation.sent(text.size());
    return text;
  }
};

}  // namespace hearth::web
