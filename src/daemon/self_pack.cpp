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
  SelfPack(std::function<SelfReport()> report, std::function<std::string()> guide)
      : report_(std::move(report)), guide_(std::move(guide)) {}

  std::string_view name() const override { return "hearth"; }

  void declare(pack::Binder& binder) override {
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
        .on_loop(binder, [this](const StatusRequest&, const pack::Call&) -> Result<StatusAnswer> {
          return describe(report_());
        });
    add(binder, "status", "What the daemon is and how warm its packs are", "application/json",
        [this] { return json::encode(describe(report_())); });
    add(binder, "guide", "How to use hearth's tools, for an agent", "text/markdown",
        [this] { return guide_(); });
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }

 private:
  static void add(pack::Binder& binder,
                  const std::string& name,
                  std::string description,
                  const std::string& mime_type,
                  std::function<std::string()> text) {
    pack::ResourceSpec spec{.uri = "hearth://" + name,
                            .name = name,
                            .title = "Hearth: " + name,
                            .description = std::move(description),
                            .mime_type = mime_type};
    binder.add(std::move(spec), [mime_type, text = std::move(text)](
                                    const std::string&, const pack::Variables&, pack::Call call) {
      pack::Content content = pack::text_content(text());
      content.mime_type = mime_type;
      pack::Reply reply;
      reply.content.push_back(std::move(content));
      call.answer(std::move(reply));
    });
  }

  std::function<SelfReport()> report_;
  std::function<std::string()> guide_;
};

}  // namespace

std::unique_ptr<pack::Pack> make_self_pack(std::function<SelfReport()> report,
                                           std::function<std::string()> guide) {
  return std::make_unique<SelfPack>(std::move(report), std::move(guide));
}

}  // namespace hearth::daemon
