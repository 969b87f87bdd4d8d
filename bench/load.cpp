// One load generator for every server, so that only the servers differ: CLIENTS connections on one
// thread, each with one request outstanding, for SECONDS. Kind `turns` is `ping` by one connection
// after the other.
//
// usage: bench_load KIND SOCKET CLIENTS SECONDS [COUNT]
//   KIND    echo | redis | ping | turns | tool | remember | search
//   COUNT   stop after that many answers (SECONDS is then the most it may take)
//
// Prints {"name":KIND,"clients":…,"answers":…,"seconds":…,"p50_us":…,"p99_us":…}.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support.hpp"

namespace hearth::bench {
namespace {

enum class Reply { fixed, frame };

// What one kind of server is sent, and how its answers end.
class Traffic final {
 public:
  explicit Traffic(std::string kind)
      : kind_(std::move(kind)), words_(static_cast<std::uint64_t>(::getpid())) {
    if (kind_ == "echo") request_ = std::string(100, 'x');
    if (kind_ == "redis") request_ = "PING\r\n";
    if (kind_ == "ping" || kind_ == "turns") request_ = framed(ping_message);
    if (kind_ == "tool") request_ = framed(tool_message);
    is_made_ = kind_ == "remember" || kind_ == "search";
    if (request_.empty() && !is_made_) die("unknown kind " + kind_);
  }

  [[nodiscard]] const std::string& name() const { return kind_; }
  [[nodiscard]] bool is_in_turn() const { return kind_ == "turns"; }
  [[nodiscard]] bool is_hearth() const { return kind_ != "echo" && kind_ != "redis"; }
  [[nodiscard]] Reply reply() const { return is_hearth() ? Reply::frame : Reply::fixed; }
  [[nodiscard]] std::size_t reply_size() const { return kind_ == "echo" ? 100 : 7; }  // +PONG\r\n

  // The next request; the same one each time where the server keeps nothing.
  [[nodiscard]] const std::string& next() {
    if (kind_ == "remember") {
      request_ = call("knowledge_remember",
                      R"("title":")" + words_.text(4) + R"(","text":")" + words_.text(60) + '"');
    } else if (kind_ == "search") {
      request_ = call("knowledge_search", R"("limit":10,"query":")" + words_.text(2) + '"');
    }
    return request_;
  }

  // An answer that says that the request failed makes the figure worthless.
  void check(std::string_view bytes) const {
    const bool is_bad = bytes.find(R"("isError":true)") != std::string_view::npos ||
                        bytes.find(R"("error":{)") != std::string_view::npos;
    if (is_bad) die(kind_ + ": " + std::string(bytes.substr(4, 400)));
  }

 private:
  static std::string call(const std::string& tool, const std::string& arguments) {
    return framed(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + tool +
                  R"(","arguments":{)" + arguments + "}}}");
  }

  std::string kind_;
  std::string request_;
  bool is_made_ = false;
  Words words_;
};

struct Client {
  UniqueFd fd;
  std::size_t left = 0;  // bytes of the present answer still to come
  std::size_t head = 0;  // bytes of its length seen
  std::size_t length = 0;
  bool is_checked = false;
  Clock::time_point sent;
};

class Load final {
 public:
  Load(Traffic& traffic, const std::string& socket, int clients)
      : traffic_(traffic), clients_(static_cast<std::size_t>(clients)) {
    poller_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i].fd = traffic.is_hearth() ? connect_greeted(socket) : connect_blocking(socket);
      epoll_event event{EPOLLIN, {.u64 = i}};
      if (::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, clients_[i].fd.get(), &event) != 0)
        die("epoll_ctl", errno);
    }
    latencies_.reserve(std::size_t{1} << 22);
  }

  void run(double seconds, std::size_t most) {
    const std::size_t askers = traffic_.is_in_turn() ? 1 : clients_.size();
    for (std::size_t i = 0; i < askers; ++i) ask(clients_[i], Clock::now());
    const auto began = Clock::now();
    const double warm_up = most != 0 ? 0 : 0.1;
    Clock::time_point measured_from = began;
    while (latencies_.size() < most || most == 0) {
      const double elapsed = std::chrono::duration<double>(take_answers() - began).count();
      if (elapsed < warm_up) {
        latencies_.clear();
        measured_from = Clock::now();
      }
      if (elapsed >= seconds + warm_up) break;
    }
    report(std::chrono::duration<double>(Clock::now() - measured_from).count());
  }

 private:
  void ask(Client& client, Clock::time_point now) {
    client.left = traffic_.reply() == Reply::fixed ? traffic_.reply_size() : 0;
    client.head = 0;
    client.length = 0;
    client.sent = now;
    write_all(client.fd.get(), traffic_.next());
  }

  Clock::time_point take_answers() {
    std::array<epoll_event, 512> events;
    const int count =
        ::epoll_wait(poller_.get(), events.data(), static_cast<int>(events.size()), 10'000);
    if (count == 0) die(traffic_.name() + ": no answer for 10 s");
    const auto now = Clock::now();
    for (int i = 0; i < count; ++i) {
      const std::size_t number = events[static_cast<std::size_t>(i)].data.u64;
      Client& client = clients_[number];
      std::array<char, 65536> chunk;
      const ssize_t got = ::read(client.fd.get(), chunk.data(), chunk.size());
      if (got <= 0) die(traffic_.name() + ": the server closed a connection");
      const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
      check_first(client, bytes);
      if (!is_complete(client, bytes)) continue;
      latencies_.push_back(std::chrono::duration<float, std::micro>(now - client.sent).count());
      ask(traffic_.is_in_turn() ? clients_[(number + 1) % clients_.size()] : client, now);
    }
    return now;
  }

  void check_first(Client& client, std::string_view bytes) {
    const bool is_cheap_kind =
        traffic_.name() == "ping" || traffic_.is_in_turn() || traffic_.name() == "tool";
    if (!traffic_.is_hearth() || (is_cheap_kind && client.is_checked)) return;
    traffic_.check(bytes);
    client.is_checked = true;
  }

  bool is_complete(Client& client, std::string_view bytes) const {
    while (traffic_.reply() == Reply::frame && client.head < 4 && !bytes.empty()) {
      client.length = client.length << 8 | static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      if (++client.head == 4) client.left = client.length;
    }
    if (bytes.size() > client.left) die(traffic_.name() + ": more was answered than asked");
    client.left -= bytes.size();
    return client.left == 0 && (traffic_.reply() == Reply::fixed || client.head == 4);
  }

  void report(double seconds) {
    const std::size_t answers = latencies_.size();
    const double p50 = percentile(latencies_, 0.50);
    const double p99 = percentile(latencies_, 0.99);
    std::printf(
        "{\"name\":\"%s\",\"clients\":%zu,\"answers\":%zu,\"seconds\":%.4f,\"p50_us\":%.2f,"
        "\"p99_us\":%.2f}\n",
        traffic_.name().c_str(), clients_.size(), answers, seconds, p50, p99);
  }

  Traffic& traffic_;
  UniqueFd poller_;
  std::vector<Client> clients_;
  std::vector<float> latencies_;  // µs
};

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  if (argc < 5) die("usage: bench_load KIND SOCKET CLIENTS SECONDS [COUNT]");
  raise_file_limit();
  Traffic traffic(argv[1]);
  Load load(traffic, argv[2], number_argument(argc, argv, 3, "number of clients"));
  const int most = argc > 5 ? number_argument(argc, argv, 5, "number of answers") : 0;
  load.run(std::atof(argv[4]), static_cast<std::size_t>(most));
}
