#include "web/wire.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.hpp"

namespace hearth::web {
namespace {

namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

// Given twice, such a header would mean one thing here and another to somebody in between.
constexpr std::array<std::string_view, 9> single_headers{
    "Host",         "Origin",         "Authorization",
    "Content-Type", "Mcp-Session-Id", "MCP-Protocol-Version",
    "Mcp-Method",   "Mcp-Name",       "Last-Event-ID"};

// What a chunk's own head may take beside its bytes.
constexpr std::size_t chunk_head = std::size_t{4} << 10;

template <typename Text>
std::string to_string(const Text& text) {
  return std::string(text.data(), text.size());
}

}  // namespace

struct RequestReader::State {
  WireLimits limits;
  std::string input;
  std::optional<Parser> parser;
  Request request;
  int status = 400;
  std::string why;

  Step fail(int number, std::string text) {
    status = number;
    why = std::move(text);
    input.clear();
    return Step::broken;
  }

  Step fail(const boost::system::error_code& error) {
    if (error == http::error::header_limit) {
      return fail(431, "the head of the request exceeds " + std::to_string(limits.head) + " bytes");
    }
    if (error == http::error::body_limit) {
      return fail(413, "the body of the request exceeds " + std::to_string(limits.body) + " bytes");
    }
    return fail(400, "this is no HTTP/1.1 request: " + error.message());
  }

  // Takes what the parser wants of the input. False when it needs more: inside of a body Beast does
  // not say so, but takes nothing.
  bool put(boost::system::error_code& error) {
    error = {};
    const std::size_t used = parser->put(boost::asio::buffer(input), error);
    input.erase(0, used);
    if (error != http::error::need_more) return error || used != 0 || parser->is_done();
    error = {};
    return false;
  }

  Step take_head() {
    auto& message = parser->get();
    request = {};
    request.method = to_string(message.method_string());
    const std::string target = to_string(message.target());
    const auto mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    if (mark != target.size()) request.query = target.substr(mark + 1);
    request.is_old = message.version() < 11;
    request.keeps_alive = message.keep_alive();
    for (const auto& field : message.base()) {
      request.headers.push_back({to_string(field.name_string()), to_string(field.value())});
    }
    for (const std::string_view name : single_headers) {
      std::size_t count = 0;
      for (const Header& header : request.headers)
        count += equals_ignoring_case(header.name, name) ? 1U : 0U;
      if (count > 1) return fail(400, "the header " + std::string(name) + " is there twice");
    }
    return Step::head;
  }
};

RequestReader::RequestReader(WireLimits limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
}
RequestReader::~RequestReader() = default;

void RequestReader::feed(std::string_view bytes) {
  state_->input.append(bytes);
}

RequestReader::Step RequestReader::next() {
  State& state = *state_;
  boost::system::error_code error;
  if (!state.parser) {
    if (state.input.empty()) return Step::more;
    state.parser.emplace();
    state.parser->header_limit(static_cast<std::uint32_t>(state.limits.head));
    state.parser->body_limit(state.limits.body);
  }
  if (!state.parser->is_header_done()) {
    if (!state.put(error)) {
      // Beast looks at the limit only once a line is complete.
      return state.input.size() > state.limits.head ? state.fail(http::error::header_limit)
                                                    : Step::more;
    }
    if (error) return state.fail(error);
    state.parser->eager(true);
    return state.take_head();
  }
  while (!state.parser->is_done()) {
    const bool has_room = state.put(error);
    if (error) return state.fail(error);
    if (has_room) continue;
    if (state.input.size() > chunk_head) return state.fail(400, "a chunk without an end");
    return Step::more;
  }
  state.request.body = std::move(state.parser->get().body());
  return Step::whole;
}

const Request& RequestReader::request() const {
  return state_->request;
}

Request RequestReader::take() {
  state_->parser.reset();
  return std::exchange(state_->request, {});
}

int RequestReader::status() const {
  return state_->status;
}

const std::string& RequestReader::why() const {
  return state_->why;
}

std::string RequestReader::path() const {
  if (!state_->request.path.empty() || !state_->parser) return state_->request.path;
  const std::string target = to_string(state_->parser->get().target());
  return target.substr(0, target.find('?'));
}

std::size_t RequestReader::buffered() const {
  const std::size_t body = is_in_body() ? state_->parser->get().body().size() : 0;
  return state_->input.size() + body;
}

bool RequestReader::is_in_head() const {
  const bool is_in = state_->parser && !state_->parser->is_header_done();
  return is_in || (!state_->parser && !state_->input.empty());
}

bool RequestReader::is_in_body() const {
  return state_->parser && state_->parser->is_header_done() && !state_->parser->is_done();
}

std::string make_head(const Response& response, BodyForm form, bool keeps_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += to_string(http::obsolete_reason(static_cast<http::status>(response.status)));
  head += "\r\n";
  const auto add = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  for (const Header& header : response.headers) add(header.name, header.value);
  add("Cache-Control", "no-store");
  if (form == BodyForm::sized) add("Content-Length", std::to_string(response.body.size()));
  if (form == BodyForm::chunked) add("Transfer-Encoding", "chunked");
  add("Connection", keeps_alive ? "keep-alive" : "close");
  return head + "\r\n";
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;  // would be the last one
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
  out.append(size.data(), end).append("\r\n").append(bytes).append("\r\n");
}

}  // namespace hearth::web
