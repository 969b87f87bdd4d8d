// What is asked over HTTP, and what is answered.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string url;     // http: or https:
  std::string socket;  // a Unix socket's path, to connect to in place of the URL's host
  std::vector<Header> headers;
  std::string body;
  // Whether a second one does no harm. Others never go over a kept connection, which the server may
  // be closing just then, and are never sent again.
  bool is_repeatable = false;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{60'000};       // in all, with the wait for others before it
  std::size_t most_bytes = std::size_t{64} << 20;  // of the answer's body
};

struct Response {
  int status = 0;
  std::vector<Header> headers;  // those of the last answer, names in lower case
  std::string body;

  [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
  // The value of the first header of that name, in lower case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const Header& each : headers) {
      if (each.name == name) return each.value;
    }
    return {};
  }
};

}  // namespace hearth::http
