// The tools that move data: load, inspect_file, export, copy, import_status.
#include <filesystem>
#include <utility>

#include "base/closest.hpp"
#include "packs/sql/data_wire.hpp"
#include "packs/sql/tools.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> durability_of(const Target& target) {
  if (target.engine->capabilities().commits_durably) return std::nullopt;
  return "at_checkpoint";
}

LoadMode load_mode(const std::string& name) {
  return name == "append"  ? LoadMode::append
         : name == "merge" ? LoadMode::merge
                           : LoadMode::replace;
}

CopyMode copy_mode(const std::string& name) {
  return name == "append"    ? CopyMode::append
         : name == "replace" ? CopyMode::replace
         : name == "merge"   ? CopyMode::merge
                             : CopyMode::create;
}

// The path of a file to read; where there is none, with the nearest names of its folder.
Result<std::string> file_path(const ToolRunner& runner,
                              const pack::Call& call,
                              const std::string& name) {
  constexpr std::size_t most_looked_at = 10'000;
  auto path = runner.file_to_read(call, name);
  if (path || path.error().code != Errc::not_found) return path;
  const fs::path asked(name);
  const auto folder =
      runner.file_to_read(call, asked.has_parent_path() ? asked.parent_path().string() : ".");
  if (!folder) return path;
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator each(*folder, error), end;
       !error && each != end && names.size() < most_looked_at; each.increment(error))
    names.push_back(each->path().filename().string());
  for (const std::string& near : closest_names(asked.filename().string(), names))
    path.error().suggestions.push_back("did you mean " + (asked.parent_path() / near).string() +
                                       "?");
  return path;
}

// The files that a call names, or its inline data.
Result<std::vector<LoadFile>> files_of(const ToolRunner& runner,
                                       const wire::LoadRequest& request,
                                       const pack::Call& call) {
  const int given = request.path.has_value() + request.paths.has_value() + request.data.has_value();
  if (given != 1) {
    return fail(Errc::invalid_args, "params: give one of path, paths and data");
  }
  std::vector<LoadFile> files;
  if (request.data) {
    auto file = wire::to_inline_file(*request.data);
    if (!file) return std::unexpected(std::move(file.error()));
    files.push_back(std::move(*file));
    return files;
  }
  const auto names = request.paths.value_or(std::vector<std::string>{request.path.value_or("")});
  for (const std::string& name : names) {
    auto path = file_path(runner, call, name);
    if (path) {
      files.push_back({name, std::move(*path), {}});
    } else if (request.on_error == "skip") {
      files.push_back({name, {}, {}, std::move(path.error())});
    } else {
      return std::unexpected(std::move(path.error()));
    }
  }
  return files;
}

// A load, complete but for the connection.
struct PreparedLoad {
  Target to;
  Target scratch;
  LoadRequest request;
  Key key;
  bool may_be_done = false;
  std::int64_t seconds = 0;
};

Result<PreparedLoad> prepare(const ToolRunner& runner,
                             const wire::LoadRequest& request,
                             const pack::Call& call) {
  auto to = runner.target_of(call, request.database,
                             request.dry_run ? Access::read_only : Access::read_write);
  if (!to) return std::unexpected(std::move(to.error()));
  auto scratch = runner.target_of(call, "scratch", Access::read_write);
  if (!scratch) return std::unexpected(std::move(scratch.error()));
  auto table = parse_table_name(request.table);
  if (!table) return std::unexpected(std::move(table.error()).within("params.table"));
  if (auto fine = check_merge(request.merge_on.has_value(), request.mode == "merge"); !fine)
    return std::unexpected(std::move(fine.error()));
  auto options = wire::to_options(request.read, request.types);
  if (!options) return std::unexpected(std::move(options.error()));
  auto files = files_of(runner, request, call);
  if (!files) return std::unexpected(std::move(files.error()));
  options->json_path = request.json_path;
  options->sqlite_table = request.sqlite_table;
  options->skips_bad_rows = request.on_error == "skip";
  return PreparedLoad{.to = std::move(*to),
                      .scratch = std::move(*scratch),
                      .request = {.table = std::move(*table),
                                  .mode = load_mode(request.mode),
                                  .key = request.merge_on.value_or(std::vector<std::string>()),
                                  .files = std::move(*files),
                                  .options = std::move(*options),
                                  .is_dry_run = request.dry_run},
                      .key = ToolRunner::key_of(call, request.key, json::encode(request)),
                      .may_be_done = call.is_resend(),
                      .seconds = request.timeout};
}

Result<pack::Reply> load_now(ToolRunner& runner,
                             const PreparedLoad& load,
                             const wire::LoadRequest& request,
                             const Work& work) {
  bool may_be_done = load.may_be_done;
  const auto report = Loader(runner.connections())
                          .load(load.to, load.scratch, load.request, load.key, may_be_done, work);
  if (!report) return std::unexpected(in_doubt(report.error(), may_be_done));
  wire::LoadAnswer answer = wire::to_answer(*report);
  answer.table = request.table;
  answer.database = load.to.database.alias;
  answer.dry_run = request.dry_run;
  if (!request.dry_run) {
    answer.rows_added = report->added;
    if (load.request.mode == LoadMode::merge) answer.rows_updated = report->updated;
    answer.durability = durability_of(load.to);
    runner.data_changed(load.to);
    wire::LoadRequest noted = request;
    noted.data.reset();  // which may be megabytes, and is in the table
    runner.note_load(load.to, load.request.table, {"sql_load", json::encode(noted)}, report->added);
  }
  return pack::Reply{.structured = json::encode(answer), .replayed = report->replayed};
}

// On the pool, in turn. A load in the background is answered first.
void run_load(ToolRunner& runner,
              const PreparedLoad& load,
              const wire::LoadRequest& request,
              const TimeLimit& limit,
              pack::Call call) {
  Imports& imports = runner.imports();
  const std::string id =
      imports.begin(load.to.session, request.table, load.to.database.alias, runner.now());
  Work work = ToolRunner::work_of(call, limit);
  const auto tell = std::exchange(work.progress, {});
  const bool is_background = request.background;
  if (is_background) {
    work.stop = imports.stop_token();
    wire::LoadAnswer answer{
        .table = request.table, .database = load.to.database.alias, .import = id};
    call.answer(pack::Reply{.structured = json::encode(answer)});
  }
  work.progress = [&](double done) {
    imports.progress(id, done);
    if (!is_background && tell) tell(done);
  };
  auto reply = load_now(runner, load, request, work);
  imports.finish(id,
                 reply ? Result<std::string>(reply->structured) : std::unexpected(reply.error()),
                 runner.now());
  if (!is_background) call.answer(std::move(reply));
}

void load(ToolRunner& runner, const wire::LoadRequest& request, pack::Call call) {
  if (auto may = runner.check_writable(call); !may && !request.dry_run) {
    return call.answer(std::unexpected(std::move(may.error())));
  }
  auto prepared = prepare(runner, request, call);
  if (!prepared) {
    return call.answer(std::unexpected(in_doubt(std::move(prepared.error()), call.is_resend())));
  }
  const Target target = prepared->to;
  const TimeLimit limit(prepared->seconds);
  runner.in_turn(target, std::move(call), limit,
                 [&runner, request, limit, load = std::move(*prepared)](pack::Call running) {
                   run_load(runner, load, request, limit, std::move(running));
                 });
}

void inspect(ToolRunner& runner, const wire::InspectRequest& request, pack::Call call) {
  auto scratch = runner.target_of(call, "scratch", Access::read_only);
  if (!scratch) return call.answer(std::unexpected(std::move(scratch.error())));
  auto path = file_path(runner, call, request.path);
  if (!path) return call.answer(std::unexpected(std::move(path.error())));
  auto options = wire::to_options(request.read, request.types);
  if (!options) return call.answer(std::unexpected(std::move(options.error())));
  options->json_path = request.json_path;
  options->sqlite_table = request.sqlite_table;
  const LoadFile file{request.path, std::move(*path), {}};
  const TimeLimit limit(request.timeout);
  runner.on_pool(
      std::move(call), limit,
      [&runner, scratch = std::move(*scratch), file, options = std::move(*options),
       limit](pack::Call running) {
        const auto summary = inspect_file(runner.connections(), scratch, file, options,
                                          ToolRunner::work_of(running, limit));
        if (!summary) return running.answer(std::unexpected(summary.error()));
        running.answer(pack::Reply{.structured = json::encode(wire::to_answer(*summary))});
      });
}

Result<ExportRequest> prepare(const ToolRunner& runner,
                              const wire::ExportRequest& request,
                              const pack::Call& call) {
  if (request.sql.has_value() == request.table.has_value()) {
    return fail(Errc::invalid_args, "params: give one of sql and table");
  }
  auto from = runner.target_of(call, request.database, Access::read_only);
  if (!from) return std::unexpected(std::move(from.error()));
  auto scratch = runner.target_of(call, "scratch", Access::read_write);
  if (!scratch) return std::unexpected(std::move(scratch.error()));
  auto path = runner.file_to_write(call, request.path);
  if (!path) return std::unexpected(std::move(path.error()));
  const auto by_name = export_kind(*path);
  if (!by_name && !request.format) {
    return fail(Errc::invalid_args, "params.path: its ending names no format that is written",
                {"give format: csv, tsv, json, json_lines or parquet"});
  }
  ExportRequest result{.from = std::move(*from),
                       .scratch = std::move(*scratch),
                       .sql = request.sql.value_or(""),
                       .path = std::move(*path),
                       .format = by_name ? by_name->format : FileFormat::csv,
                       .compression = by_name ? by_name->compression : Compression::none,
                       .replaces = request.overwrite};
  if (request.format) result.format = format_from_name(*request.format).value_or(FileFormat::csv);
  if (request.compression) {
    result.compression = *request.compression == "gzip"   ? Compression::gzip
                         : *request.compression == "zstd" ? Compression::zstd
                                                          : Compression::none;
  }
  const bool is_packed = result.compression != Compression::none || request.compression;
  if (result.format == FileFormat::parquet && is_packed &&
      result.compression != Compression::zstd) {
    return fail(Errc::invalid_args,
                "params.compression: Parquet is packed within, as snappy or zstd",
                {"leave compression out, and name the file *.parquet", "or say zstd"});
  }
  if (request.table) {
    auto table = parse_table_name(*request.table);
    if (!table) return std::unexpected(std::move(table.error()).within("params.table"));
    result.sql = "SELECT * FROM " + table->quoted();
  }
  return result;
}

void export_file(ToolRunner& runner, const wire::ExportRequest& request, pack::Call call) {
  if (auto may = runner.check_writable(call); !may) {
    return call.answer(std::unexpected(std::move(may.error())));
  }
  auto prepared = prepare(runner, request, call);
  if (!prepared) return call.answer(std::unexpected(std::move(prepared.error())));
  const TimeLimit limit(request.timeout);
  runner.on_pool(
      std::move(call), limit, [&runner, request = std::move(*prepared), limit](pack::Call running) {
        const auto exported =
            export_rows(runner.connections(), request, ToolRunner::work_of(running, limit));
        if (!exported) {
          // It may be there because this very call has written it before.
          const bool is_there = exported.error().code == Errc::conflict;
          return running.answer(
              std::unexpected(in_doubt(exported.error(), is_there && running.is_resend())));
        }
        running.answer(pack::Reply{.structured = json::encode(wire::ExportAnswer{
                                       .path = request.path,
                                       .format = std::string(format_name(request.format)),
                                       .rows = exported->rows,
                                       .bytes = static_cast<std::int64_t>(exported->bytes)})});
      });
}

void copy(ToolRunner& runner, const wire::CopyRequest& request, pack::Call call) {
  if (auto may = runner.check_writable(call); !may) {
    return call.answer(std::unexpected(std::move(may.error())));
  }
  auto from = runner.target_of(call, request.from, Access::read_only);
  auto to = runner.target_of(call, request.to, Access::read_write);
  for (const auto* end : {&from, &to}) {
    if (!*end) return call.answer(std::unexpected(in_doubt(end->error(), call.is_resend())));
  }
  auto table = parse_table_name(request.table);
  if (!table) {
    return call.answer(std::unexpected(std::move(table.error()).within("params.table")));
  }
  if (auto fine = check_merge(request.merge_on.has_value(), request.mode == "merge"); !fine)
    return call.answer(std::unexpected(std::move(fine.error())));
  CopyRequest whole{.from = std::move(*from),
                    .sql = request.sql,
                    .to = *to,
                    .table = std::move(*table),
                    .mode = copy_mode(request.mode),
                    .key = request.merge_on.value_or(std::vector<std::string>())};
  const Key key = ToolRunner::key_of(call, request.key, json::encode(request));
  const TimeLimit limit(request.timeout);
  runner.in_turn(
      *to, std::move(call), limit, [&runner, request, whole, key, limit](pack::Call running) {
        bool may_be_done = running.is_resend();
        const auto copied = Copier(runner.connections())
                                .copy(whole, key, may_be_done, ToolRunner::work_of(running, limit));
        if (!copied) {
          return running.answer(std::unexpected(in_doubt(copied.error(), may_be_done)));
        }
        wire::CopyAnswer answer{.table = request.table,
                                .database = whole.to.database.alias,
                                .rows_added = copied->added};
        if (whole.mode == CopyMode::merge) answer.rows_updated = copied->updated;
        answer.durability = durability_of(whole.to);
        runner.data_changed(whole.to);
        running.answer(
            pack::Reply{.structured = json::encode(answer), .replayed = copied->replayed});
      });
}

void declare_status(pack::Binder& tools, ToolRunner& runner) {
  mcp::Tool<wire::StatusRequest, wire::StatusAnswer>(
      reading(
          "import_status", "Status of imports",
          "The loads that run and have run since hearth started: how far they are, and what came "
          "of them."))
      .on_loop(tools,
               [&runner](const wire::StatusRequest& request,
                         const pack::Call& call) -> Result<wire::StatusAnswer> {
                 const auto imports =
                     runner.imports().list(runner.session_of(call), request.import);
                 if (!imports) return std::unexpected(imports.error());
                 return wire::to_answer(*imports);
               });
}

template <typename Request, typename Answer, typename Run>
void bind(pack::Binder& tools, ToolRunner& runner, pack::ToolSpec spec, Run run) {
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred(tools, [&runner, run](const Request& request, pack::Call call) {
        run(runner, request, std::move(call));
      });
}

}  // namespace

void declare_data_tools(pack::Binder& tools, ToolRunner& runner) {
  bind<wire::LoadRequest, wire::LoadAnswer>(
      tools, runner,
      writing(
          "load", "Load data",
          "Bring files or inline data into a table: CSV, TSV, JSON, JSON lines, Parquet, SQLite; "
          "gzip and zstd; UTF-8, UTF-16, Latin-1. Delimiters, types and dates are found out. All "
          "or nothing: a failed load leaves the table as it was, and names file, line, column "
          "and value. To query a file once, read it in place with sql_query."),
      load);
  bind<wire::InspectRequest, wire::InspectAnswer>(
      tools, runner,
      reading(
          "inspect_file", "Inspect a file",
          "What a load of a file would give: its format, rows, columns with types, smallest and "
          "largest values, NULLs."),
      inspect);
  pack::ToolSpec exports =
      writing("export", "Export to a file",
              "Write a table, or what a query gives, into a file of the project: "
              "CSV, TSV, JSON, JSON lines or Parquet. A file that is there "
              "stays unless overwrite is set.");
  exports.resend = pack::ResendRule::run_again;
  bind<wire::ExportRequest, wire::ExportAnswer>(tools, runner, std::move(exports), export_file);
  bind<wire::CopyRequest, wire::CopyAnswer>(
      tools, runner,
      writing(
          "copy", "Copy between databases",
          "Put what a query on one database gives into a table of another (or the same), also of "
          "another engine. Rows are streamed; all or nothing."),
      copy);
  declare_status(tools, runner);
}

}  // namespace hearth::packs::sql
