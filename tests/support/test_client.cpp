#include "support/test_client.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "ipc/socket.hpp"
#include "json/envelope.hpp"

namespace hearth::test {
namespace {

MonotonicTime patience() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(30);
}

UniqueFd connect(const std::string& socket) {
  auto fd = ipc::connect_unix(socket, patience());
  if (!fd) throw std::runtime_error(fd.error().message);
  return std::move(*fd);
}

}  // namespace

TestClient::TestClient(const std::string& socket, ipc::Framing framing)
    : TestClient(connect(socket), framing) {}

TestClient::TestClient(UniqueFd fd, ipc::Framing framing)
    : fd_(std::move(fd)), framing_(framing), reader_(framing) {}

ipc::Greeting TestClient::default_greeting() {
  ipc::Greeting greeting;
  greeting.client_name = "test";
  greeting.client_version = "1";
  return greeting;
}

std::expected<ipc::Welcome, ipc::Refusal> TestClient::greet(const ipc::Greeting& greeting) {
  send(ipc::encode_greeting(greeting));
  const auto message = next();
  return ipc::decode_welcome(message.value_or(""));
}

void TestClient::send(std::string_view message) {
  std::string frame;
  ipc::append_frame(frame, message, framing_);
  send_bytes(frame);
}

void TestClient::send_bytes(std::string_view bytes) {
  const auto sent = ipc::send_all(fd_.get(), bytes, patience());
  if (!sent && sent.error().code != Errc::unavailable) ADD_FAILURE() << sent.error().message;
}

std::size_t TestClient::push(std::string_view bytes) {
  const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

std::string TestClient::call_text(std::string_view id,
                                  std::string_view tool,
                                  std::string_view arguments,
                                  std::string_view token,
                                  std::string_view own) {
  std::string text = "{";
  if (!own.empty()) text.append(R"("hearth":)").append(own).append(",");
  text.append(R"("jsonrpc":"2.0","id":)").append(id);
  text.append(R"(,"method":"tools/call","params":{"name":")").append(tool);
  text.append(R"(","arguments":)").append(arguments);
  if (!token.empty()) text.append(R"(,"_meta":{"progressToken":)").append(token).append("}");
  return text.append("}}");
}

std::optional<std::string> TestClient::next() {
  const auto deadline = patience();
  std::string bytes;
  for (;;) {
    const auto message = reader_.next();
    if (!message) {
      ADD_FAILURE() << "the daemon broke the framing: " << message.error().message;
      return std::nullopt;
    }
    if (*message) return std::string(**message);
    bytes.clear();
    const auto got = ipc::receive_some(fd_.get(), bytes, deadline);
    if (!got) ADD_FAILURE() << got.error().message;
    if (!got || *got == 0) return std::nullopt;
    reader_.feed(bytes);
  }
}

json::Value TestClient::answer(std::string_view id) {
  for (;;) {
    auto message = next();
    if (!message) {
      ADD_FAILURE() << "the connection ended before the answer of " << id;
      return {};
    }
    const auto envelope = json::scan_envelope(*message);
    if (!envelope) {
      ADD_FAILURE() << "no JSON-RPC: " << *message;
      return {};
    }
    if (envelope->is_response() && envelope->id == id) return json::parse(*message).value();
    notifications_.push_back(std::move(*message));
  }
}

json::Value TestClient::ask(std::string_view tool, std::string_view arguments) {
  const std::string id = std::to_string(++last_id_);
  call(id, tool, arguments);
  return answer(id);
}

json::Value TestClient::request(std::string_view method, std::string_view params) {
  const std::string id = std::to_string(++last_id_);
  send(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + std::string(method) +
       R"(","params":)" + std::string(params) + "}");
  return answer(id);
}

bool TestClient::is_ended() {
  while (auto message = next()) notifications_.push_back(std::move(*message));
  return !::testing::Test::HasFailure();
}

json::Value structured(const json::Value& message) {
  const json::Value* result = json::find(message, "result");
  const json::Value* content = result ? json::find(*result, "structuredContent") : nullptr;
  return content ? *content : json::Value();
}

std::string tool_code(const json::Value& message) {
  const json::Value content = structured(message);
  const json::Value* error = json::find(content, "error");
  return error ? std::string(json::string_or(*error, "code", "")) : "none";
}

std::string error_code(const json::Value& message) {
  const json::Value* error = json::find(message, "error");
  const json::Value* data = error ? json::find(*error, "data") : nullptr;
  return data ? std::string(json::string_or(*data, "code", "")) : "none";
}

}  // namespace hearth::test
