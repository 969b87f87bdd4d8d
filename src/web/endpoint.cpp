#include "web/endpoint.hpp"

#include <unistd.h>

#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "daemon/status.hpp"
#include "mcp/messages.hpp"
#include "web/admission.hpp"

namespace hearth::web {
namespace {

constexpr std::size_t id_bytes = 16;

bool is_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return equals_ignoring_case(type, json_type);
}

// What the daemon shows of a session: its id is a secret of its client.
std::string public_id(std::string_view secret) {
  return "h" + fingerprint_hex(secret).substr(0, 8);
}

}  // namespace

Endpoint::Endpoint(daemon::Server& server, EndpointLimits limits, std::function<void()> on_quiet)
    : server_(server),
      limits_(limits),
      on_quiet_(std::move(on_quiet)),
      timer_(server.loop()),
      self_(std::make_shared<Endpoint*>(this)) {}

void Endpoint::serve(const Request& request, std::shared_ptr<Answer> answer) {
  if (request.method == "POST") return post(request, std::move(answer));
  const auto version = request.header("MCP-Protocol-Version");
  if (!version.empty() && !is_legacy_version(version)) {
    Response response = refusal(405, mcp::invalid_request,
                                "this revision of MCP has no " + request.method + "; use POST");
    response.headers.push_back({"Allow", "POST"});
    return answer->send(response);
  }
  if (request.method == "DELETE") return remove(request, answer);
  if (!read_accept(request).events) {
    return answer->send(refusal(406, mcp::invalid_request, "Accept: text/event-stream is needed"));
  }
  if (HttpSession* session = session_of(request, {}, answer)) session->get(request, answer);
}

void Endpoint::post(const Request& request, std::shared_ptr<Answer> answer) {
  if (!is_json(request.header("Content-Type"))) {
    return answer->send(
        refusal(415, mcp::invalid_request, "Content-Type: application/json is needed"));
  }
  const Accepted accepted = read_accept(request);
  if (!accepted.json && !accepted.events) {
    return answer->send(refusal(406, mcp::invalid_request,
                                "Accept: application/json, text/event-stream is needed"));
  }
  const auto message = json::scan_envelope(request.body);
  if (!message) {
    return answer->send(
        refusal(400, mcp::parse_error, message.error().message, json::salvage_id(request.body)));
  }
  const BodyFacts body = read_body(*message);
  if (era_of(request, body) == mcp::Era::legacy)
    return post_legacy(request, *message, body, accepted, answer);
  if (message->is_response()) {
    return answer->send(
        refusal(400, mcp::invalid_request, "this revision of MCP has no responses of clients"));
  }
  if (auto wrong = check_modern(request, *message, body, server_.catalog()))
    return answer->send(*wrong);
  post_modern(request, *message, body, accepted, std::move(answer));
}

void Endpoint::post_legacy(const Request& request,
                           const json::Envelope& message,
                           const BodyFacts& body,
                           Accepted accepted,
                           const std::shared_ptr<Answer>& answer) {
  const bool is_first = message.method == "initialize" && message.is_request();
  if (is_first && !request.has("Mcp-Session-Id"))
    return begin_session(request, message, body, accepted, answer);
  if (HttpSession* session = session_of(request, message.id, answer))
    session->post(message, request.body.size(), accepted, answer);
}

void Endpoint::begin_session(const Request& request,
                             const json::Envelope& message,
                             const BodyFacts& body,
                             Accepted accepted,
                             const std::shared_ptr<Answer>& answer) {
  if (is_draining_ || (sessions_.size() >= limits_.most_sessions && !forget_longest_idle())) {
    const std::string why = is_draining_ ? "the daemon is leaving; connect again"
                                         : std::to_string(sessions_.size()) +
                                               " sessions are open, the most this daemon takes";
    return answer->send(refusal(503, mcp::server_error, why, message.id));
  }
  const std::string id = random_hex(id_bytes);
  auto client = client_of(request, public_id(id), message.id, body, answer);
  if (!client.caller) return;
  auto session = std::make_unique<HttpSession>(server_, id, std::move(client.caller),
                                               client.surface, on_quiet_);
  HttpSession& kept = *sessions_.emplace(id, std::move(session)).first->second;
  ++served_;
  kept.post(message, request.body.size(), accepted, answer);
  if (kept.is_stillborn()) sessions_.erase(id);
  keep_ticking();
}

void Endpoint::post_modern(const Request& request,
                           const json::Envelope& message,
                           const BodyFacts& body,
                           Accepted accepted,
                           std::shared_ptr<Answer> answer) {
  if (message.method == "subscriptions/listen" && !accepted.events) {
    return answer->send(refusal(406, mcp::invalid_request,
                                "Accept: text/event-stream is needed to listen", message.id));
  }
  auto client = client_of(request, "http", message.id, body, answer);
  if (!client.caller) return;
  const std::uint64_t number = next_request_++;
  // The request ends inside of its own calls, and goes after them.
  const auto on_end = [this, number] {
    server_.loop().post([weak = std::weak_ptr(self_), number] {
      const auto self = weak.lock();
      if (!self) return;
      (*self)->requests_.erase(number);
      (*self)->on_quiet_();
    });
  };
  HttpRequest& kept = *requests_
                           .emplace(number, std::make_unique<HttpRequest>(
                                                server_, std::move(client.caller), client.surface,
                                                accepted, std::move(answer), on_end))
                           .first->second;
  if (is_draining_) kept.drain();
  kept.serve(message, request.body.size());
  keep_ticking();
}

void Endpoint::remove(const Request& request, const std::shared_ptr<Answer>& answer) {
  HttpSession* session = session_of(request, {}, answer);
  if (session == nullptr) return;
  sessions_.erase(std::string(session->id()));
  answer->send({200, {}, {}, {}});
  on_quiet_();
}

HttpSession* Endpoint::session_of(const Request& request,
                                  std::string_view id,
                                  const std::shared_ptr<Answer>& answer) {
  const auto secret = request.header("Mcp-Session-Id");
  if (secret.empty()) {
    answer->send(refusal(400, mcp::invalid_request,
                         "the header Mcp-Session-Id is missing; `initialize` gives one", id));
    return nullptr;
  }
  const auto version = request.header("MCP-Protocol-Version");
  if (!version.empty() && !is_legacy_version(version)) {
    answer->send(refusal(
        400, mcp::invalid_request,
        "MCP-Protocol-Version: a session does not speak \"" + std::string(version) + "\"", id));
    return nullptr;
  }
  const auto found = sessions_.find(secret);
  if (found != sessions_.end()) return found->second.get();
  answer->send(refusal(404, mcp::server_error, "there is no such session; `initialize` again", id));
  return nullptr;
}

Endpoint::Client Endpoint::client_of(const Request& request,
                                     std::string session,
                                     std::string_view id,
                                     const BodyFacts& body,
                                     const std::shared_ptr<Answer>& answer) {
  auto greeting = admit(server_, request, body.client_name, body.client_version);
  if (!greeting) {
    answer->send(refusal(greeting.error(), id));
    return {};
  }
  auto caller = std::make_shared<pack::Caller>();
  caller->session = std::move(session);
  caller->kind = std::move(greeting->kind);
  caller->client_name = std::move(greeting->client_name);
  caller->client_version = std::move(greeting->client_version);
  caller->name_space = std::move(greeting->name_space);
  return {std::move(caller), greeting->is_compact ? mcp::Surface::compact : mcp::Surface::full};
}

void Endpoint::drain() {
  is_draining_ = true;
  for (const auto& [id, session] : sessions_) session->drain();
  for (const auto& [number, request] : requests_) request->drain();
}

void Endpoint::abandon(const Error& error) {
  for (const auto& [id, session] : sessions_) session->abandon(error);
  for (const auto& [number, request] : requests_) request->abandon(error);
}

void Endpoint::close() {
  timer_.cancel();
  is_ticking_ = true;  // never again
  sessions_.clear();
  requests_.clear();
}

std::size_t Endpoint::in_flight() const {
  std::size_t count = 0;
  for (const auto& [id, session] : sessions_) count += session->mcp().in_flight();
  for (const auto& [number, request] : requests_) count += request->mcp().in_flight();
  return count;
}

std::size_t Endpoint::streams() const {
  std::size_t count = 0;
  for (const auto& [id, session] : sessions_) count += session->streams();
  return count;
}

json::Array Endpoint::list_sessions() const {
  json::Array list;
  for (const auto& [id, session] : sessions_) {
    list.push_back(daemon::describe_session(session->mcp(), session->unread(), session->opened()));
  }
  return list;
}

// Clients that went without a word leave their sessions behind: those make room. False when all are
// in use.
bool Endpoint::forget_longest_idle() {
  auto longest = sessions_.end();
  for (auto each = sessions_.begin(); each != sessions_.end(); ++each) {
    const HttpSession& session = *each->second;
    if (!session.is_idle_since(MonotonicTime::max())) continue;
    if (longest == sessions_.end() || session.last_use() < longest->second->last_use())
      longest = each;
  }
  if (longest == sessions_.end()) return false;
  sessions_.erase(longest);
  return true;
}

// Only while there is somebody to do it for: an idle daemon has no timers.
void Endpoint::keep_ticking() {
  if (is_ticking_ || (sessions_.empty() && requests_.empty())) return;
  is_ticking_ = true;
  timer_.start(server_.clock().monotonic() + limits_.tick, [this] {
    is_ticking_ = false;
    tick();
    keep_ticking();
  });
}

void Endpoint::tick() {
  const auto limit = server_.clock().monotonic() - limits_.session_idle;
  const auto forgotten = std::erase_if(
      sessions_, [&](const auto& entry) { return entry.second->is_idle_since(limit); });
  if (forgotten != 0) log::info("HTTP sessions forgotten", {log::kv("count", forgotten)});
  for (const auto& [id, session] : sessions_) session->tick();
  for (const auto& [number, request] : requests_) request->tick();
  if (forgotten != 0) on_quiet_();
}

}  // namespace hearth::web
