// An MCP session with the test packs on a loop thread, and the client's end of it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "io/pool.hpp"
#include "json/json.hpp"
#include "mcp/session.hpp"
#include "support/ask_pack.hpp"
#include "support/echo_pack.hpp"
#include "support/loop_thread.hpp"

namespace hearth::mcp {

// The client's end: what was sent, in order.
class Outbox final : public MessageSink {
 public:
  void send(std::string_view message, std::string_view about) override {
    messages_.lock()->push_back({std::string(message), std::string(about)});
    messages_.notify_all();
  }
  bool is_congested() const override { return congested; }
  void request_began(std::size_t bytes) override { held += bytes; }
  void request_ended(std::size_t bytes) override { held -= bytes; }

  struct Sent {
    std::string text;
    std::string about;  // the request that it belongs to
  };
  // The next message; empty when none comes in time.
  std::string next() { return next_sent().text; }
  Sent next_sent() {
    auto messages = messages_.lock();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    if (!messages.wait_until(deadline, [](const auto& queue) { return !queue.empty(); })) return {};
    Sent message = std::move(messages->front());
    messages->pop_front();
    return message;
  }
  [[nodiscard]] bool is_empty() { return messages_.lock()->empty(); }

  std::atomic<bool> congested = false;
  std::atomic<std::size_t> held = 0;

 private:
  Guarded<std::deque<Sent>> messages_;
};

// Lends the packs a real pool, and tells of changes as the daemon does.
class PoolContext final : public pack::PackContext {
 public:
  PoolContext(io::Loop& loop, Catalog& catalog) : loop_(loop), catalog_(catalog) {}
  Result<std::filesystem::path> data_directory(std::string_view) override { return "/"; }
  const std::optional<std::string>& store_owner() const override { return owner_; }
  Result<void> submit(std::move_only_function<void()> job) override {
    return pool_.submit(std::move(job));
  }
  void post(std::move_only_function<void()> job) override { loop_.post(std::move(job)); }
  void list_changed(pack::ListKind kind) override {
    loop_.post([this, kind] { catalog_.list_changed(kind); });
  }
  void resources_updated(const std::vector<std::string>& uris,
                         const pack::Audience& audience) override {
    loop_.post([this, uris, audience] {
      for (const std::string& uri : uris) catalog_.resource_updated(uri, audience);
    });
  }
  std::optional<std::string> setting(std::string_view) const override { return std::nullopt; }
  const Clock& clock() const override { return clock_; }
  void close() { pool_.close(); }

 private:
  io::Loop& loop_;
  Catalog& catalog_;
  io::Pool pool_{"test", 2, 16};
  std::optional<std::string> owner_;
  SystemClock clock_;
};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    catalog_.add(pack_);
    catalog_.add(asks_);
    pack_.start(context_);
    asks_.start(context_);
    open({});
  }
  ~SessionTest() override {
    thread_.run([&] { session_.reset(); });
    context_.close();
    thread_.run([] {});
  }

  void open(SessionLimits limits) {
    thread_.run([&] { session_ = make_session(limits, outbox_); });
  }
  std::shared_ptr<Session> make_session(SessionLimits limits,
                                        Outbox& outbox,
                                        const pack::Caller& caller = {}) {
    return std::make_shared<Session>(thread_.loop(), catalog_, limits,
                                     std::make_shared<pack::Caller>(caller), outbox);
  }
  void say(const std::string& message) { say(*session_, message); }
  void say(Session& session, const std::string& message) {
    thread_.run([&] {
      const auto envelope = json::scan_envelope(message);
      ASSERT_TRUE(envelope.has_value()) << message << ": " << envelope.error().message;
      session.handle(*envelope, message.size());
    });
  }
  static std::string call_text(std::string_view id,
                               std::string_view tool,
                               std::string_view arguments,
                               std::string_view token = "") {
    std::string text = R"({"jsonrpc":"2.0","id":)" + std::string(id) +
                       R"(,"method":"tools/call","params":{"name":")" + std::string(tool) +
                       R"(","arguments":)" + std::string(arguments);
    if (!token.empty()) text += R"(,"_meta":{"progressToken":)" + std::string(token) + "}";
    return text + "}}";
  }
  void call(std::string_view id, std::string_view tool, std::string_view arguments) {
    say(call_text(id, tool, arguments));
  }
  // A request as each era writes it; `params` are members: R"("name":"x")".
  static std::string legacy(std::string_view id,
                            std::string_view method,
                            std::string_view params = "") {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" + std::string(method) +
           R"(","params":{)" + std::string(params) + "}}";
  }
  static std::string modern(std::string_view id,
                            std::string_view method,
                            std::string_view params = "",
                            std::string_view abilities = everything,
                            std::string_view meta = "") {
    std::string members = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                          R"("io.modelcontextprotocol/clientCapabilities":)" +
                          std::string(abilities);
    if (!meta.empty()) members.append(",").append(meta);
    members.push_back('}');
    if (!params.empty()) members.append(",").append(params);
    return legacy(id, method, members);
  }
  static constexpr std::string_view everything =
      R"({"elicitation":{"form":{},"url":{}},"sampling":{},"roots":{}})";
  // What is said with `id` and answered at once.
  json::Value ask(const std::string& message) {
    say(message);
    return answer(std::string(json::scan_envelope(message)->id));
  }
  void shake_hands(std::string_view abilities = everything) {
    (void)ask(legacy("0", "initialize",
                     R"("protocolVersion":"2025-11-25","capabilities":)" + std::string(abilities)));
  }
  // Waits until everything said so far has been handled, and answers posted to the loop have left.
  void settle() {
    thread_.run([] {});
    thread_.run([] {});
  }
  // The answer of `id`, past notifications.
  json::Value answer(std::string_view id) { return answer(outbox_, id); }
  static json::Value answer(Outbox& outbox, std::string_view id) {
    for (;;) {
      const std::string message = outbox.next();
      const auto envelope = json::scan_envelope(message);
      if (!envelope) {
        ADD_FAILURE() << "no answer for " << id;
        return {};
      }
      if (envelope->id == id) return json::parse(message).value();
      EXPECT_TRUE(envelope->is_notification()) << message;
    }
  }
  static std::string tool_code(const json::Value& message) {
    const json::Value* result = json::find(message, "result");
    const json::Value* structured = result ? json::find(*result, "structuredContent") : nullptr;
    const json::Value* error = structured ? json::find(*structured, "error") : nullptr;
    return error ? std::string(json::string_or(*error, "code", "")) : "none";
  }
  static std::int64_t error_number(const json::Value& message) {
    const json::Value* error = json::find(message, "error");
    return error ? json::int_or(*error, "code", 0) : 0;
  }
  // The text of a tool's answer.
  static std::string said(const json::Value& message) {
    const json::Value* result = json::find(message, "result");
    const json::Value* structured = result ? json::find(*result, "structuredContent") : nullptr;
    return structured ? std::string(json::string_or(*structured, "text", "")) : json::dump(message);
  }
  static std::string error_code(const json::Value& message) {
    const json::Value* error = json::find(message, "error");
    const json::Value* data = error ? json::find(*error, "data") : nullptr;
    return data ? std::string(json::string_or(*data, "code", "")) : "none";
  }

  test::LoopThread thread_;
  Catalog catalog_;
  PoolContext context_{thread_.loop(), catalog_};
  test::EchoPack pack_;
  test::AskPack asks_;
  Outbox outbox_;
  std::shared_ptr<Session> session_;
};

}  // namespace hearth::mcp
