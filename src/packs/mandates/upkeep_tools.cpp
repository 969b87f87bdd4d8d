// The tools that look after the pack itself: status, audit, doctor; and its resources.
#include "packs/mandates/run_wire.hpp"
#include "packs/mandates/tools.hpp"
#include "packs/mandates/upkeep_wire.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr const char* json_type = "application/json";

// Where nothing was made yet only the sandbox is known.
Result<wire::StatusAnswer> status(const Result<std::shared_ptr<Space>>& found,
                                  const Workbench& bench) {
  if (!found) return std::unexpected(found.error());
  if (*found == nullptr) return wire::StatusAnswer{.sandbox = bench.walls().text};
  Space& space = **found;
  const auto census = space.census();
  if (!census) return std::unexpected(census.error());
  const DispatcherStatus now = space.dispatcher().status();
  const Walls walls = bench.walls();
  wire::StatusAnswer answer{.mandates = census->mandates,
                            .schedules = census->schedules,
                            .waiting = census->waiting,
                            .running = census->running,
                            .blocked = census->blocked,
                            .approvals = census->approvals,
                            .heartbeat = format_rfc3339(now.beat),
                            .next = {},
                            .lateness_ms = now.lateness.count(),
                            .clock_lag_ms = space.store().clock_lag().count(),
                            .sandbox = walls.text,
                            .problem = now.error};
  if (answer.problem.empty()) answer.problem = space.clock_problem();
  if (answer.problem.empty()) answer.problem = space.record_problem();
  if (answer.problem.empty() && walls.is_problem && census->mandates > 0)
    answer.problem = walls.text;
  if (answer.problem.empty()) answer.problem = space.world().problem();
  if (now.wake) answer.next = format_rfc3339(*now.wake);
  return answer;
}

wire::AuditAnswer audit(Space& space) {
  const auto checked = space.store().audit();
  if (!checked) {
    return {.intact = false, .records = 0, .head = {}, .problem = checked.error().message};
  }
  return {.intact = true,
          .records = static_cast<std::int64_t>(checked->head.sequence),
          .head = hex(checked->head.hash),
          .problem = {}};
}

class Doctor final {
 public:
  explicit Doctor(ToolRunner& runner) : runner_(runner) {}

  wire::DoctorAnswer examine(const Result<std::shared_ptr<Space>>& space, const pack::Call& call) {
    const auto sandbox = runner_.bench().sandbox(call.stop());
    add("sandbox", sandbox ? ok : error,
        sandbox ? (*sandbox)->self_test().describe() : sandbox.error().message);
    if (sandbox) add("limits", ok, (*sandbox)->limited_by());
    const auto settings = runner_.bench().settings();
    const ModelSettings& model = settings->model;
    if (model.url.empty())
      add("model", note,
          "none: set model.url in [mandates] and reload; until then runs wait for a client's");
    else
      add("model", ok, model.name + " at " + model.url);
    examine_secrets(call.stop());
    if (space && *space == nullptr)
      add("store", note, "no mandates yet");
    else if (space)
      examine(**space);
    else  // another daemon may have the stores: then nothing is wrong with them
      add("store", space.error().code == Errc::read_only ? note : error, space.error().message);
    return std::move(answer_);
  }

 private:
  static constexpr const char* ok = "ok";
  static constexpr const char* note = "note";
  static constexpr const char* error = "error";

  void examine(Space& space) {
    const wire::AuditAnswer journal = audit(space);
    add("journal", journal.intact ? ok : error,
        journal.intact ? std::to_string(journal.records) + " records" : journal.problem);
    const std::string clock = space.clock_problem();
    add("clock", clock.empty() ? ok : error, clock.empty() ? "goes forward" : clock);
    const std::string records = space.record_problem();
    add("commands", records.empty() ? ok : error,
        records.empty() ? "none was cut off uncompared" : records);
    examine_workspaces(space);
    const DispatcherStatus now = space.dispatcher().status();
    add("dispatcher", now.error.empty() ? ok : error,
        now.error.empty() ? "last looked at " + format_rfc3339(now.beat) : now.error);
  }
  // What could not be read is tried again: somebody may have mended it. Waits for a slow one.
  void examine_secrets(const std::stop_token& stop) {
    SecretLearning& learning = runner_.bench().learning();
    if (learning.size() == 0) return;
    learning.try_again();
    (void)learning.wait(stop);
    const std::vector<UnreadSecret> unread = learning.unread();
    for (const UnreadSecret& each : unread) {
      if (each.why.empty())
        add("secrets", note, each.name + " is being read");
      else
        add("secrets", error, each.why);
    }
    if (unread.empty()) add("secrets", ok, std::to_string(learning.size()) + " can be read");
  }
  // What is refused may have changed since they were made.
  void examine_workspaces(Space& space) {
    const auto closed = space.closed_mandates();
    if (!closed) return add("workspaces", error, closed.error().message);
    for (const std::string& each : *closed) add("workspaces", error, each);
    if (closed->empty()) add("workspaces", ok, "every active mandate may work in its own");
  }
  void add(std::string check, const char* level, std::string detail) {
    const bool is_good = level != error;
    answer_.good = answer_.good && is_good;
    answer_.findings.push_back({std::move(check), is_good, level, std::move(detail)});
  }

  ToolRunner& runner_;
  wire::DoctorAnswer answer_{.good = true, .findings = {}};
};

std::vector<std::string> no_proposals(std::string_view, std::string_view, const pack::Variables&) {
  return {};
}

Result<pack::Reply> to_resource(const std::string& uri,
                                Result<std::string> text,
                                const secrets::Redactor& redactor) {
  if (!text) return without_secrets(std::unexpected(std::move(text.error())), redactor);
  pack::Reply reply;
  reply.content.push_back({.kind = pack::ContentKind::resource,
                           .text = std::move(*text),
                           .bytes = {},
                           .mime_type = json_type,
                           .uri = uri,
                           .name = {}});
  return without_secrets(std::move(reply), redactor);
}

Result<std::string> status_text(const Result<std::shared_ptr<Space>>& space,
                                const Workbench& bench) {
  const auto answer = status(space, bench);
  if (!answer) return std::unexpected(answer.error());
  return json::encode(*answer);
}

Result<std::string> run_text(Space& space, const std::string& word) {
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto run = find_run(**reader, word);
  if (!run) return std::unexpected(run.error());
  const auto row = wire::to_row(**reader, *run);
  if (!row) return std::unexpected(row.error());
  return json::encode(*row);
}

}  // namespace

void declare_upkeep_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_anyway<wire::NoRequest, wire::StatusAnswer>(
      tools, reading("status", "How mandates stand", "Counts, heartbeat, next time due, lateness."),
      [&runner](const Result<std::shared_ptr<Space>>& space, const wire::NoRequest&,
                const pack::Call&) { return status(space, runner.bench()); });
  runner.bind_anyway<wire::AuditRequest, wire::AuditAnswer>(
      tools,
      reading("audit", "Verify the journal", "Whether what happened was changed, removed or cut."),
      [](const Result<std::shared_ptr<Space>>& space, const wire::AuditRequest& request,
         const pack::Call&) -> Result<wire::AuditAnswer> {
        if (request.action != "verify")
          return fail(Errc::invalid_args, "action: expected verify", {"mandates audit verify"});
        if (space && *space == nullptr)
          return wire::AuditAnswer{.intact = true, .records = 0, .head = {}, .problem = {}};
        if (space) return audit(**space);
        // What does not even open was found out, too.
        if (space.error().code != Errc::damaged) return std::unexpected(space.error());
        return wire::AuditAnswer{
            .intact = false, .records = 0, .head = {}, .problem = space.error().message};
      });
  runner.bind_anyway<wire::NoRequest, wire::DoctorAnswer>(
      tools,
      reading("doctor", "What mandates need", "Sandbox, model, journal, clock: what works here."),
      [&runner](const Result<std::shared_ptr<Space>>& space, const wire::NoRequest&,
                const pack::Call& call) -> Result<wire::DoctorAnswer> {
        return Doctor(runner).examine(space, call);
      },
      Takes::seconds);
}

void declare_resources(pack::Binder& binder, ToolRunner& runner) {
  binder.add(pack::ResourceSpec{.uri = "hearth://mandates/status",
                                .name = "mandates-status",
                                .title = "How mandates stand",
                                .description = "Counts, heartbeat, next time due, lateness",
                                .mime_type = json_type},
             [&runner](const std::string& uri, const pack::Variables&, pack::Call call) {
               runner.on_pool_anyway(
                   std::move(call),
                   [&runner, uri](const Result<std::shared_ptr<Space>>& space, pack::Call running) {
                     running.answer(to_resource(uri, status_text(space, runner.bench()),
                                                runner.bench().redactor()));
                   });
             });
  binder.add(
      pack::TemplateSpec{.uri_template = "hearth://mandates/runs/{run}",
                         .name = "mandates-run",
                         .title = "A run",
                         .description = "Its state, and what it waits for",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        runner.on_pool(
            std::move(call), [uri, word = variables.at("run")](Space& space, pack::Call running) {
              running.answer(to_resource(uri, run_text(space, word), space.bench().redactor()));
            });
      },
      no_proposals);
}

}  // namespace hearth::packs::mandates
