#include "support/mcp_stdio_client.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "ipc/socket.hpp"

namespace hearth::test {
namespace {

milliseconds left_until(MonotonicTime deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, milliseconds(0));
}

Error error_of(const json::Value& error) {
  Error out{Errc::internal, std::string(json::string_or(error, "message", "")), {}};
  if (const json::Value* data = json::find(error, "data"))
    out.code = errc_from_name(json::string_or(*data, "code", "internal_error"));
  if (out.message.starts_with("outcome_unknown")) out.code = Errc::outcome_unknown;
  return out;
}

Plan bridge_plan(const TempHome& home, std::vector<std::string> options) {
  options.insert(options.begin(), "mcp");
  Plan plan = home.plan(std::move(options));
  plan.has_input = plan.pipes_output = true;
  return plan;
}

}  // namespace

bool write_all(int fd, std::string_view bytes) {
  std::signal(SIGPIPE, SIG_IGN);
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno == EAGAIN) {
      pollfd entry{fd, POLLOUT, 0};
      if (::poll(&entry, 1, 10'000) <= 0) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

int JsonRpcPeer::send(std::string_view method, const json::Object& params) {
  const int id = ++last_id_;
  const json::Value message{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
  std::string bytes;
  ipc::append_frame(bytes, json::dump(message), reader_.framing());
  (void)write_all(out_, bytes);  // a closed end shows when the answer is awaited
  return id;
}

Result<void> JsonRpcPeer::take_messages(milliseconds timeout) {
  pollfd entry{in_, POLLIN, 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(timeout.count()));
  if (ready < 0 && errno == EINTR) return {};
  if (ready == 0) return fail(Errc::timed_out, "no answer within the test's patience");
  char chunk[16384];
  const ssize_t got = ::read(in_, chunk, sizeof chunk);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (got <= 0) return fail(Errc::unavailable, "the other end has closed");
  reader_.feed(std::string_view(chunk, static_cast<std::size_t>(got)));
  for (;;) {
    const auto message = reader_.next();
    if (!message) return std::unexpected(message.error());
    if (!*message) return {};
    auto value = json::parse(**message);
    if (!value) return std::unexpected(value.error());
    const json::Value* id = json::find(*value, "id");
    if (id != nullptr && answering_ && json::find(*value, "method") != nullptr) {
      answer(*value);
      continue;
    }
    if (id == nullptr || !id->is_int64()) {
      notifications_.emplace_back(**message);
      continue;
    }
    const json::Value* error = json::find(*value, "error");
    const json::Value* result = json::find(*value, "result");
    auto outcome = error != nullptr ? Result<json::Value>(std::unexpected(error_of(*error)))
                                    : Result<json::Value>(result ? *result : json::Value());
    answers_.insert_or_assign(static_cast<int>(id->get_int64()), std::move(outcome));
  }
}

void JsonRpcPeer::answer(const json::Value& request) {
  const json::Value* const params = json::find(request, "params");
  const auto result = answering_(json::string_or(request, "method", ""),
                                 params == nullptr ? json::Value(json::Object{}) : *params);
  if (result) reply(request, *result);
}

Result<json::Value> JsonRpcPeer::receive(int id, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (auto found = answers_.extract(id); !found.empty()) return std::move(found.mapped());
    if (auto taken = take_messages(left_until(deadline)); !taken)
      return std::unexpected(taken.error());
  }
}

Result<json::Value> JsonRpcPeer::request(std::string_view method,
                                         const json::Object& params,
                                         milliseconds timeout) {
  return receive(send(method, params), timeout);
}

bool JsonRpcPeer::hears(std::string_view part, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    while (!notifications_.empty()) {
      const bool is_it = notifications_.front().contains(part);
      notifications_.pop_front();
      if (is_it) return true;
    }
    if (!take_messages(left_until(deadline))) return false;
  }
}

int JsonRpcPeer::send_call(std::string_view tool, const json::Object& arguments) {
  return send("tools/call", {{"name", tool}, {"arguments", arguments}});
}

Result<json::Value> JsonRpcPeer::receive_call(int id, milliseconds timeout) {
  auto result = receive(id, timeout);
  if (!result) return result;
  const json::Value* content = json::find(*result, "structuredContent");
  if (content == nullptr)
    return fail(Errc::internal, "no structured content: " + json::dump(*result));
  if (!json::bool_or(*result, "isError", false)) return *content;
  const json::Value* error = json::find(*content, "error");
  if (error == nullptr) return fail(Errc::internal, "no error: " + json::dump(*result));
  return std::unexpected(
      error_of({{"message", json::string_or(*error, "message", "")}, {"data", *error}}));
}

Result<json::Value> JsonRpcPeer::call(std::string_view tool,
                                      const json::Object& arguments,
                                      milliseconds timeout) {
  return receive_call(send_call(tool, arguments), timeout);
}

Result<json::Value> JsonRpcPeer::question(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    while (!notifications_.empty()) {
      auto message = json::parse(notifications_.front());
      notifications_.pop_front();
      if (message && json::find(*message, "id") != nullptr) return message;
    }
    if (auto taken = take_messages(left_until(deadline)); !taken)
      return std::unexpected(taken.error());
  }
}

void JsonRpcPeer::reply(const json::Value& question, const json::Value& result) {
  const json::Value message{{"jsonrpc", "2.0"}, {"id", question.at("id")}, {"result", result}};
  std::string bytes;
  ipc::append_frame(bytes, json::dump(message), reader_.framing());
  (void)write_all(out_, bytes);
}

Result<json::Value> JsonRpcPeer::initialize(milliseconds timeout, json::Object capabilities) {
  auto result = request("initialize",
                        {{"protocolVersion", "2025-11-25"},
                         {"capabilities", std::move(capabilities)},
                         {"clientInfo", {{"name", "blackbox"}, {"version", "1"}}}},
                        timeout);
  if (!result) return result;
  std::string bytes;
  ipc::append_frame(bytes, R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
                    reader_.framing());
  (void)write_all(out_, bytes);
  return result;
}

McpStdioClient::McpStdioClient(const TempHome& home, std::vector<std::string> options)
    : McpStdioClient(bridge_plan(home, std::move(options))) {}

McpStdioClient::McpStdioClient(const Plan& plan) : McpStdioClient(Process(plan)) {}

McpStdioClient::McpStdioClient(Process process)
    : JsonRpcPeer(process.output(), process.input(), ipc::Framing::newline_delimited),
      process_(std::move(process)) {}

Outcome McpStdioClient::finish(milliseconds timeout) {
  process_.close_input();
  return process_.wait(timeout);
}

Result<SocketClient> SocketClient::connect(const TempHome& home, milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto socket = ipc::connect_unix(home.socket(), deadline);
  if (!socket) return std::unexpected(socket.error());
  SocketClient client(std::move(*socket));
  ipc::Greeting greeting;
  greeting.client_name = "blackbox";
  greeting.cwd = home.path();
  std::string frame;
  ipc::append_frame(frame, ipc::encode_greeting(greeting));
  (void)write_all(client.fd(), frame);
  if (auto welcome = client.receive(0, timeout); !welcome) return std::unexpected(welcome.error());
  return client;
}

}  // namespace hearth::test
