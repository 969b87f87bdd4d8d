// From the decision to start `hearth mcp` to its answer to `initialize`: with a warm daemon, and
// with none (it is stopped in between). The empty program takes its turn as the floor. On the way
// it measures how long stopping the idle daemon takes until the process is gone.
//
// usage: bench_bridge_start HEARTH EMPTY WARM_ROUNDS COLD_ROUNDS      with HEARTH_HOME set
//
// Prints the series "empty", "warm", "cold", "stop" (to the end of the daemon) and "stop command"
// (to the end of `hearth daemon stop`), in ms. Leaves no daemon behind.
#include <unistd.h>

#include <array>
#include <cstdio>

#include "support.hpp"

namespace hearth::bench {
namespace {

double start_empty(const std::string& program) {
  const auto began = Clock::now();
  Child child({program});
  std::array<char, 16> chunk;
  (void)!::read(child.out(), chunk.data(), chunk.size());
  return milliseconds_since(began);
}

double start_bridge(const std::string& hearth) {
  const auto began = Clock::now();
  Child child({hearth, "mcp"});
  write_all(child.in(), initialize_message);
  const std::string answer = read_line(child.out());
  const double took = milliseconds_since(began);
  if (answer.find("\"serverInfo\"") == std::string::npos) die("initialize: " + answer);
  return took;
}

struct Stop {
  double gone = 0;
  double returned = 0;
};

Stop stop_daemon(const std::string& hearth) {
  const UniqueFd process = watch_process(daemon_pid());
  const auto began = Clock::now();
  Stop stop;
  Child child({hearth, "daemon", "stop"});
  await_end(process.get());
  stop.gone = milliseconds_since(began);
  child.finish();
  stop.returned = milliseconds_since(began);
  return stop;
}

void run(const std::string& hearth, const std::string& empty, int warm_rounds, int cold_rounds) {
  std::vector<double> floor;
  std::vector<double> warm;
  (void)start_bridge(hearth);  // starts the daemon
  for (int round = 0; round < warm_rounds; ++round) {
    floor.push_back(start_empty(empty));
    warm.push_back(start_bridge(hearth));
  }
  std::vector<double> cold;
  std::vector<double> gone;
  std::vector<double> returned;
  for (int round = 0; round < cold_rounds; ++round) {
    const Stop stop = stop_daemon(hearth);
    gone.push_back(stop.gone);
    returned.push_back(stop.returned);
    cold.push_back(start_bridge(hearth));
  }
  (void)stop_daemon(hearth);
  print_series("empty", "ms", floor);
  print_series("warm", "ms", warm);
  print_series("cold", "ms", cold);
  print_series("stop", "ms", gone);
  print_series("stop command", "ms", returned);
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  if (argc != 5) die("usage: bench_bridge_start HEARTH EMPTY WARM_ROUNDS COLD_ROUNDS");
  run(argv[1], argv[2], number_argument(argc, argv, 3, "number of warm rounds"),
      number_argument(argc, argv, 4, "number of cold rounds"));
}
