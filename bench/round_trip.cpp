// One client, one request at a time: how long an answer takes over the socket, and through a real
// bridge, beside a raw echo. The kinds take turns within each round.
//
// The client works for 20 µs between an answer and the next request, as clients do. One that asks
// again at once uses up its turn with the scheduler, and then measures who preempts whom.
//
// usage: bench_round_trip ECHO_SOCKET HEARTH_SOCKET HEARTH ROUNDS COUNT
//
// Prints a line {"name":KIND,"p50_us":…,"p99_us":…} for each kind and round, the raw echo first.
#include <array>
#include <cstdio>
#include <functional>

#include "support.hpp"

namespace hearth::bench {
namespace {

constexpr std::size_t echo_size = 100;
constexpr std::chrono::microseconds think_time(20);

struct Kind {
  std::string name;
  std::function<void()> exchange;
};

void think() {
  const auto end = Clock::now() + think_time;
  while (Clock::now() < end) {
  }
}

void measure(const Kind& kind, int count) {
  for (int i = 0; i < count / 20; ++i)
    kind.exchange();  // caches, and the scheduler's choice of core
  std::vector<float> latencies;
  latencies.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    think();
    const auto start = Clock::now();
    kind.exchange();
    latencies.push_back(static_cast<float>(microseconds_since(start)));
  }
  const double p50 = percentile(latencies, 0.50);
  const double p99 = percentile(latencies, 0.99);
  std::printf("{\"name\":\"%s\",\"p50_us\":%.3f,\"p99_us\":%.3f}\n", kind.name.c_str(), p50, p99);
}

Kind kind_of(std::string name, int to, int from, std::string request, void (*skip)(int)) {
  return {std::move(name), [to, from, skip, request = std::move(request)] {
            write_all(to, request);
            skip(from);
          }};
}

void skip_echo(int fd) {
  read_exactly(fd, echo_size);
}

void run(const std::string& echo_socket,
         const std::string& hearth_socket,
         const std::string& hearth,
         int rounds,
         int count) {
  const UniqueFd echo = connect_blocking(echo_socket);
  const UniqueFd daemon = connect_greeted(hearth_socket);
  const Child bridge({hearth, "mcp"});
  write_all(bridge.in(), initialize_message);
  (void)read_line(bridge.out());
  const std::string ping(ping_message);
  const std::string tool(tool_message);
  const std::array kinds{
      kind_of("echo", echo.get(), echo.get(), std::string(echo_size, 'x'), skip_echo),
      kind_of("ping, socket", daemon.get(), daemon.get(), framed(ping), skip_frame),
      kind_of("tool, socket", daemon.get(), daemon.get(), framed(tool), skip_frame),
      kind_of("list, socket", daemon.get(), daemon.get(), framed(list_message), skip_frame),
      kind_of("ping, bridge", bridge.in(), bridge.out(), std::string(mcp_ping_message) + "\n",
              skip_line),
      kind_of("tool, bridge", bridge.in(), bridge.out(), tool + "\n", skip_line),
  };
  for (int round = 0; round < rounds; ++round) {
    for (const Kind& kind : kinds) measure(kind, count);
  }
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  if (argc != 6) die("usage: bench_round_trip ECHO_SOCKET HEARTH_SOCKET HEARTH ROUNDS COUNT");
  run(argv[1], argv[2], argv[3], number_argument(argc, argv, 4, "number of rounds"),
      number_argument(argc, argv, 5, "number of round trips"));
}
