// A whole daemon with a pack of its own. Clients find it like any hearthd, so give it a home of its
// own:
//
//   HEARTH_HOME=/tmp/embed ./embed &
//   HEARTH_HOME=/tmp/embed hearth call echo_say '{"text": "hello", "times": 2}'
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/version.hpp"
#include "daemon/daemon.hpp"
#include "io/signals.hpp"
#include "ipc/paths.hpp"
#include "mcp/binder.hpp"

// The version that this daemon tells its clients: the program's own.
std::string_view hearth::version() {
  return "1.0.0";
}

namespace {

using namespace hearth;

// What the tool takes and gives; schemas and validation come from these.
struct SayRequest {
  std::string text;
  std::int64_t times = 1;
};
BOOST_DESCRIBE_STRUCT(SayRequest, (), (text, times))
json::Notes notes(const SayRequest*) {
  return {{"text", "What to say", json::range(1, 1000)},
          {"times", "How often", json::range(1, 10) | json::defaulted}};
}

struct SayAnswer {
  std::string said;
};
BOOST_DESCRIBE_STRUCT(SayAnswer, (), (said))
json::Notes notes(const SayAnswer*) {
  return {{"said", "The text, repeated"}};
}

Result<SayAnswer> say(const SayRequest& request, const pack::Call&) {
  SayAnswer answer;
  for (std::int64_t i = 0; i < request.times; ++i) answer.said += request.text;
  return answer;
}

class EchoPack final : public pack::Pack {
 public:
  [[nodiscard]] std::string_view name() const override { return "echo"; }
  void declare(pack::Binder& tools) override {
    mcp::Tool<SayRequest, SayAnswer>({.verb = "say",
                                      .title = "Say it again",
                                      .description = "Repeats a text.",
                                      .annotations = {.read_only = true, .idempotent = true},
                                      .resend = pack::ResendRule::run_again})
        .on_loop(tools, say);
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  [[nodiscard]] pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm}; }
};

}  // namespace

int main() {
  io::hold_signals({SIGTERM, SIGINT, SIGHUP, SIGUSR1});  // first: none may be lost
  auto paths = ipc::resolve_paths();
  if (!paths) {
    std::fprintf(stderr, "embed: %s\n", paths.error().message.c_str());
    return exit_code(paths.error().code);
  }
  daemon::Options options;
  options.paths = std::move(*paths);
  daemon::Daemon daemon(std::move(options));
  daemon.add(std::make_unique<EchoPack>());
  return daemon.run();
}
