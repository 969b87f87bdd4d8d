// The tools for reports of runs.
#include "base/confined_path.hpp"
#include "packs/mandates/report_step.hpp"
#include "packs/mandates/report_wire.hpp"
#include "packs/mandates/run_wire.hpp"
#include "packs/mandates/tools.hpp"
#include "packs/mandates/workspace/policy.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_answer = std::size_t{5} << 20;  // bytes, of a frame's 8 MiB

Result<wire::ReportAnswer> report(Space& space, const wire::RunRequest& request) {
  auto text = space.report(request.run);
  if (!text) return std::unexpected(std::move(text.error()));
  if (text->size() > most_answer)
    return fail(Errc::unsupported, "the report is longer than 5 MiB",
                {"write it into a file: mandates_run_report_file"});
  return wire::ReportAnswer{.markdown = std::move(*text)};
}

// Whoever calls a tool elevates nothing: what programs obey is not written.
Result<void> check_unprotected(const std::string& path) {
  const auto why = workspace::protection_of(path);
  if (why.empty()) return {};
  return fail(Errc::permission, path + " is protected: " + std::string(why), {"name another file"});
}

// In the caller's project.
Result<std::string> place_of(Space& space,
                             const wire::ReportFileRequest& request,
                             const pack::Caller& caller) {
  if (const auto form = is_pdf(request.path); !form) return std::unexpected(form.error());
  auto path = confine_new(request.path, caller.cwd, pack::project_of(caller), space.bench().own());
  if (!path) return path;
  if (auto ok = check_unprotected(*path); !ok) return std::unexpected(std::move(ok.error()));
  if (auto may = check_is_new(*path, request.overwrite); !may)
    return std::unexpected(std::move(may.error()));
  return path;
}

Result<wire::ReportFileAnswer> write(Space& space,
                                     const wire::ReportFileRequest& request,
                                     const pack::Call& call) {
  auto path = place_of(space, request, call.caller());
  if (!path) return std::unexpected(std::move(path.error()));
  const auto report_of = [&](const std::string& run) { return space.report(run); };
  auto made = report_file(*path, request.run, report_of, space.bench(), call.stop());
  if (!made) return std::unexpected(std::move(made.error()));
  if (auto done = store::replace_file(*path, made->bytes, 0644); !done)
    return std::unexpected(std::move(done.error()));
  wire::ReportFileAnswer answer{.path = std::move(*path),
                                .bytes = static_cast<std::int64_t>(made->bytes.size()),
                                .missing = {}};
  if (!made->missing.empty()) answer.missing = std::move(made->missing);
  return answer;
}

}  // namespace

void declare_report_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind<wire::RunRequest, wire::ReportAnswer>(
      tools,
      reading("run_report", "Report of a run",
              "As Markdown: goal, observations, decisions, approvals, effects, cost, journal."),
      [](Space& space, const wire::RunRequest& request, const pack::Call&) {
        return report(space, request);
      });
  runner.bind<wire::ReportFileRequest, wire::ReportFileAnswer>(
      tools,
      writing("run_report_file", "Write a run's report",
              "The same into a file of the project: .md, or .pdf where pandoc is installed.",
              {.destructive = true, .idempotent = true}),
      write);
}

}  // namespace hearth::packs::mandates
