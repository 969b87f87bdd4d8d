// The tools for the whole corpus: import, stats.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "packs/knowledge/corpus_wire.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/files.hpp"
#include "packs/knowledge/tools.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr std::chrono::milliseconds import_time_limit = std::chrono::minutes(10);
constexpr std::chrono::milliseconds progress_interval{100};

// Reports at most ten times a second, and the end.
ImportProgress report_to(const pack::Call& call, const Clock& clock) {
  return [&call, &clock, next = MonotonicTime()](std::int64_t done, std::int64_t total) mutable {
    const MonotonicTime now = clock.monotonic();
    if (now < next && done != total) return;
    next = now + progress_interval;
    call.progress(static_cast<double>(done), static_cast<double>(total),
                  std::to_string(done) + " of " + std::to_string(total) + " files");
  };
}

void declare_import(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec spec = writing(
      "import", "Import files",
      "Bring the store up to date with a folder (or file) of Markdown, text and source code: "
      "only what changed is touched, what is gone is removed. Hidden files, build and dependency "
      "folders, binaries and files above 1 MiB are skipped and counted.",
      {.destructive = true, .idempotent = true});
  spec.resend = pack::ResendRule::run_again;
  spec.time_limit = import_time_limit;
  spec.task = pack::TaskSupport::optional;
  mcp::Tool<wire::ImportRequest, wire::ImportAnswer>(std::move(spec))
      .deferred(tools, [&runner](wire::ImportRequest request, pack::Call call) {
        if (auto may = runner.check_writable(call); !may) {
          return call.answer(std::unexpected(std::move(may.error())));
        }
        std::vector<std::string> roots = runner.context().roots();
        const std::string& project = call.caller().project_root;
        if (!project.empty()) roots.insert(roots.begin(), project);
        runner.on_pool(ToolRunner::Length::lengthy, std::move(call),
                       [&runner, path = std::move(request.path),
                        roots = std::move(roots)](pack::Call running) {
                         const auto import = [&]() -> Result<wire::ImportAnswer> {
                           const auto real = confine(path, running.caller().cwd, roots);
                           if (!real) return std::unexpected(real.error());
                           const auto store = runner.stores().get(running.caller().name_space);
                           if (!store) return std::unexpected(store.error());
                           const auto report =
                               import_files(**store, *real, running.stop(),
                                            report_to(running, runner.context().clock()));
                           if (!report) return std::unexpected(report.error());
                           return wire::to_answer(*report);
                         };
                         auto answer = mcp::to_reply(import());
                         running.answer(std::move(answer));
                       });
      });
}

void declare_stats(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_read<wire::StatsRequest, wire::StatsAnswer>(
      tools,
      reading("stats", "Knowledge statistics", "Count entries by kind, sources, tags and bytes."),
      [](KnowledgeStore& store, store::Database& database, const wire::StatsRequest&,
         const pack::Call&) -> Result<wire::StatsAnswer> {
        const auto stats = read_stats(database);
        if (!stats) return std::unexpected(stats.error());
        wire::StatsAnswer answer = wire::to_answer(*stats);
        answer.bytes = static_cast<std::int64_t>(store.bytes());
        answer.path = store.path();
        return answer;
      });
}

}  // namespace

void declare_corpus_tools(pack::Binder& tools, ToolRunner& runner) {
  declare_import(tools, runner);
  declare_stats(tools, runner);
}

}  // namespace hearth::packs::knowledge
