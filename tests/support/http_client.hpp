// A client of the daemon's HTTP for tests: any bytes, whole answers or streams of events, every
// wait with a deadline.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace hearth::test {

struct HttpReply {
  int status = 0;                              // 0: the connection ended first
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // of a whole answer

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

struct HttpEvent {
  std::string id;
  std::string data;
  std::string retry;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// One connection. Throws std::runtime_error when nobody listens.
class HttpClient final {
 public:
  explicit HttpClient(std::uint16_t port, std::string token = {});

  // With Host, the token and, for a body, its type and size, unless `headers` have them.
  void request(std::string_view method,
               std::string_view path,
               const HttpHeaders& headers = {},
               std::string_view body = {});
  void send_bytes(std::string_view bytes);
  // Sends what can be sent without waiting; the number of bytes.
  std::size_t push(std::string_view bytes);

  // Head and, unless it is a stream, body of the next answer. Fails the test at the deadline.
  [[nodiscard]] HttpReply reply();
  HttpReply ask(std::string_view method,
                std::string_view path,
                const HttpHeaders& headers = {},
                std::string_view body = {}) {
    request(method, path, headers, body);
    return reply();
  }
  // The next event of a stream, past comments; nothing at its end.
  [[nodiscard]] std::optional<HttpEvent> event();
  // Waits for the end of the connection, past whatever comes.
  [[nodiscard]] bool is_ended();
  void close() { fd_.reset(); }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  [[nodiscard]] bool receive();
  [[nodiscard]] std::optional<std::string> line();
  [[nodiscard]] std::optional<std::string> take(std::size_t bytes);
  [[nodiscard]] bool read_chunk();

  UniqueFd fd_;
  std::uint16_t port_;
  std::string token_;
  std::string in_;      // received, not read
  std::string stream_;  // the text of chunks
  bool has_stream_ended_ = false;
};

}  // namespace hearth::test
