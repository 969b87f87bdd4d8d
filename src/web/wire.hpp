// HTTP/1.1 as bytes: requests read from what has arrived, heads of answers written. Knows no
// socket. Parsing is Boost.Beast's (docs/dependencies.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "web/message.hpp"

namespace hearth::web {

struct WireLimits {
  std::size_t head = std::size_t{16} << 10;
  std::size_t body = std::size_t{8} << 20;
};

class RequestReader final {
 public:
  explicit RequestReader(WireLimits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  void feed(std::string_view bytes);

  enum class Step : std::uint8_t {
    more,    // feed more
    head,    // request() has all but the body
    whole,   // request() is complete; take it
    broken,  // status() and why() say what is wrong; nothing more can be read
  };
  [[nodiscard]] Step next();
  [[nodiscard]] const Request& request() const;
  [[nodiscard]] Request take();
  [[nodiscard]] int status() const;
  [[nodiscard]] const std::string& why() const;
  // What is broken was meant for this path; empty where that is not known.
  [[nodiscard]] std::string path() const;

  // Bytes held of requests that are not complete.
  [[nodiscard]] std::size_t buffered() const;
  // In the middle of a request, before or behind its head.
  [[nodiscard]] bool is_in_head() const;
  [[nodiscard]] bool is_in_body() const;

 private:
  struct State;  // keeps Beast out of this header
  std::unique_ptr<State> state_;
};

// How the body behind a head is delimited.
enum class BodyForm : std::uint8_t {
  sized,    // by the length in the head
  chunked,  // a stream
  closed,   // a stream to an HTTP/1.0 client: it ends with the connection
};

// Status line and headers. For a stream the body's size is not looked at.
[[nodiscard]] std::string make_head(const Response& response, BodyForm form, bool keeps_alive);
void append_chunk(std::string& out, std::string_view bytes);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";
inline constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace hearth::web
