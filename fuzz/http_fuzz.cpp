// A whole HTTP connection without its socket: bytes through the parser, the MCP endpoint and the
// sessions, with an echo tool. What comes out is HTTP whose JSON parses, and in the end nothing is
// held. The first byte says in what pieces the rest arrives; the session id "S" stands for the last
// one given.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/version.hpp"
#include "daemon/server.hpp"
#include "echo_tools.hpp"
#include "json/json.hpp"
#include "mcp/binder.hpp"
#include "web/conversation.hpp"
#include "web/endpoint.hpp"

namespace {

using namespace hearth;
using fuzz::declare_echo_tools;
using fuzz::require;

class EchoPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "echo"; }
  void declare(pack::Binder& tools) override { declare_echo_tools(tools, kept); }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {}; }

  std::vector<pack::Call> kept;
};

class Host final : public daemon::ServerHost {
 public:
  std::expected<ipc::Welcome, ipc::Refusal> check(const ipc::Greeting&) override { return {}; }
  void session_changed(const pack::Caller&, bool) override {}
  void control(daemon::Session&, const json::Envelope&) override {}
  void on_activity() override {}
};

class EndpointHandler final : public web::Handler {
 public:
  explicit EndpointHandler(web::Endpoint& endpoint) : endpoint_(endpoint) {}
  std::optional<web::Response> refuse(const web::Request& head) override {
    if (head.method == "POST" || head.method == "GET" || head.method == "DELETE")
      return std::nullopt;
    return web::plain(405, "no\n");
  }
  web::Response unreadable(std::string_view, int status, const std::string& why) override {
    return web::plain(status, why + "\n");
  }
  void serve(web::Request request, std::shared_ptr<web::Answer> answer) override {
    for (web::Header& header : request.headers) {
      if (equals_ignoring_case(header.name, "Mcp-Session-Id") && header.value == "S")
        header.value = session;
    }
    endpoint_.serve(request, std::move(answer));
  }

  std::string session = "none";

 private:
  web::Endpoint& endpoint_;
};

// Takes one part up to `end` off `text`; aborts when it is not there.
std::string_view take(std::string_view& text, std::string_view end) {
  const auto at = text.find(end);
  require(at != std::string_view::npos);
  const auto part = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return part;
}

std::string_view header_of(std::string_view head, std::string_view name) {
  const auto at = head.find(name);
  if (at == std::string_view::npos) return {};
  const auto value = head.substr(at + name.size());
  return value.substr(0, value.find("\r\n"));
}

std::size_t size_of(std::string_view text, int base) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
  require(error == std::errc{} && end == text.data() + text.size());
  return size;
}

// Answers follow each other; only the last may be a stream that goes on. The answer to a HEAD gives
// the length of a body that does not come (RFC 9110 §9.3.2).
void check(std::string_view said, bool has_asked_for_heads) {
  while (!said.empty()) {
    require(said.starts_with("HTTP/1."));
    const auto head = take(said, "\r\n\r\n");
    if (head == "HTTP/1.1 100 Continue") continue;
    if (head.contains("\r\nTransfer-Encoding: chunked")) {
      while (!said.empty()) {
        const auto size = size_of(take(said, "\r\n"), 16);
        require(said.size() >= size + 2);
        said.remove_prefix(size + 2);
        if (size == 0) break;
      }
      continue;
    }
    const auto length = header_of(head, "\r\nContent-Length: ");
    if (length.empty()) return;  // a stream to an old client: all the rest
    const auto size = size_of(length, 10);
    if (has_asked_for_heads && (said.empty() || said.starts_with("HTTP/1."))) continue;
    require(said.size() >= size);
    if (head.contains("application/json")) require(json::parse(said.substr(0, size)).has_value());
    said.remove_prefix(size);
  }
}

}  // namespace

std::string_view hearth::version() {
  return "0.0.0";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  io::Loop loop;
  EchoPack pack;
  mcp::Catalog catalog;
  catalog.add(pack);
  const SystemClock clock;
  Host host;
  daemon::Server server(loop, catalog, clock, {.session_requests = 3}, host);
  web::Endpoint endpoint(server, {.most_sessions = 3}, [] {});
  EndpointHandler handler(endpoint);
  std::string said;
  {
    web::Conversation conversation(loop, handler, {.head = 2048, .body = 4096}, [] {});
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = 1 + static_cast<std::size_t>(data[0]) * 8;
    while (!rest.empty()) {
      conversation.feed(rest.substr(0, piece));
      rest.remove_prefix(std::min(piece, rest.size()));
      do {
        loop.poll();  // answers come by way of the loop, each when the one before has been read
        const std::string more(conversation.output());
        if (!more.empty()) conversation.sent(more.size());
        if (const auto id = header_of(more, "\r\nMcp-Session-Id: "); !id.empty())
          handler.session = id;
        said += more;
      } while (conversation.is_held());
    }
    pack.kept.clear();  // what is dropped answers, too
    loop.poll();
    said += conversation.output();
  }
  loop.poll();
  endpoint.close();
  require(server.requests_in_flight() == 0 && server.budget().used() == 0);
  check(said, std::string_view(reinterpret_cast<const char*>(data), size).contains("HEAD "));
  return 0;
}
