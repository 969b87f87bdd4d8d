// A client waits for an answer when its daemon is killed with SIGKILL: how long until the bridge
// has started another daemon, sent the request again and passed on the answer.
//
// The daemon is paused before the request is sent, so that it dies with the request unanswered.
//
// usage: bench_recovery HEARTH ROUNDS      with HEARTH_HOME set
//
// Prints the series "recovery" in ms. Leaves the last daemon running.
#include <csignal>

#include "support.hpp"

namespace hearth::bench {
namespace {

double kill_once(const Child& bridge) {
  const pid_t daemon = daemon_pid();
  if (::kill(daemon, SIGSTOP) != 0) die("cannot pause the daemon");
  write_all(bridge.in(), std::string(tool_message) + "\n");
  const auto killed = Clock::now();
  if (::kill(daemon, SIGKILL) != 0) die("cannot kill the daemon");
  const std::string answer = read_line(bridge.out());
  const double took = milliseconds_since(killed);
  if (answer.find("\"structuredContent\"") == std::string::npos) die("answer: " + answer);
  if (daemon_pid() == daemon) die("the daemon was not replaced");
  return took;
}

void run(const std::string& hearth, int rounds) {
  const Child bridge({hearth, "mcp"});
  write_all(bridge.in(), initialize_message);
  (void)read_line(bridge.out());
  std::vector<double> took;
  for (int round = 0; round < rounds; ++round) took.push_back(kill_once(bridge));
  print_series("recovery", "ms", took);
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  if (argc != 3) die("usage: bench_recovery HEARTH ROUNDS");
  run(argv[1], number_argument(argc, argv, 2, "number of rounds"));
}
