// The tools for mandates themselves.
#include <filesystem>
#include <system_error>

#include "base/confined_path.hpp"
#include "packs/mandates/engine/mandate_name.hpp"
#include "packs/mandates/mandate_wire.hpp"
#include "packs/mandates/schedule_wire.hpp"
#include "packs/mandates/tools.hpp"
#include "packs/mandates/workspace/workspace_check.hpp"

namespace hearth::packs::mandates {
namespace {

struct Workspace {
  std::string path;
  std::string root;  // that allows it
};

// The caller's project, or a directory in it or in what the configuration adds.
Result<Workspace> workspace_of(const Workbench& bench,
                               const std::optional<std::string>& wanted,
                               const pack::Caller& caller) {
  if (!wanted && caller.project_root.empty())
    return fail(Errc::invalid_args, "the caller is in no project", {"give a workspace"});
  std::filesystem::path path = wanted.value_or(caller.project_root);
  if (path.is_relative()) path = std::filesystem::path(caller.cwd) / path;
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error || !std::filesystem::is_directory(real, error))
    return fail(Errc::not_found, path.string() + " is no directory");
  const std::string found = real.string();
  std::vector<std::string> roots = bench.roots();
  roots.insert(roots.begin(), caller.project_root);
  for (const std::string& root : roots) {
    if (root.empty()) continue;
    const auto real_root = std::filesystem::canonical(root, error);
    if (!error && is_within(found, real_root.string())) return Workspace{found, real_root.string()};
  }
  return fail(Errc::permission, found + " is outside of the caller's project",
              {"call from within it, or add it to roots in [daemon] of config.toml"});
}

// What an agent could allow itself beyond the ceiling of the configuration is refused; and where
// that was lowered since, WorkspaceActor::judge asks nevertheless.
Result<void> check_ceiling(const Workbench& bench, const MandateSpec& spec) {
  if (bench.settings()->agents_may == workspace::Scope::automatic) return {};
  const std::string what =
      automatic_in(spec, [&](const std::string& tool) { return bench.is_reading(tool); });
  if (what.empty()) return {};
  return fail(Errc::permission,
              what +
                  " cannot be auto: a person is asked before a mandate writes, runs a command "
                  "or calls a tool that writes",
              {"use ask, and approve at a terminal: hearth mandates approve",
               "a person may set agents_may = \"auto\" in [mandates] of config.toml"});
}

// What a rule asks for beside the words, which only a step has.
Result<void> check_command_secrets(const Workbench& bench, const MandateSpec& spec) {
  for (const CommandScope& each : spec.commands) {
    const CommandRequest request{.words = {}, .hosts = each.hosts, .secrets = each.secrets};
    if (auto ok = bench.check_secrets(request); !ok)
      return std::unexpected(std::move(ok.error()).within("commands: " + each.rule));
  }
  return {};
}

// A mandate is stored and shown, and its model is told of it.
Result<void> check_no_secret(const Workbench& bench, const std::string& text) {
  if (bench.redactor().redact(text) == text) return {};
  return fail(Errc::permission, "the mandate holds a secret",
              {"write {{secret:NAME}} into a tool's arguments, or name it among a command's "
               "secrets, and under [mandates.secrets] of config.toml"});
}

// All that needs no store.
Result<MandateSpec> spec_of(const Workbench& bench,
                            const wire::CreateRequest& request,
                            const pack::Caller& caller) {
  auto workspace = workspace_of(bench, request.workspace, caller);
  if (!workspace) return std::unexpected(std::move(workspace.error()));
  if (auto ok = workspace::check_workspace(workspace->path, bench.own()); !ok)
    return std::unexpected(std::move(ok.error()));
  MandateSpec spec{.goal = bench.redactor().redact(request.goal),
                   .workspace = std::move(workspace->path),
                   .root = std::move(workspace->root),
                   .observe = request.observe,
                   .paths = request.paths,
                   .commands = request.commands,
                   .tools = request.tools,
                   .commits = request.commits,
                   .model = request.model,
                   .cycles = request.cycles,
                   .deadline = request.deadline,
                   .approval_time = request.approval_time,
                   .retries = request.retries};
  take_limits(spec, request);
  auto ok = check(spec);
  if (ok) ok = check_seconds(spec, bench.settings()->model.timeout);
  if (ok) ok = check_no_secret(bench, request.name + spec_text(spec));
  if (ok) ok = check_command_secrets(bench, spec);
  if (ok) ok = check_ceiling(bench, spec);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return spec;
}

Result<ScheduleSpec> schedule_of(const wire::CreateRequest& request, WallTime now) {
  ScheduleSpec schedule;
  if (!request.timing) return schedule;
  schedule.timing = *request.timing;
  schedule.zone = request.zone;
  if (auto ok = check(schedule, now); !ok) return std::unexpected(std::move(ok.error()));
  return schedule;
}

Result<void> check_creation(const Workbench& bench,
                            const wire::CreateRequest& request,
                            const pack::Caller& caller) {
  if (auto ok = check_name(request.name); !ok) return ok;
  if (auto spec = spec_of(bench, request, caller); !spec)
    return std::unexpected(std::move(spec.error()));
  if (auto schedule = schedule_of(request, bench.context().clock().wall()); !schedule)
    return std::unexpected(std::move(schedule.error()));
  return {};
}

Result<wire::CreateAnswer> create(Space& space,
                                  const wire::CreateRequest& request,
                                  const pack::Call& call) {
  const auto spec = spec_of(space.bench(), request, call.caller());
  if (!spec) return std::unexpected(spec.error());
  const auto schedule = schedule_of(request, space.store().now());
  if (!schedule) return std::unexpected(schedule.error());
  if (request.timing) {
    const auto rhythm = rhythm_of(*schedule);
    if (!rhythm) return std::unexpected(rhythm.error());
    // Before anything is made: a mandate that has no schedule would be left.
    if (const auto followed = rhythm->timing.followed()) {
      const auto known = find_mandate(space.store(), *followed);
      if (!known || known->name != *followed)
        return fail(Errc::not_found, "there is no mandate " + *followed + " to follow");
    }
  }
  const auto made = create_mandate(space.store(), request.name, spec_text(*spec));
  if (!made) return std::unexpected(made.error());
  wire::CreateAnswer answer{.id = made->id, .name = made->name, .schedule = {}, .run = {}};
  if (request.timing) {
    const auto n = Schedules(space.store()).create(made->n, *schedule);
    if (!n) return std::unexpected(n.error());
    if (auto seen = space.schedule_made(*n); !seen) {
      // Nothing is left of what could not be made whole.
      auto gone =
          set_mandate_state(space.store(), made->n, "stopped", "its schedule is not possible");
      if (gone) gone = delete_mandate(space.store(), made->n);
      return std::unexpected(gone ? std::move(seen.error()) : std::move(gone.error()));
    }
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    const auto row = load_schedule(**reader, *n);
    if (!row) return std::unexpected(row.error());
    answer.schedule = row->id;
  }
  if (request.start) {
    auto run = space.start_run(made->n, "trigger", {});
    if (!run) return std::unexpected(std::move(run.error()));
    answer.run = run->id;
  }
  return answer;
}

Result<wire::DoneAnswer> update(Space& space,
                                const wire::UpdateRequest& request,
                                const pack::Call& /*call*/) {
  const auto mandate = find_mandate(space.store(), request.mandate);
  if (!mandate) return std::unexpected(mandate.error());
  const auto before = parse_spec(mandate->spec);
  if (!before) return std::unexpected(before.error());
  MandateSpec after = *before;
  if (request.goal) after.goal = space.bench().redactor().redact(*request.goal);
  if (request.observe) after.observe = *request.observe;
  after.cycles = request.cycles.value_or(after.cycles);
  take_limits(after, request);
  if (const std::string why = loosening_of(*before, after); !why.empty()) {
    return fail(
        Errc::permission, "an update never allows more: " + why,
        {why == a_larger_budget ? "a person sets it at a terminal: hearth mandates budget-set"
                                : "make a new mandate with these limits"});
  }
  if (auto ok = check(after); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = check_seconds(after, space.bench().settings()->model.timeout); !ok)
    return std::unexpected(std::move(ok.error()));
  if (auto ok = check_no_secret(space.bench(), spec_text(after)); !ok)
    return std::unexpected(std::move(ok.error()));
  const MandateChange change{
      .before = digest(mandate->spec), .spec = spec_text(after), .what = {}, .reviewer = {}};
  if (auto done = update_mandate(space.store(), mandate->n, change); !done)
    return std::unexpected(std::move(done.error()));
  return wire::DoneAnswer{.id = mandate->id, .state = mandate->state};
}

Result<wire::DoneAnswer> set_state(Space& space,
                                   const wire::StateRequest& request,
                                   const std::string& state) {
  const auto mandate = find_mandate(space.store(), request.mandate);
  if (!mandate) return std::unexpected(mandate.error());
  auto done = set_mandate_state(space.store(), mandate->n, state,
                                space.bench().redactor().redact(request.reason));
  if (!done) return std::unexpected(std::move(done.error()));
  if (state == "stopped") {
    if (auto cut = space.cut_off_all(mandate->n); !cut)
      return std::unexpected(std::move(cut.error()));
  }
  if (auto told = space.schedules_changed(mandate->n); !told)
    return std::unexpected(std::move(told.error()));
  return wire::DoneAnswer{.id = mandate->id, .state = state};
}

Result<wire::MandatesAnswer> list(Space& space, const wire::PageRequest& request) {
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto page = list_mandates(**reader, wire::to_page(request.offset, request.limit));
  if (!page) return std::unexpected(page.error());
  wire::MandatesAnswer answer{.mandates = {}, .total = page->total};
  for (const Mandate& each : page->rows) answer.mandates.push_back(wire::to_row(each));
  answer.truncated = request.offset + static_cast<std::int64_t>(page->rows.size()) < page->total;
  return answer;
}

}  // namespace

void declare_mandate_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_making<wire::CreateRequest, wire::CreateAnswer>(
      tools,
      writing("create", "Create a mandate",
              "A standing order that the daemon carries out in cycles: observe, orient, decide, "
              "act, reflect. Give a goal, what to look at, and what it may do; with `timing` it "
              "runs by itself, with `start` also now. What is not allowed automatically waits for "
              "a person."),
      [&runner](const wire::CreateRequest& request, const pack::Call& call) {
        return check_creation(runner.bench(), request, call.caller());
      },
      create);
  runner.bind<wire::PageRequest, wire::MandatesAnswer>(
      tools, reading("list", "List mandates", "All mandates, newest first."),
      [](Space& space, const wire::PageRequest& request, const pack::Call&) {
        return list(space, request);
      },
      Without::is_empty);
  runner.bind<wire::MandateRequest, wire::ShowAnswer>(
      tools, reading("show", "Show a mandate", "Its goal, rules and limits."),
      [](Space& space, const wire::MandateRequest& request,
         const pack::Call&) -> Result<wire::ShowAnswer> {
        const auto mandate = find_mandate(space.store(), request.mandate);
        if (!mandate) return std::unexpected(mandate.error());
        return wire::ShowAnswer{.mandate = wire::to_row(*mandate), .rules = {mandate->spec}};
      });
  runner.bind<wire::UpdateRequest, wire::DoneAnswer>(
      tools,
      writing("update", "Update a mandate",
              "Change its goal, let it look at less, or lower its limits. Rules stay as they are.",
              {.idempotent = true}),
      update);
  const auto bind_state = [&](std::string verb, std::string title, std::string about,
                              const std::string& state, pack::Annotations annotations) {
    runner.bind<wire::StateRequest, wire::DoneAnswer>(
        tools, writing(std::move(verb), std::move(title), std::move(about), annotations),
        [state](Space& space, const wire::StateRequest& request, const pack::Call&) {
          return set_state(space, request, state);
        });
  };
  bind_state("pause", "Pause a mandate", "No new runs until it is resumed; runs go on.", "paused",
             {.idempotent = true});
  bind_state("resume", "Resume a mandate", "Its schedules fire again.", "active",
             {.idempotent = true});
  bind_state("stop", "Stop a mandate", "For good; its runs are ended at once.", "stopped",
             {.destructive = true});
  runner.bind<wire::MandateRequest, wire::DoneAnswer>(
      tools,
      writing("delete", "Delete a stopped mandate",
              "With its schedules, runs and proposals. The journal keeps what happened.",
              {.destructive = true}),
      [](Space& space, const wire::MandateRequest& request,
         const pack::Call&) -> Result<wire::DoneAnswer> {
        const auto mandate = find_mandate(space.store(), request.mandate);
        if (!mandate) return std::unexpected(mandate.error());
        if (auto done = delete_mandate(space.store(), mandate->n); !done)
          return std::unexpected(std::move(done.error()));
        return wire::DoneAnswer{.id = mandate->id, .state = "deleted"};
      });
}

}  // namespace hearth::packs::mandates
