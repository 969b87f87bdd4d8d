// An MCP client as an editor has one: a `hearth mcp` process, spoken to over its standard streams.
// And the same for the daemon's socket, without a process between. One thread at a time.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ipc/frame.hpp"
#include "ipc/hello.hpp"
#include "json/json.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {

// Requests and their answers over two descriptors, in either framing.
class JsonRpcPeer {
 public:
  JsonRpcPeer(int in, int out, ipc::Framing framing) : in_(in), out_(out), reader_(framing) {}

  // Sends and returns the id.
  int send(std::string_view method, const json::Object& params);
  // The outcome of request `id`: `timed_out` at the deadline, `unavailable` when the other end has
  // closed, else the error's code ("data.code", or `internal`).
  [[nodiscard]] Result<json::Value> receive(int id, milliseconds timeout);
  [[nodiscard]] Result<json::Value> request(std::string_view method,
                                            const json::Object& params,
                                            milliseconds timeout);
  // tools/call, and the structured content of its result.
  int send_call(std::string_view tool, const json::Object& arguments);
  [[nodiscard]] Result<json::Value> receive_call(int id, milliseconds timeout);
  [[nodiscard]] Result<json::Value> call(std::string_view tool,
                                         const json::Object& arguments,
                                         milliseconds timeout);
  [[nodiscard]] Result<json::Value> initialize(milliseconds timeout,
                                               json::Object capabilities = {});
  // What the other end asks of us next: its whole request. Notifications before it are forgotten.
  [[nodiscard]] Result<json::Value> question(milliseconds timeout);
  void reply(const json::Value& question, const json::Value& result);
  // What the other end asks, while an answer is awaited: `result` of its method and params.
  // Nothing: it is left without an answer.
  using Answering =
      std::function<std::optional<json::Value>(std::string_view method, const json::Value& params)>;
  void answer_with(Answering answering) { answering_ = std::move(answering); }
  // Whether a notification with this in its text has come, or comes within `timeout`. It is
  // forgotten, and so are those before it.
  [[nodiscard]] bool hears(std::string_view part, milliseconds timeout);

 private:
  [[nodiscard]] Result<void> take_messages(milliseconds timeout);
  void answer(const json::Value& request);

  int in_, out_;
  ipc::FrameReader reader_;
  int last_id_ = 0;
  Answering answering_;
  std::deque<std::string> notifications_;  // not heard yet
  std::map<int, Result<json::Value>> answers_;
};

// `hearth mcp`.
class McpStdioClient : public JsonRpcPeer {
 public:
  explicit McpStdioClient(const TempHome& home, std::vector<std::string> options = {});
  explicit McpStdioClient(const Plan& plan);
  [[nodiscard]] Process& process() { return process_; }
  // Ends the input and waits for the process.
  [[nodiscard]] Outcome finish(milliseconds timeout = std::chrono::seconds(20));

 private:
  explicit McpStdioClient(Process process);
  Process process_;
};

// A connection to the daemon's socket that has been greeted.
class SocketClient : public JsonRpcPeer {
 public:
  [[nodiscard]] static Result<SocketClient> connect(
      const TempHome& home, milliseconds timeout = std::chrono::seconds(10));
  [[nodiscard]] int fd() const { return socket_.get(); }
  void close() { socket_.reset(); }

 private:
  explicit SocketClient(UniqueFd socket)
      : JsonRpcPeer(socket.get(), socket.get(), ipc::Framing::length_prefixed),
        socket_(std::move(socket)) {}
  UniqueFd socket_;
};

// Writes all of it; false when the other end has closed.
bool write_all(int fd, std::string_view bytes);

}  // namespace hearth::test
