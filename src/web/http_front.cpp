#include "web/http_front.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "io/acceptor.hpp"
#include "io/task_scope.hpp"
#include "ipc/frame.hpp"
#include "ipc/socket.hpp"
#include "json/json.hpp"
#include "mcp/messages.hpp"
#include "store/atomic_file.hpp"
#include "web/endpoint.hpp"
#include "web/event_streams.hpp"
#include "web/guard.hpp"
#include "web/listener.hpp"
#include "web/metrics.hpp"
#include "web/routes.hpp"

namespace hearth::web {
namespace {

constexpr const char* token_name = "/http.token";

struct Fixed {
  std::string_view path;
  std::array<std::string_view, 3> methods;
  bool is_open = false;  // to those without the token
};

constexpr std::array fixed{
    Fixed{"/mcp", {"POST", "GET", "DELETE"}, false}, Fixed{"/events", {"GET"}, false},
    Fixed{"/metrics", {"GET", "HEAD"}, false}, Fixed{"/healthz", {"GET", "HEAD"}, true}};

std::string listed(const std::vector<std::string_view>& methods) {
  std::string list;
  for (const auto method : methods) list.append(list.empty() ? "" : ", ").append(method);
  return list;
}

class HttpFront final : public daemon::Front, private Handler {
 public:
  explicit HttpFront(HttpOptions options) : options_(std::move(options)) {
    options_.connection.wire.body = ipc::frame_cap;
  }

  // Front
  Result<void> start(daemon::FrontHost& host) override;
  void restore() override;
  void drain() override;
  bool is_busy() const override;
  void abandon(const Error& error) override {
    parts_->endpoint.abandon(error);
    parts_->routes.abandon(error);
  }
  io::Task close() override;
  void describe(json::Object& status) const override;

 private:
  // What needs the loop; there from start() on.
  struct Parts {
    Parts(daemon::FrontHost& of,
          const HttpOptions& options,
          Approvers approvers,
          HttpCounts& counts)
        : host(of),
          endpoint(of.server(), options.endpoint, [this] { host.on_quiet(); }),
          routes(of,
                 std::move(approvers),
                 options.requires_token,
                 counts,
                 [this] { host.on_quiet(); }),
          events(of.server(), of.events()),
          tasks(of.server().loop()) {}

    daemon::FrontHost& host;
    std::optional<io::Acceptor> acceptor;
    Endpoint endpoint;
    Routes routes;
    EventStreams events;
    std::set<Connection*> connections;
    io::TaskScope tasks;  // last: its tasks use all of the above
  };

  // Keeps a connection in the table while it runs, however it ends.
  class Listing {
   public:
    Listing(HttpFront& front, Connection& connection) : front_(front), connection_(connection) {
      front_.parts_->connections.insert(&connection_);
    }
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;
    ~Listing() {
      front_.parts_->connections.erase(&connection_);
      front_.parts_->host.on_quiet();
    }

   private:
    HttpFront& front_;
    Connection& connection_;
  };

  Result<void> announce();
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string discovery() const {
    return parts_->host.paths().runtime + "/http.json";
  }
  [[nodiscard]] std::string token_file() const { return parts_->host.paths().state + token_name; }
  io::Task serve_connection(UniqueFd socket);
  void stop_accepting();

  // Handler
  std::optional<Response> refuse(const Request& head) override;
  Response unreadable(std::string_view path, int status, const std::string& why) override;
  void serve(Request request, std::shared_ptr<Answer> answer) override;
  Response refused(const Request& head, const char* reason, int status, const Error& error);
  Response health() const;
  Response metrics() const;

  HttpOptions options_;
  std::string token_;  // empty: none is wanted
  std::uint16_t port_ = 0;
  std::optional<ipc::FileIdentity> announced_;
  HttpCounts counts_;
  std::unique_ptr<Parts> parts_;
};

Result<void> HttpFront::start(daemon::FrontHost& host) {
  if (options_.requires_token) {
    auto token = load_token(host.paths().state + token_name);
    if (!token) return std::unexpected(std::move(token.error()));
    token_ = std::move(*token);
  }
  parts_ = std::make_unique<Parts>(host, options_, Approvers(options_.approvers, token_), counts_);
  auto listener = options_.port == 0
                      ? listen_as_last_time(options_.address, host.paths().state + "/http.port")
                      : listen_loopback(options_.address, options_.port);
  if (!listener) return std::unexpected(std::move(listener.error()));
  port_ = listener->port;
  parts_->acceptor.emplace(host.server().loop(), std::move(listener->socket), "an HTTP connection");
  if (auto announced = announce(); !announced) return announced;
  parts_->tasks.spawn("accept HTTP", parts_->acceptor->run([this](UniqueFd socket) {
    const int on = 1;  // a stream's events are small and must not wait for each other
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    parts_->tasks.spawn("HTTP connection", serve_connection(std::move(socket)));
  }));
  log::info("serving HTTP",
            {log::kv("url", url()), log::kv("token", token_.empty() ? "no" : "yes")});
  return {};
}

std::string HttpFront::url() const {
  const bool is_v6 = options_.address.contains(':');
  return "http://" + (is_v6 ? "[" + options_.address + "]" : options_.address) + ":" +
         std::to_string(port_) + "/mcp";
}

// Tells clients where we are and where the token is.
Result<void> HttpFront::announce() {
  const json::Value record{
      {"url", url()},
      {"token_file", token_.empty() ? json::Value() : json::Value(token_file())},
      {"pid", ::getpid()}};
  if (auto written = store::replace_file(discovery(), json::dump(record) + "\n"); !written)
    return written;
  if (const auto identity = ipc::file_identity(discovery())) announced_ = *identity;
  return {};
}

void HttpFront::restore() {
  if (!announced_ || ipc::file_identity(discovery())) return;
  if (auto again = announce(); !again)
    log::error("cannot say where HTTP is served", {log::kv("error", again.error().message)});
}

io::Task HttpFront::serve_connection(UniqueFd socket) {
  ++counts_.connections;
  if (parts_->connections.size() >= options_.most_connections) {
    ++counts_.refusals["connections"];
    const Response busy = plain(503, "too many connections are open\n");
    const std::string text = make_head(busy, BodyForm::sized, false) + busy.body;
    (void)ipc::send_all(socket.get(), text, std::chrono::steady_clock::now());
    co_return;
  }
  Connection connection(parts_->host.server(), std::move(socket), *this, options_.connection);
  const Listing listing(*this, connection);
  co_await connection.run();
}

void HttpFront::stop_accepting() {
  if (parts_->acceptor) parts_->acceptor->stop();
  if (announced_) ipc::unlink_if_same(discovery(), *announced_);
  announced_.reset();
}

void HttpFront::drain() {
  stop_accepting();
  parts_->endpoint.drain();
  parts_->events.end_all();
  for (Connection* connection :
       std::vector(parts_->connections.begin(), parts_->connections.end())) {
    connection->finish();
  }
}

// A stream that a client listens to is no reason to wait.
bool HttpFront::is_busy() const {
  return parts_->endpoint.in_flight() != 0 || parts_->routes.in_flight() != 0 ||
         std::ranges::any_of(parts_->connections,
                             [](const Connection* each) { return each->has_output(); });
}

io::Task HttpFront::close() {
  if (!parts_) co_return;
  stop_accepting();
  parts_->endpoint.close();
  parts_->routes.close();
  parts_->events.end_all();
  for (Connection* connection :
       std::vector(parts_->connections.begin(), parts_->connections.end())) {
    connection->close_now("");
  }
  co_await parts_->tasks.join();
}

void HttpFront::describe(json::Object& status) const {
  if (!parts_) return;
  const auto approvers = parts_->routes.approvers().names();
  status["http"] = {{"url", url()},
                    {"token_file", token_.empty() ? json::Value() : json::Value(token_file())},
                    {"connections", parts_->connections.size()},
                    {"sessions", parts_->endpoint.sessions()},
                    {"approvers", json::Array(approvers.begin(), approvers.end())}};
  json::Value& listed = status["sessions"];
  auto& sessions = listed.is_array() ? listed.get_array() : listed.emplace_array();
  for (auto& session : parts_->endpoint.list_sessions()) sessions.push_back(std::move(session));
}

// Under /v1 in the envelope of all its answers; elsewhere as a client of MCP expects it.
Response HttpFront::refused(const Request& head,
                            const char* reason,
                            int status,
                            const Error& error) {
  ++counts_.refusals[reason];
  if (head.path.starts_with(routes_prefix)) return failure(status, error);
  const bool is_of_http = status == 404 || status == 405;
  return is_of_http ? plain(status, error.message + "\n")
                    : refusal(status, mcp::server_error, error.message);
}

// In the form of what that path answers.
Response HttpFront::unreadable(std::string_view path, int status, const std::string& why) {
  ++counts_.refusals["unreadable"];
  if (path.starts_with(routes_prefix)) return failure(status, {Errc::invalid_args, why, {}});
  return path == "/mcp" ? refusal(status, mcp::invalid_request, why) : plain(status, why + "\n");
}

std::optional<Response> HttpFront::refuse(const Request& head) {
  if (!is_own_host(head.header("Host"), port_)) {
    return refused(
        head, "host", 403,
        {Errc::permission,
         "Host: expected localhost, 127.0.0.1 or [::1] with port " + std::to_string(port_),
         {}});
  }
  if (head.has("Origin") && !is_own_origin(head.header("Origin"), port_)) {
    return refused(head, "origin", 403,
                   {Errc::permission, "Origin: pages of other sites are not served", {}});
  }
  const auto* place = std::ranges::find(fixed, std::string_view(head.path), &Fixed::path);
  std::vector<std::string_view> methods;
  if (place != fixed.end()) {
    std::ranges::copy_if(place->methods, std::back_inserter(methods),
                         [](auto method) { return !method.empty(); });
  } else {
    methods = parts_->routes.methods(head.path);
  }
  const bool is_open = place != fixed.end() && place->is_open;
  // Who has no token is not told what there is.
  if (methods.empty() && !head.path.starts_with(routes_prefix)) {
    return refused(head, "path", 404,
                   {Errc::not_found, "there are /mcp, /v1, /events, /healthz and /metrics", {}});
  }
  if (!is_open && !token_.empty() && !bears(head, token_)) {
    Response response =
        refused(head, "token", 401,
                {Errc::permission,
                 "Authorization: expected \"Bearer\" and the token; `hearth daemon status --json` "
                 "names its file",
                 {}});
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return response;
  }
  if (methods.empty()) {
    return refused(head, "path", 404,
                   {Errc::not_found, "docs/http.md lists what there is under /v1", {}});
  }
  if (std::ranges::find(methods, head.method) == methods.end()) {
    Response response =
        refused(head, "method", 405, {Errc::unsupported, "use " + listed(methods), {}});
    response.headers.push_back({"Allow", listed(methods)});
    return response;
  }
  return std::nullopt;
}

void HttpFront::serve(Request request, std::shared_ptr<Answer> answer) {
  const bool is_v1 = request.path.starts_with(routes_prefix);
  ++counts_.requests[is_v1 ? "/v1" : request.path];
  if (is_v1) return parts_->routes.serve(request, std::move(answer));
  if (request.path == "/healthz") return answer->send(health());
  if (request.path == "/metrics") return answer->send(metrics());
  if (request.path == "/events") return parts_->events.open(request, answer);
  parts_->endpoint.serve(request, std::move(answer));
}

Response HttpFront::health() const {
  const std::string_view state = parts_->host.state();
  const bool is_well = state == "running" || state == "starting";
  return {is_well ? 200 : 503,
          std::string(json_type),
          R"({"status":")" + std::string(is_well ? "ok" : state) + "\"}\n",
          {}};
}

Response HttpFront::metrics() const {
  const auto& server = parts_->host.server();
  const auto uptime = server.clock().wall() - parts_->host.started();
  return {200,
          "text/plain; version=0.0.4; charset=utf-8",
          make_metrics({.uptime = std::chrono::duration<double>(uptime),
                        .server = server,
                        .catalog = parts_->host.server().catalog(),
                        .packs = parts_->host.packs(),
                        .http = counts_,
                        .http_connections = parts_->connections.size(),
                        .http_sessions = parts_->endpoint.sessions(),
                        .http_sessions_served = parts_->endpoint.sessions_served(),
                        .http_streams = parts_->endpoint.streams() + parts_->events.size()}),
          {}};
}

}  // namespace

std::unique_ptr<daemon::Front> make_http_front(HttpOptions options) {
  return std::make_unique<HttpFront>(std::move(options));
}

}  // namespace hearth::web
