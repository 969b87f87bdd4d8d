// A whole connection without its socket: bytes through the framing and the scanner into an MCP
// session with an echo tool. Each answer is JSON-RPC, and each request has at most one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/version.hpp"
#include "ipc/frame.hpp"
#include "json/envelope.hpp"
#include "json/json.hpp"
#include "mcp/binder.hpp"
#include "mcp/messages.hpp"
#include "mcp/session.hpp"

namespace {

using namespace hearth;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Text {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))
json::Notes notes(const Text*) {
  return {{"text", "Any text"}};
}

class EchoPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "echo"; }
  void declare(pack::Binder& tools) override {
    mcp::Tool<Text, Text>({.verb = "say", .title = "Say", .description = "Echo"})
        .on_loop(tools, [](const Text& request, const pack::Call& call) -> Result<Text> {
          call.progress(1, 2, request.text);
          call.log(pack::LogLevel::warning, request.text);
          return request;
        });
    mcp::Tool<Text, Text>({.verb = "keep", .title = "Keep", .description = "Answer in the end"})
        .deferred(tools, [this](Text, pack::Call call) { kept.push_back(std::move(call)); });
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {}; }

  std::vector<pack::Call> kept;
};

// Checks what the client would get.
class Checker final : public mcp::MessageSink {
 public:
  void send(std::string_view message, std::string_view /*about*/) override {
    require(json::parse(message).has_value());
    const auto envelope = json::scan_envelope(message);
    if (!envelope) {  // the error of a message whose id is unknown has the id null
      require(message.find(R"("id":null)") != std::string_view::npos);
    } else if (envelope->is_response()) {
      ++answers;
    }
  }
  bool is_congested() const override { return false; }
  void request_began(std::size_t bytes) override { held += bytes; }
  void request_ended(std::size_t bytes) override {
    require(bytes <= held);
    held -= bytes;
  }

  std::size_t answers = 0;
  std::size_t held = 0;
};

}  // namespace

std::string_view hearth::version() {
  return "0.0.0";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  io::Loop loop;
  EchoPack pack;
  mcp::Catalog catalog;
  catalog.add(pack);
  Checker checker;
  auto session = std::make_shared<mcp::Session>(loop, catalog, mcp::SessionLimits{.in_flight = 3},
                                                std::make_shared<pack::Caller>(), checker);
  ipc::FrameReader reader;
  reader.feed(std::string_view(reinterpret_cast<const char*>(data), size));
  std::size_t requests = 0;
  for (;;) {
    const auto message = reader.next();
    if (!message || !*message) break;
    const auto envelope = json::scan_envelope(**message);
    if (!envelope) {
      checker.send(
          mcp::make_error(json::salvage_id(**message), mcp::parse_error, envelope.error().message),
          "");
      ++requests;
      continue;
    }
    requests += envelope->is_request() ? 1U : 0U;
    session->handle(*envelope, (**message).size());
    loop.poll();  // answers come by way of the loop
  }
  pack.kept.clear();  // what is dropped answers, too
  loop.poll();
  require(checker.answers <= requests);
  require(checker.held == 0 && session->in_flight() == 0);
  return 0;
}
