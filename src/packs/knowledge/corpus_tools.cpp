// The tools for the whole corpus: import, export, stats.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/confined_path.hpp"
#include "io/captured_output.hpp"
#include "packs/knowledge/common_wire.hpp"
#include "packs/knowledge/corpus_wire.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/exporter.hpp"
#include "packs/knowledge/engine/files.hpp"
#include "packs/knowledge/engine/watches.hpp"
#include "packs/knowledge/tools.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr std::chrono::milliseconds import_time_limit = std::chrono::minutes(10);
constexpr std::chrono::milliseconds progress_interval{100};

std::vector<wire::IndexStats> index_stats(const KnowledgeStore& store) {
  const auto stats_of = [](std::string name, const IndexLeg& leg) {
    const search::IndexStatus status = leg.status();
    return wire::IndexStats{.index = std::move(name),
                            .entries = static_cast<std::int64_t>(status.live),
                            .bytes = static_cast<std::int64_t>(status.bytes_on_disk),
                            .model = {},
                            .lacks = {}};
  };
  std::vector<wire::IndexStats> all{stats_of("words", store.text())};
  all.back().lacks = store.text_lacks();
  const auto vectors = store.vectors();
  all.push_back(vectors ? stats_of("meaning", *vectors) : wire::IndexStats{.index = "meaning"});
  if (vectors) all.back().model = vectors->kind().model.name;
  all.back().lacks = store.vectors_lack();
  return all;
}

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

constexpr std::size_t most_pdf_text = std::size_t{8} << 20;
constexpr std::chrono::milliseconds pdf_time_limit = std::chrono::minutes(1);

Result<std::string> pdf_text(const std::string& path, const std::stop_token& stop) {
  io::ChildPlan plan;
  plan.words = {"pdftotext", "-enc", "UTF-8", "-nopgbrk", path, "-"};
  auto text = io::captured_output(std::move(plan), most_pdf_text, pdf_time_limit, stop);
  if (text || text.error().code == Errc::cancelled) return text;
  if (text.error().code == Errc::not_found) {
    return fail(Errc::unsupported, "PDF, and pdftotext is not installed (poppler-utils)");
  }
  return fail(Errc::unsupported, "PDF that pdftotext cannot read");
}

// A folder that is gone, or may not be read any more, can still be watched no longer.
Result<wire::ImportAnswer> end_watch_of_gone(ToolRunner& runner,
                                             KnowledgeStore& store,
                                             const std::string& asked,
                                             const pack::Call& call,
                                             const Error& why) {
  const std::string path =
      (std::filesystem::path(call.caller().cwd) / asked).lexically_normal().string();
  auto reader = store.reader(call.stop());
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto watches = read_watches(**reader);
  if (!watches) return std::unexpected(watches.error());
  if (std::ranges::find(*watches, path) == watches->end()) return std::unexpected(why);
  auto done = runner.unwatch_folder(call.caller().name_space, store, path);
  if (!done) return std::unexpected(std::move(done.error()));
  wire::ImportAnswer answer;
  answer.path = path;
  answer.watched = false;
  return answer;
}

// What a call of import does, on a pool thread.
Result<wire::ImportAnswer> import(ToolRunner& runner,
                                  const wire::ImportRequest& request,
                                  const std::vector<std::string>& roots,
                                  const pack::Call& call) {
  const auto store = runner.stores().get(call.caller().name_space);
  if (!store) return std::unexpected(store.error());
  const auto path =
      confine(request.path, call.caller().cwd, roots, runner.context().own_directories());
  if (!path && request.watch == false) {
    return end_watch_of_gone(runner, **store, request.path, call, path.error());
  }
  if (!path) return std::unexpected(path.error());
  const auto report = import_files(**store, *path, file_readers(), call.stop(),
                                   report_to(call, runner.context().clock()));
  if (!report) return std::unexpected(report.error());
  wire::ImportAnswer answer = wire::to_answer(*report);
  if (!request.watch) return answer;
  auto done = *request.watch ? runner.watch_folder(call.caller().name_space, **store, *path)
                             : runner.unwatch_folder(call.caller().name_space, **store, *path);
  if (!done) return std::unexpected(std::move(done.error()));
  answer.watched = request.watch;
  return answer;
}

void declare_import(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec spec = writing(
      "import", "Import files",
      "Bring the store up to date with a folder (or file) of Markdown, text, HTML, PDF and source "
      "code: only what changed is touched, what is gone is removed. Hidden files, build and "
      "dependency folders, binaries and large files are skipped and counted. With watch it is "
      "imported again whenever it changes.",
      {.destructive = true, .idempotent = true});
  spec.resend = pack::ResendRule::run_again;
  spec.time_limit = import_time_limit;
  spec.task = pack::TaskSupport::optional;
  mcp::Tool<wire::ImportRequest, wire::ImportAnswer>(std::move(spec))
      .deferred(tools, [&runner](wire::ImportRequest request, pack::Call call) {
        if (auto may = runner.check_writable(call); !may) {
          return call.answer(std::unexpected(std::move(may.error())));
        }
        std::vector<std::string> roots = runner.roots(call);
        runner.on_pool(
            pack::Length::lengthy, std::move(call),
            [&runner, request = std::move(request), roots = std::move(roots)](pack::Call running) {
              auto answer = mcp::to_reply(import(runner, request, roots, running));
              running.answer(std::move(answer));
            });
      });
}

// ---- Export -----------------------------------------------------------------------------------

constexpr std::int64_t entries_of_a_page = 500;
constexpr std::int64_t most_inline_bytes = std::int64_t{1} << 20;

Result<Filter> filter_of(const wire::ExportRequest& request, std::int64_t now_ms) {
  return wire::to_filter({request.kind, request.tags, std::nullopt, request.since, request.before},
                         now_ms);
}

std::string text_of(const wire::ExportRequest& request, const ExportPage& page) {
  return request.format == "markdown" ? wire::to_markdown(page) : wire::to_json_lines(page);
}

void count(const ExportPage& page, wire::ExportAnswer& answer) {
  answer.entries += static_cast<std::int64_t>(page.entries.size());
  for (const ExportedEntry& each : page.entries) {
    answer.edges += static_cast<std::int64_t>(each.edges.size());
  }
}

Result<std::int64_t> read_cursor(const std::optional<std::string>& cursor) {
  if (!cursor) return 0;
  std::int64_t after = 0;
  const char* end = cursor->data() + cursor->size();
  const auto [rest, code] = std::from_chars(cursor->data(), end, after);
  if (code == std::errc() && rest == end && after >= 0) return after;
  return fail(Errc::invalid_args, "cursor: not one that knowledge_export gave",
              {"leave it out to start from the beginning"});
}

// A page of at most `limit` entries, fewer where their texts are long.
Result<wire::ExportAnswer> export_inline(store::Database& reader,
                                         const wire::ExportRequest& request,
                                         const Filter& filter) {
  const auto after = read_cursor(request.cursor);
  if (!after) return std::unexpected(after.error());
  for (std::int64_t limit = request.limit;; limit = std::max<std::int64_t>(limit / 4, 1)) {
    const auto page = export_page(reader, filter, *after, limit);
    if (!page) return std::unexpected(page.error());
    std::string text = text_of(request, *page);
    const auto bytes = static_cast<std::int64_t>(text.size());
    if (bytes > most_inline_bytes && limit > 1) continue;
    wire::ExportAnswer answer;
    count(*page, answer);
    answer.bytes = bytes;
    answer.text = std::move(text);
    answer.truncated = !page->is_last;
    if (!page->is_last) answer.cursor = std::to_string(page->last);
    return answer;
  }
}

// Everything into a new file that takes the place of the old one when it is whole.
Result<wire::ExportAnswer> export_to_file(KnowledgeStore& store,
                                          const wire::ExportRequest& request,
                                          const Filter& filter,
                                          const std::string& path,
                                          const std::stop_token& stop) {
  wire::ExportAnswer answer;
  answer.path = path;
  std::int64_t after = 0;
  auto written = store::replace_file(
      store::system_env(), path, [&](store::WritableFile& file) -> Result<void> {
        for (bool is_last = false; !is_last;) {
          if (stop.stop_requested()) return fail(Errc::cancelled, "the export was cancelled");
          auto reader = store.reader(stop);  // given back for each page: no long snapshots
          if (!reader) return std::unexpected(std::move(reader.error()));
          const auto page = export_page(**reader, filter, after, entries_of_a_page);
          if (!page) return std::unexpected(page.error());
          const std::string text = text_of(request, *page);
          if (auto done = file.append(text); !done) return done;
          count(*page, answer);
          answer.bytes += static_cast<std::int64_t>(text.size());
          after = page->last;
          is_last = page->is_last;
        }
        return {};
      });
  if (!written) return std::unexpected(std::move(written.error()));
  return answer;
}

Result<wire::ExportAnswer> export_all(ToolRunner& runner,
                                      const wire::ExportRequest& request,
                                      const pack::Call& call) {
  const auto filter = filter_of(request, runner.now_ms());
  if (!filter) return std::unexpected(filter.error());
  const auto store = runner.stores().get(call.caller().name_space);
  if (!store) return std::unexpected(store.error());
  if (!request.path) {
    auto reader = (*store)->reader(call.stop());
    if (!reader) return std::unexpected(std::move(reader.error()));
    return export_inline(**reader, request, *filter);
  }
  if (call.caller().read_only) {
    return fail(Errc::read_only, "this session is read-only; no file was written",
                {"leave path out: the text is returned then"});
  }
  const auto path = confine_new(*request.path, call.caller().cwd, pack::project_of(call.caller()),
                                runner.context().own_directories());
  if (!path) return std::unexpected(path.error());
  return export_to_file(**store, request, *filter, *path, call.stop());
}

void declare_export(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec spec =
      writing("export", "Export entries",
              "Everything, or what fits a filter, as JSON lines or Markdown: into a file of the "
              "project, or page by page as text.",
              {.destructive = true, .idempotent = true});
  spec.resend = pack::ResendRule::run_again;
  spec.time_limit = import_time_limit;
  mcp::Tool<wire::ExportRequest, wire::ExportAnswer>(std::move(spec))
      .deferred(tools, [&runner](wire::ExportRequest request, pack::Call call) {
        runner.on_pool(pack::Length::lengthy, std::move(call),
                       [&runner, request = std::move(request)](pack::Call running) {
                         auto answer = mcp::to_reply(export_all(runner, request, running));
                         running.answer(std::move(answer));
                       });
      });
}

void declare_stats(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_read<wire::StatsRequest, wire::StatsAnswer>(
      tools,
      reading("stats", "Knowledge statistics",
              "Count entries by kind, edges, sources and tags; how large and how complete the "
              "indexes are; which folders are watched."),
      [](KnowledgeStore& store, store::Database& database, const wire::StatsRequest&,
         const pack::Call&) -> Result<wire::StatsAnswer> {
        const auto stats = read_stats(database);
        if (!stats) return std::unexpected(stats.error());
        auto watched = read_watches(database);
        if (!watched) return std::unexpected(std::move(watched.error()));
        wire::StatsAnswer answer = wire::to_answer(*stats);
        answer.watched = std::move(*watched);
        answer.indexes = index_stats(store);
        answer.bytes = static_cast<std::int64_t>(store.bytes());
        answer.path = store.path();
        return answer;
      });
}

}  // namespace

FileReaders file_readers() {
  return {.pdf = pdf_text};
}

void declare_corpus_tools(pack::Binder& tools, ToolRunner& runner) {
  declare_import(tools, runner);
  declare_export(tools, runner);
  declare_stats(tools, runner);
}

}  // namespace hearth::packs::knowledge
