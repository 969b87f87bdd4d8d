#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "base/ids.hpp"
#include "client/client.hpp"
#include "ipc/error_data.hpp"
#include "ipc/socket.hpp"
#include "json/envelope.hpp"

namespace hearth::client {
namespace {

// A call that takes its daemon along this often is not sent again.
constexpr int most_attempts = 8;

Error error_of(const json::Value& error) {
  Error out{Errc::internal,
            std::string(json::string_or(error, "message", "the daemon sent an error")),
            {}};
  if (const json::Value* data = json::find(error, "data")) {
    out.code = errc_from_name(json::string_or(*data, "code", "internal_error"));
    out.suggestions = ipc::read_suggestions(*data);
  } else if (json::int_or(error, "code", 0) == -32602) {
    out.code = Errc::invalid_args;
  }
  return out;
}

std::string request_text(std::string_view own,
                         std::string_view id,
                         std::string_view method,
                         const json::Object& params) {
  std::string text = "{";
  if (!own.empty()) text.append(R"("hearth":)").append(own).push_back(',');
  text.append(R"("jsonrpc":"2.0","id":)")
      .append(id)
      .append(R"(,"method":)")
      .append(json::quoted(method));
  text.append(R"(,"params":)");
  json::append(text, params);
  text.push_back('}');
  return text;
}

// A CallToolResult: the structured content, or the tool's error.
Result<json::Value> open_tool_result(json::Value result) {
  json::Value* structured =
      result.is_object() ? result.get_object().if_contains("structuredContent") : nullptr;
  if (json::bool_or(result, "isError", false)) {
    const json::Value* error = structured != nullptr ? json::find(*structured, "error") : nullptr;
    if (error == nullptr) return fail(Errc::internal, "the tool failed without saying why");
    return std::unexpected(
        error_of({{"message", json::string_or(*error, "message", "")}, {"data", *error}}));
  }
  if (structured == nullptr) return result;
  return std::move(*structured);
}

}  // namespace

Result<std::string_view> Connection::next_message(MonotonicTime deadline) {
  std::string bytes;
  for (;;) {
    const auto next = reader_.next();
    if (!next) return std::unexpected(next.error());
    if (*next) return **next;
    bytes.clear();
    const auto got = ipc::receive_some(socket_.get(), bytes, deadline);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return fail(Errc::unavailable, "the daemon went away", {"try again"});
    reader_.feed(bytes);
  }
}

Result<json::Value> Connection::exchange(std::string_view message,
                                         std::string_view id,
                                         MonotonicTime deadline,
                                         const OnNotification& on_other) {
  std::string frame;
  ipc::append_frame(frame, message);
  if (auto sent = ipc::send_all(socket_.get(), frame, deadline); !sent)
    return std::unexpected(sent.error());
  for (;;) {
    const auto next = next_message(deadline);
    if (!next) return std::unexpected(next.error());
    const auto envelope = json::scan_envelope(*next);
    if (!envelope) return std::unexpected(envelope.error());
    const bool is_answer = envelope->is_response() && envelope->id == id;
    if (!is_answer && !on_other) continue;
    auto value = json::parse(
        is_answer ? (envelope->error.empty() ? envelope->result : envelope->error) : *next);
    if (!value) return std::unexpected(value.error());
    if (is_answer && !envelope->error.empty()) return std::unexpected(error_of(*value));
    if (is_answer) return value;
    on_other(*value);
  }
}

Result<json::Value> Connection::request(std::string_view method,
                                        const json::Object& params,
                                        std::chrono::milliseconds timeout,
                                        const OnNotification& on_other) {
  const std::string id = std::to_string(next_id_++);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  return exchange(request_text({}, id, method, params), id, deadline, on_other);
}

Result<void> Connection::reconnect() {
  options_.greeting.resume = welcome_.resume;
  auto fresh = connect(options_);
  if (!fresh) return std::unexpected(fresh.error());
  socket_ = std::move(fresh->socket_);
  welcome_ = std::move(fresh->welcome_);
  fallback_ = std::move(fresh->fallback_);
  reader_ = ipc::FrameReader(ipc::Framing::length_prefixed);
  return {};
}

Result<json::Value> Connection::call_tool(std::string_view tool,
                                          const json::Value& arguments,
                                          std::chrono::milliseconds timeout,
                                          const OnNotification& on_other) {
  json::Object params{{"name", tool}, {"arguments", arguments}};
  const std::string key = random_hex(16);
  if (on_other) params["_meta"] = {{"progressToken", key}};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (int attempt = 1;;) {
    const std::string id = std::to_string(next_id_++);
    const std::string own = R"({"key":")" + key + R"(","attempt":)" + std::to_string(attempt) + "}";
    auto answer = exchange(request_text(own, id, "tools/call", params), id, deadline, on_other);
    if (answer) return open_tool_result(std::move(*answer));
    const Errc code = answer.error().code;
    const bool is_lost = code == Errc::unavailable || code == Errc::draining;
    if (!is_lost || attempt == most_attempts || std::chrono::steady_clock::now() >= deadline)
      return answer;
    if (code == Errc::unavailable) ++attempt;  // what a leaving one gave back was none
    if (auto again = reconnect(); !again) return std::unexpected(again.error());
  }
}

Result<json::Array> Connection::list_tools(std::chrono::milliseconds timeout) {
  auto result = request("tools/list", {}, timeout);
  if (!result) return std::unexpected(result.error());
  json::Value* tools = result->is_object() ? result->get_object().if_contains("tools") : nullptr;
  if (tools == nullptr || !tools->is_array())
    return fail(Errc::internal, "the daemon's tools/list has no tools");
  return std::move(tools->get_array());
}

Result<void> Connection::listen(const std::function<bool(const json::Value&)>& on_other,
                                const Beside& beside) {
  std::string bytes;
  for (;;) {
    const auto next = reader_.next();
    if (!next) return std::unexpected(next.error());
    if (*next) {
      const auto message = json::parse(**next);
      if (!message) return std::unexpected(message.error());
      if (!on_other(*message)) return {};
      continue;
    }
    std::array<pollfd, 2> waiting{
        {{socket_.get(), POLLIN, 0}, {beside.fd, POLLIN, 0}}};  // a negative one is left out
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
      return fail_errno("wait for the daemon", errno);
    if (waiting[1].revents != 0 && !beside.on_readable()) return {};
    if (waiting[0].revents == 0) continue;
    bytes.clear();
    const auto got = ipc::receive_some(socket_.get(), bytes, MonotonicTime::max());
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return fail(Errc::unavailable, "the daemon went away", {"try again"});
    reader_.feed(bytes);
  }
}

bool tells_of_stop(const json::Value& message) {
  const json::Value* params = json::find(message, "params");
  return params != nullptr && json::string_or(message, "method", "") == "daemon/draining" &&
         json::string_or(*params, "reason", "") != "retire";
}

bool Connection::wait_for_end(MonotonicTime deadline) {
  std::string bytes;
  for (;;) {
    bytes.clear();
    const auto got = ipc::receive_some(socket_.get(), bytes, deadline);
    if (!got) return false;
    if (*got == 0) return true;
  }
}

}  // namespace hearth::client
