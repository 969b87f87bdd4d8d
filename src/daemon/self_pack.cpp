#include "daemon/self_pack.hpp"

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "base/version.hpp"
#include "mcp/binder.hpp"

namespace hearth::daemon {
namespace {

struct StatusRequest {};
BOOST_DESCRIBE_STRUCT(StatusRequest, (), ())
json::Notes notes(const StatusRequest*) {
  return {};
}

struct PackState {
  std::string name;
  std::string warmth;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(PackState, (), (name, warmth, reason))
json::Notes notes(const PackState*) {
  return {{"name", "Pack, the first part of its tools' names"},
          {"warmth", "cold, warming, warm or degraded"},
          {"reason", "Why it is degraded"}};
}

struct StatusAnswer {
  std::string version;
  std::string state;
  std::int64_t pid = 0;
  std::int64_t uptime_s = 0;
  std::int64_t sessions = 0;
  std::vector<PackState> packs;
};
BOOST_DESCRIBE_STRUCT(StatusAnswer, (), (version, state, pid, uptime_s, sessions, packs))
json::Notes notes(const StatusAnswer*) {
  return {{"version", "Version of the daemon"},  {"state", "running or draining"},
          {"pid", "Process id of the daemon"},   {"uptime_s", "Seconds since it started"},
          {"sessions", "Clients connected now"}, {"packs", "What it serves, and how warm that is"}};
}

StatusAnswer describe(const SelfReport& report) {
  StatusAnswer answer;
  answer.version = version();
  answer.state = report.state;
  static const std::int64_t own_pid = ::getpid();
  answer.pid = own_pid;
  answer.uptime_s = report.uptime.count();
  answer.sessions = static_cast<std::int64_t>(report.sessions);
  for (const pack::Pack* pack : report.packs) {
    const pack::PackStatus status = pack->status();
    PackState state{std::string(pack->name()), std::string(pack::warmth_name(status.warmth)), {}};
    if (!status.reason.empty()) state.reason = status.reason;
    answer.packs.push_back(std::move(state));
  }
  return answer;
}

class SelfPack final : public pack::Pack {
 public:
  explicit SelfPack(std::function<SelfReport()> report) : report_(std::move(report)) {}

  std::string_view name() const override { return "hearth"; }

  void declare(pack::ToolBinder& tools) override {
    pack::ToolSpec spec;
    spec.verb = "status";
    spec.title = "Hearth status";
    spec.description =
        "Version, uptime (seconds), number of connected clients, and how warm each pack is. Use it "
        "when an answer is "
        "marked degraded or a tool is slow.";
    spec.annotations = {.read_only = true, .idempotent = true};
    spec.resend = pack::ResendRule::run_again;
    mcp::Tool<StatusRequest, StatusAnswer>(std::move(spec))
        .on_loop(tools, [this](const StatusRequest&, const pack::Call&) -> Result<StatusAnswer> {
          return describe(report_());
        });
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }

 private:
  std::function<SelfReport()> report_;
};

}  // namespace

std::unique_ptr<pack::Pack> make_self_pack(std::function<SelfReport()> report) {
  return std::make_unique<SelfPack>(std::move(report));
}

}  // namespace hearth::daemon
