#include "packs/mandates/inside/relay.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace hearth::packs::mandates::inside {
namespace {

constexpr std::size_t most_links = 64;
constexpr std::size_t part_bytes = 65'536;

bool is_passing(int error) {
  return error == EAGAIN || error == EINTR;
}

}  // namespace

Result<Relay> Relay::open(std::uint16_t port, std::string socket) {
  if (socket.size() >= sizeof(sockaddr_un::sun_path))
    return fail(Errc::invalid_args, "the socket's path is too long: " + socket);
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!listener.valid() ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), static_cast<int>(most_links)) != 0)
    return fail_errno("listen for connections to the proxy", errno);
  return Relay(std::move(listener), std::move(socket));
}

Relay::Relay(UniqueFd listener, std::string socket)
    : listener_(std::move(listener)), socket_(std::move(socket)) {}

void Relay::add_to(std::vector<pollfd>& entries) const {
  const bool is_full = links_.size() >= most_links;
  entries.push_back({listener_.get(), static_cast<short>(is_full ? 0 : POLLIN), 0});
  for (const Link& link : links_) {
    for (const std::size_t end : {0U, 1U})
      entries.push_back({link.ends[end].get(), link.wanted(end), 0});
  }
}

void Relay::serve(const pollfd* entries) {
  const bool is_called = entries->revents != 0;
  ++entries;
  for (auto link = links_.begin(); link != links_.end(); entries += 2) {
    const bool is_whole = link->pump(0, entries[0].revents) && link->pump(1, entries[1].revents);
    link = is_whole && !link->is_over() ? std::next(link) : links_.erase(link);
  }
  if (is_called) accept();
}

void Relay::accept() {
  UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  UniqueFd proxy(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (!client.valid() || !proxy.valid() ||
      ::connect(proxy.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return;  // the client sees its connection closed
  Link& link = links_.emplace_back();
  link.ends = {std::move(client), std::move(proxy)};
}

short Relay::Link::wanted(std::size_t end) const {
  int events = 0;
  if (pending[end].empty() && !is_ended[end]) events |= POLLIN;
  if (!pending[1 - end].empty()) events |= POLLOUT;
  return static_cast<short>(events);
}

// MSG_DONTWAIT: the proxy's end is in blocking mode, so that connect(2) waits for room.
bool Relay::Link::pump(std::size_t from, short events) {
  std::string& data = pending[from];
  if (data.empty() && !is_ended[from] && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
    data.resize(part_bytes);
    const ssize_t got = ::recv(ends[from].get(), data.data(), data.size(), MSG_DONTWAIT);
    data.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got < 0 && !is_passing(errno)) return false;
    if (got == 0) {
      is_ended[from] = true;
      ::shutdown(ends[1 - from].get(), SHUT_WR);
    }
  }
  if (data.empty()) return true;
  const ssize_t sent =
      ::send(ends[1 - from].get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return is_passing(errno);
  data.erase(0, static_cast<std::size_t>(sent));
  return true;
}

bool Relay::Link::is_over() const {
  return is_ended[0] && is_ended[1] && pending[0].empty() && pending[1].empty();
}

}  // namespace hearth::packs::mandates::inside
