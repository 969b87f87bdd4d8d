// Where messages to a client go. Implemented by the transport.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth::mcp {

// A transport is congested while more than this waits to be read by the client.
inline constexpr std::size_t congestion = std::size_t{256} << 10;

class MessageSink {
 public:
  virtual ~MessageSink() = default;
  // `about` is the JSON text of the id of the request that the message belongs to (its answer, its
  // progress, a question to the client on its behalf); empty when it belongs to none.
  virtual void send(std::string_view message, std::string_view about) = 0;
  // This request has been cancelled, and gets no answer: nothing need wait for one.
  virtual void withdraw(std::string_view /*about*/) {}
  // Whether so much waits to be read by the client that reports of progress and logs are left out,
  // and changes kept until Session::catch_up().
  [[nodiscard]] virtual bool is_congested() const = 0;
  // A request began or ended; `bytes` of it are held meanwhile.
  virtual void request_began(std::size_t bytes) = 0;
  virtual void request_ended(std::size_t bytes) = 0;
};

}  // namespace hearth::mcp
