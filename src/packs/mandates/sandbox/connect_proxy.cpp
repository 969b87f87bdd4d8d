#include "packs/mandates/sandbox/connect_proxy.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <list>
#include <string_view>
#include <thread>
#include <utility>

#include "base/guarded.hpp"
#include "base/thread_signals.hpp"
#include "base/unique_fd.hpp"
#include "packs/mandates/sandbox/proxy_request.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

constexpr std::size_t most_connections = 16;
constexpr std::size_t most_refused = 100;
constexpr std::size_t longest_head = 8'192;  // bytes
constexpr int patience = 20'000;             // ms, for a request's head and for a host to answer
constexpr int lingering = 1'000;             // ms, for more of a request that was refused

// This machine, its private networks, and what is no single host: not what a public name may lead
// to.
bool is_private(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    const std::uint32_t ip = ntohl(v4.sin_addr.s_addr);
    const auto within = [ip](std::uint32_t network, int bits) {
      return (ip >> (32 - bits)) == (network >> (32 - bits));
    };
    return within(0x00000000, 8) || within(0x0A000000, 8) || within(0x64400000, 10) ||
           within(0x7F000000, 8) || within(0xA9FE0000, 16) || within(0xAC100000, 12) ||
           within(0xC0A80000, 16) || within(0xC0000000, 24) || within(0xE0000000, 3);
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  // Only 2000::/3 is public; 4-in-6 forms could stand for anything.
  const bool is_global = (v6.sin6_addr.s6_addr[0] & 0xE0) == 0x20;
  const bool is_tunnel = v6.sin6_addr.s6_addr[0] == 0x20 && v6.sin6_addr.s6_addr[1] == 0x02;
  return !is_global || is_tunnel;
}

struct AddressList {
  ~AddressList() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
  AddressList() = default;
  AddressList(const AddressList&) = delete;
  AddressList& operator=(const AddressList&) = delete;
  addrinfo* first = nullptr;
};

}  // namespace

class ConnectProxy::Server final {
 public:
  explicit Server(std::vector<HostRule> rules) : rules_(std::move(rules)) {}
  ~Server() {
    const std::uint64_t one = 1;
    (void)!::write(stopped_.get(), &one, sizeof one);  // stays readable for all
    acceptor_ = {};
    connections_.clear();
    if (directory_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Result<void> listen() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearth-proxy-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return fail_errno("make " + pattern, errno);
    directory_ = pattern;
    path_ = directory_ + "/proxy";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path)
      return fail(Errc::invalid_args, "the proxy's path is too long: " + path_,
                  {"set TMPDIR to a shorter one"});
    std::memcpy(address.sun_path, path_.data(), path_.size());
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    stopped_.reset(::eventfd(0, EFD_CLOEXEC));
    if (!listener_.valid() || !stopped_.valid() ||
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.get(), 16) != 0)
      return fail_errno("listen on " + path_, errno);
    acceptor_ = std::jthread([this] { accept_all(); });
    return {};
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<std::string> refused() { return *refused_.lock(); }

 private:
  struct Connection {
    UniqueFd client;
    std::atomic<bool> is_done = false;
    std::jthread thread;  // last: joined before the others go
  };

  // Whether `descriptor` is ready before the time is up and nobody stops us.
  bool await(int descriptor, short events, int timeout) const {
    std::array<pollfd, 2> entries{pollfd{descriptor, events, 0}, pollfd{stopped_.get(), POLLIN, 0}};
    const int ready = ::poll(entries.data(), entries.size(), timeout);
    return ready > 0 && entries[1].revents == 0;
  }

  void accept_all() {
    leave_signals_to_the_loop();
    while (await(listener_.get(), POLLIN, -1)) {
      UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      connections_.remove_if([](const Connection& each) { return each.is_done.load(); });
      if (!client.valid() || connections_.size() >= most_connections) continue;
      Connection& connection = connections_.emplace_back();
      connection.client = std::move(client);
      connection.thread = std::jthread([this, &connection] {
        leave_signals_to_the_loop();
        serve(connection.client.get());
        ::shutdown(connection.client.get(), SHUT_RDWR);
        connection.is_done = true;
      });
    }
  }

  void serve(int client) {
    const auto [head, rest] = read_head(client);
    const auto request = parse_proxy_request(head);
    if (!request) return refuse(client, "400 Only CONNECT host:port and http:// are served");
    const HostAndPort& target = request->target;
    const auto rule = std::ranges::find_if(
        rules_, [&](const HostRule& each) { return each.admits(target.host, target.port); });
    if (rule == rules_.end()) {
      note_refusal(target);
      return refuse(client, "403 No network rule of this mandate names this host");
    }
    const UniqueFd host = connect(target, rule->names_an_address());
    if (!host.valid()) return refuse(client, "502 The host cannot be reached");
    if (request->head.empty()) answer(client, "200 Connected");
    pump(client, host.get(), request->head + rest);
  }

  // Up to the empty line; and what has come behind it.
  std::pair<std::string, std::string> read_head(int client) const {
    constexpr std::string_view empty_line = "\r\n\r\n";
    std::string text;
    std::array<char, 1024> part{};
    while (text.size() < longest_head) {
      if (!await(client, POLLIN, patience)) return {};
      const ssize_t got = ::recv(client, part.data(), part.size(), 0);
      if (got <= 0) return {};
      text.append(part.data(), static_cast<std::size_t>(got));
      const auto end = text.find(empty_line);
      if (end == std::string::npos) continue;
      const auto size = end + empty_line.size();
      return {text.substr(0, size), text.substr(size)};
    }
    return {};
  }

  void note_refusal(const HostAndPort& target) {
    const std::string text = target.host + ":" + std::to_string(target.port);
    const auto list = refused_.lock();
    if (list->size() < most_refused && std::ranges::find(*list, text) == list->end())
      list->push_back(text);
  }

  static void answer(int client, std::string_view status) {
    const std::string text = "HTTP/1.1 " + std::string(status) + "\r\n" +
                             (status.starts_with("200") ? "" : "Content-Length: 0\r\n") + "\r\n";
    (void)::send(client, text.data(), text.size(), MSG_NOSIGNAL);
  }

  // A client that still sends the body of what is refused reads the answer only after it: a
  // connection that is closed on unread bytes is reset, and the answer lost.
  void refuse(int client, std::string_view status) const {
    answer(client, status);
    ::shutdown(client, SHUT_WR);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience);
    std::array<char, 65'536> part;
    while (std::chrono::steady_clock::now() < deadline && await(client, POLLIN, lingering)) {
      if (::recv(client, part.data(), part.size(), 0) <= 0) return;
    }
  }

  [[nodiscard]] UniqueFd connect(const HostAndPort& target, bool may_be_private) const {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    AddressList found;
    if (::getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints,
                      &found.first) != 0)
      return {};
    for (const addrinfo* each = found.first; each != nullptr; each = each->ai_next) {
      if (!may_be_private && is_private(each->ai_addr)) continue;
      UniqueFd host(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (!host.valid()) continue;
      if (::connect(host.get(), each->ai_addr, each->ai_addrlen) == 0) return host;
      int error = 0;
      socklen_t size = sizeof error;
      if (errno == EINPROGRESS && await(host.get(), POLLOUT, patience) &&
          ::getsockopt(host.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
        return host;
    }
    return {};
  }

  // Both ways until both have ended, one breaks, or we are stopped.
  // `begun` is what the client has said already.
  void pump(int client, int host, std::string begun) const {
    struct Way {
      int from;
      int to;
      std::string data;
      bool is_ended = false;
    };
    std::array<Way, 2> ways{Way{client, host, std::move(begun)}, Way{host, client, {}}};
    while (!ways[0].is_ended || !ways[1].is_ended) {
      std::array<pollfd, 3> entries{pollfd{client, 0, 0}, pollfd{host, 0, 0},
                                    pollfd{stopped_.get(), POLLIN, 0}};
      for (std::size_t i = 0; i < 2; ++i) {
        if (ways[i].is_ended) continue;
        pollfd& entry = ways[i].data.empty() ? entries[i] : entries[1 - i];
        entry.events = static_cast<short>(entry.events | (ways[i].data.empty() ? POLLIN : POLLOUT));
      }
      for (std::size_t i = 0; i < 2; ++i) {
        if (entries[i].events == 0) entries[i].fd = -1;  // a hang-up would wake us for ever
      }
      if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) return;
      if (entries[2].revents != 0) return;
      for (Way& way : ways) {
        if (!move(way)) return;
      }
    }
  }

  template <typename Way>
  static bool move(Way& way) {
    const auto is_passing = [] { return errno == EAGAIN || errno == EINTR; };
    if (way.data.empty() && !way.is_ended) {
      std::array<char, 65'536> part;
      const ssize_t got = ::recv(way.from, part.data(), part.size(), MSG_DONTWAIT);
      if (got < 0) return is_passing();
      if (got == 0) {
        way.is_ended = true;
        ::shutdown(way.to, SHUT_WR);
      }
      way.data.assign(part.data(), static_cast<std::size_t>(got));
    }
    if (way.data.empty()) return true;
    const ssize_t sent =
        ::send(way.to, way.data.data(), way.data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return is_passing();
    way.data.erase(0, static_cast<std::size_t>(sent));
    return true;
  }

  const std::vector<HostRule> rules_;
  std::string directory_;
  std::string path_;
  UniqueFd listener_;
  UniqueFd stopped_;
  Guarded<std::vector<std::string>> refused_;
  std::list<Connection> connections_;  // the acceptor's, until it has ended
  std::jthread acceptor_;
};

Result<std::unique_ptr<ConnectProxy>> ConnectProxy::start(std::vector<HostRule> rules) {
  auto server = std::make_unique<Server>(std::move(rules));
  if (auto done = server->listen(); !done)
    return std::unexpected(std::move(done.error()).within("network proxy"));
  return std::unique_ptr<ConnectProxy>(new ConnectProxy(std::move(server)));
}

ConnectProxy::ConnectProxy(std::unique_ptr<Server> server) : server_(std::move(server)) {}
ConnectProxy::~ConnectProxy() = default;

const std::string& ConnectProxy::socket_path() const {
  return server_->path();
}
std::vector<std::string> ConnectProxy::refused() const {
  return server_->refused();
}

}  // namespace hearth::packs::mandates::sandbox
