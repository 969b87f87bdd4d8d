// The bridge, with the test daemon as its hearthd: test_bridge DAEMON [TIMEOUT_MS].
#include <cstdlib>

#include "client/bridge.hpp"

int main(int argc, char** argv) {
  using namespace hearth;
  const auto paths = ipc::resolve_paths();
  if (!paths || argc < 2) return 2;
  client::Options options;
  options.paths = *paths;
  options.greeting.client_name = "test-bridge";
  options.greeting.kind = "bridge";
  options.daemon_binary = argv[1];
  options.mode = client::Mode::shared;
  if (argc > 2) options.timeout = std::chrono::milliseconds(std::atoi(argv[2]));
  return client::run_bridge(options);
}
