// A client of the daemon's socket for tests: both framings, any bytes, every wait with a deadline.
#pragma once

#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "ipc/frame.hpp"
#include "ipc/hello.hpp"
#include "json/json.hpp"

namespace hearth::test {

class TestClient final {
 public:
  // Throws std::runtime_error when nobody listens: a test that needs a daemon has none then.
  explicit TestClient(const std::string& socket,
                      ipc::Framing framing = ipc::Framing::length_prefixed);
  explicit TestClient(UniqueFd fd, ipc::Framing framing = ipc::Framing::length_prefixed);

  // Sends hello and returns what the daemon says to it.
  [[nodiscard]] std::expected<ipc::Welcome, ipc::Refusal> greet(
      const ipc::Greeting& greeting = default_greeting());
  [[nodiscard]] static ipc::Greeting default_greeting();

  void send(std::string_view message);  // as one frame
  void send_bytes(std::string_view bytes);
  // Sends what can be sent without waiting; the number of bytes.
  std::size_t push(std::string_view bytes);

  // The text of a tools/call; `own` is the text of hearth's own member.
  [[nodiscard]] static std::string call_text(std::string_view id,
                                             std::string_view tool,
                                             std::string_view arguments,
                                             std::string_view token = "",
                                             std::string_view own = "");
  void call(std::string_view id,
            std::string_view tool,
            std::string_view arguments,
            std::string_view token = "",
            std::string_view own = "") {
    send(call_text(id, tool, arguments, token, own));
  }

  // The next message; nothing at the end of the stream. Fails the test at the deadline.
  [[nodiscard]] std::optional<std::string> next();
  // The next response with this id; other messages go to notifications().
  [[nodiscard]] json::Value answer(std::string_view id);
  // call() and its answer.
  json::Value ask(std::string_view tool, std::string_view arguments);
  // A request without parameters and its result.
  json::Value request(std::string_view method, std::string_view params = "{}");
  // Waits for the end of the stream, past whatever comes.
  [[nodiscard]] bool is_ended();
  [[nodiscard]] std::deque<std::string>& notifications() { return notifications_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  ipc::Framing framing_;
  ipc::FrameReader reader_;
  std::deque<std::string> notifications_;
  int last_id_ = 1'000'000;
};

// Parts of an answer, empty or "none" where they are missing.
[[nodiscard]] json::Value structured(const json::Value& message);
[[nodiscard]] std::string tool_code(const json::Value& message);
[[nodiscard]] std::string error_code(const json::Value& message);

}  // namespace hearth::test
