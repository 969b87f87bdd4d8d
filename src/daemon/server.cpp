#include "daemon/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/project_root.hpp"

namespace hearth::daemon {
namespace {

bool is_token(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The working directory of another process of ours; empty when it is gone.
std::string cwd_of(std::int64_t pid) {
  std::array<char, 4096> target{};
  const std::string link = "/proc/" + std::to_string(pid) + "/cwd";
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  return std::string(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
}

}  // namespace

// Keeps a session in the server's table while it runs, however it ends: also by an exception, which
// the task scope reports.
class Server::Listing {
 public:
  Listing(Server& server, Session& session, std::function<void()> on_end)
      : server_(server), session_(session), on_end_(std::move(on_end)) {
    server_.sessions_.insert(&session_);
    ++server_.served_;
    server_.host_.on_activity();
  }
  Listing(const Listing&) = delete;
  Listing& operator=(const Listing&) = delete;
  ~Listing() {
    server_.sessions_.erase(&session_);
    server_.live_tokens_.erase(session_.welcome().resume);
    if (session_.is_greeted()) server_.session_changed(session_.mcp().caller(), false);
    server_.host_.on_activity();
    if (on_end_) on_end_();
  }

 private:
  Server& server_;
  Session& session_;
  std::function<void()> on_end_;
};

Server::Server(io::Loop& loop,
               mcp::Catalog& catalog,
               const Clock& clock,
               const config::Limits& limits,
               ServerHost& host)
    : loop_(loop),
      catalog_(catalog),
      clock_(clock),
      limits_(limits),
      host_(host),
      budget_(loop, limits.bytes_in_flight),
      scratch_(std::size_t{64} << 10, '\0'),
      tasks_(loop) {}

void Server::listen(UniqueFd listener) {
  stop_accepting();
  io::Acceptor& acceptor = acceptors_.emplace_back(loop_, std::move(listener), "a connection");
  tasks_.spawn("accept", acceptor.run([this](UniqueFd connection) {
    serve(std::move(connection), nullptr);
  }));
}

void Server::serve(UniqueFd connection, std::function<void()> on_end) {
  tasks_.spawn("session", serve_session(std::move(connection), std::move(on_end)));
}

void Server::apply(const config::Limits& limits) {
  limits_ = limits;
  budget_.set_cap(limits.bytes_in_flight);
}

io::Task Server::serve_session(UniqueFd socket, std::function<void()> on_end) {
  const auto peer = ipc::peer_credentials(socket.get());
  if (!peer || peer->uid != ::geteuid()) {
    const std::string who = peer ? "uid " + std::to_string(peer->uid) : peer.error().message;
    log::warning("refused a foreign user", {log::kv("peer", who)});
    turn_away(socket,
              {"wrong_user",
               Error{Errc::permission, "this daemon serves its owner only; you are " + who, {}}});
    co_return;
  }
  if (sessions_.size() >= limits_.max_sessions) {
    const std::string text =
        std::to_string(sessions_.size()) + " sessions are open, the most this daemon takes";
    turn_away(
        socket,
        {"busy", Error{Errc::busy,
                       text,
                       {"close some clients", "raise max_sessions in [daemon] of config.toml"}}});
    co_return;
  }
  if (is_draining_) {  // accepted just before
    turn_away(socket,
              {"draining", Error{Errc::draining, "the daemon is leaving", {"connect again"}}});
    co_return;
  }
  Session session(*this, std::move(socket), *peer);
  const Listing listing(*this, session, std::move(on_end));
  co_await session.run();
}

void Server::turn_away(const UniqueFd& socket, const ipc::Refusal& refusal) {
  ++refusals_[refusal.reason];
  std::string frame;
  ipc::append_frame(frame, ipc::encode_refusal(refusal.error, refusal.reason));
  (void)ipc::send_all(socket.get(), frame, std::chrono::steady_clock::now());
}

std::expected<ipc::Welcome, ipc::Refusal> Server::check(const ipc::Greeting& greeting) {
  auto welcome = host_.check(greeting);
  if (welcome) return welcome;
  ++refusals_[welcome.error().reason];
  log::warning(
      "refused a client",
      {log::kv("client", greeting.client_name), log::kv("pid", greeting.pid),
       log::kv("reason", welcome.error().reason), log::kv("error", welcome.error().error.message)});
  return welcome;
}

std::expected<ServerHost::Admission, ipc::Refusal> Server::admit(ipc::Greeting greeting,
                                                                 const ipc::PeerCredentials& peer) {
  if (peer.pid != 0) greeting.pid = peer.pid;
  auto welcome = check(greeting);
  if (!welcome) return std::unexpected(std::move(welcome.error()));
  // The token is the session's identity: a client that reconnects brings it along, also to another
  // daemon process.
  const bool is_resumed = is_token(greeting.resume) && !live_tokens_.contains(greeting.resume);
  welcome->resume = is_resumed ? greeting.resume : random_hex(16);
  welcome->session = "s" + fingerprint_hex(welcome->resume).substr(0, 8);
  live_tokens_.insert(welcome->resume);
  auto caller = std::make_shared<pack::Caller>();
  caller->session = welcome->session;
  caller->kind = std::move(greeting.kind);
  caller->client_name = std::move(greeting.client_name);
  caller->client_version = std::move(greeting.client_version);
  caller->pid = greeting.pid;
  caller->cwd = std::move(greeting.cwd);
  caller->project_root = project_root_of(caller->cwd);
  caller->name_space = std::move(greeting.name_space);
  caller->read_only = greeting.read_only;
  return ServerHost::Admission{std::move(*welcome), std::move(caller),
                               greeting.is_compact ? mcp::Surface::compact : mcp::Surface::full};
}

ipc::Greeting Server::greeting_of_raw(const ipc::PeerCredentials& peer) const {
  ipc::Greeting greeting;
  greeting.client_name = "raw";
  greeting.kind = "raw";
  greeting.pid = peer.pid;
  greeting.cwd = cwd_of(peer.pid);
  return greeting;
}

void Server::request_began() {
  if (requests_++ == 0) host_.on_activity();
}

void Server::request_ended() {
  if (--requests_ == 0) host_.on_activity();
}

void Server::stop_accepting() {
  for (io::Acceptor& acceptor : acceptors_) acceptor.stop();
}

void Server::drain(std::string_view reason) {
  is_draining_ = true;
  for (Session* session : std::vector(sessions_.begin(), sessions_.end())) session->drain(reason);
}

void Server::abandon(const Error& error) {
  for (Session* session : std::vector(sessions_.begin(), sessions_.end())) session->abandon(error);
}

io::Task Server::close() {
  stop_accepting();
  for (Session* session : std::vector(sessions_.begin(), sessions_.end())) session->close_now("");
  co_await tasks_.join();
}

}  // namespace hearth::daemon
