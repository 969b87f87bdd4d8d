// The tools watch and unwatch, and what they keep going: files that are dropped into a folder are
// loaded into the persistent database.
#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "packs/sql/tools.hpp"
#include "packs/sql/watch_wire.hpp"

namespace hearth::packs::sql {
namespace {

Result<wire::WatchAnswer> watched(Notebook& notebook) {
  auto reader = notebook.reader({});
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto folders = read_watches(**reader);
  if (!folders) return std::unexpected(folders.error());
  wire::WatchAnswer answer;
  for (const WatchedFolder& each : *folders) {
    answer.folders.push_back({each.path, json::Raw{each.parameters}});
  }
  return answer;
}

Result<wire::WatchAnswer> watch(ToolRunner& runner,
                                const wire::WatchRequest& request,
                                const std::optional<std::string>& path,
                                const std::string& name_space) {
  const auto notebook = runner.notebooks().get(name_space);
  if (!notebook) return std::unexpected(notebook.error());
  if (!path) return watched(**notebook);
  std::error_code ignored;
  if (!std::filesystem::is_directory(*path, ignored)) {
    return fail(Errc::invalid_args, "params.path: " + *path + " is no folder");
  }
  const std::string parameters = json::encode(request);
  if (const auto good = wire::to_load(parameters, *path + "/x"); !good) {
    return std::unexpected(good.error());
  }
  if (auto added = runner.drop_folders().add({name_space, *path, parameters}); !added) {
    return std::unexpected(std::move(added.error()));
  }
  auto kept = write_and_wait(**notebook, [&](store::Database& database) {
    return put_watch(database, {*path, parameters, runner.now().time_since_epoch().count()});
  });
  if (!kept) {
    (void)runner.drop_folders().remove(name_space, *path);
    return std::unexpected(std::move(kept.error()));
  }
  return watched(**notebook);
}

Result<wire::UnwatchAnswer> unwatch(ToolRunner& runner,
                                    const std::string& path,
                                    const std::string& name_space) {
  const auto notebook = runner.notebooks().get(name_space);
  if (!notebook) return std::unexpected(notebook.error());
  bool was_kept = false;
  auto done = write_and_wait(**notebook, [&](store::Database& database) -> Result<void> {
    const auto deleted = delete_watch(database, path);
    if (!deleted) return std::unexpected(deleted.error());
    was_kept = *deleted;
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  const bool was_watched = runner.drop_folders().remove(name_space, path);
  return wire::UnwatchAnswer{path, was_kept || was_watched};
}

// The same file under the same key: what was committed before an end is not loaded again. One that
// is dropped a second time has another sentinel.
Key key_of(const std::string& file) {
  std::string identity = file;
  for (const std::string& path : {file, file + std::string(DropFolders::sentinel)}) {
    struct ::stat status{};
    (void)::stat(path.c_str(), &status);
    identity += "\n" + std::to_string(status.st_ino) + "\n" + std::to_string(status.st_size) +
                "\n" + std::to_string(status.st_mtim.tv_sec) + "." +
                std::to_string(status.st_mtim.tv_nsec);
  }
  return {"watch:" + fingerprint_hex(identity), fingerprint_hex(file)};
}

// On the watcher's thread.
Result<void> load_dropped(ToolRunner& runner,
                          const DropFolders::Folder& folder,
                          const std::string& file) {
  const auto request = wire::to_load(folder.parameters, file);
  if (!request) return std::unexpected(request.error());
  SessionRef session{.id = "watch", .name_space = folder.name_space, .roots = {folder.path}};
  const auto to = runner.databases().resolve("persistent", session, Access::read_write);
  if (!to) return std::unexpected(to.error());
  const auto scratch = runner.databases().resolve("scratch", session, Access::read_write);
  if (!scratch) return std::unexpected(scratch.error());
  Imports& imports = runner.imports();
  const std::string id = imports.begin(session, request->table.name, "persistent", runner.now());
  const Work work{.stop = imports.stop_token()};
  bool may_be_done = false;  // the next try has the same key
  const auto report =
      Loader(runner.connections()).load(*to, *scratch, *request, key_of(file), may_be_done, work);
  if (!report) {
    imports.finish(id, std::unexpected(report.error()), runner.now());
    return std::unexpected(report.error());
  }
  wire::LoadAnswer answer = wire::to_answer(*report);
  answer.table = request->table.name;
  answer.database = to->database.alias;
  answer.rows_added = report->added;
  imports.finish(id, json::encode(answer), runner.now());
  runner.data_changed(*to);
  runner.note_load(*to, request->table, {"sql_watch", folder.parameters}, report->added);
  return {};
}

}  // namespace

void start_watches(ToolRunner& runner) {
  runner.drop_folders().start(
      [&runner](const DropFolders::Folder& folder, const std::string& file) {
        return load_dropped(runner, folder, file);
      });
}

void resume_watches(ToolRunner& runner, const std::string& name_space) {
  const auto notebook = runner.notebooks().get(name_space);
  if (!notebook) return;
  auto reader = (*notebook)->reader({});
  const auto folders = reader ? read_watches(**reader) : std::unexpected(reader.error());
  if (!folders) {
    return log::error("folders are not watched", {log::kv("why", folders.error().message)});
  }
  for (const WatchedFolder& each : *folders) {
    const auto added = runner.drop_folders().add({name_space, each.path, each.parameters});
    if (added) continue;
    log::error("a folder is not watched",
               {log::kv("folder", each.path), log::kv("why", added.error().message)});
  }
}

void declare_watch_tools(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec watches = writing(
      "watch", "Watch a folder",
      "Load each file that is dropped into a folder, as soon as an empty file NAME.ready lies "
      "beside "
      "it, into the persistent database; also what is there now, and after restarts. Loaded files "
      "move to loaded/, others to failed/ with the reason beside them.");
  watches.annotations = {.destructive = false, .idempotent = true};
  watches.resend = pack::ResendRule::run_again;
  mcp::Tool<wire::WatchRequest, wire::WatchAnswer>(std::move(watches))
      .deferred(tools, [&runner](const wire::WatchRequest& request, pack::Call call) {
        std::optional<std::string> path;
        if (request.path) {
          if (auto may = runner.check_writable(call); !may) {
            return call.answer(std::unexpected(std::move(may.error())));
          }
          auto confined = runner.folder_to_change(call, *request.path);
          if (!confined) return call.answer(std::unexpected(std::move(confined.error())));
          path = std::move(*confined);
        }
        runner.on_pool(std::move(call), [&runner, request, path](pack::Call running) {
          running.answer(mcp::to_reply(watch(runner, request, path, running.caller().name_space)));
        });
      });
  pack::ToolSpec unwatches = writing("unwatch", "Watch a folder no longer",
                                     "Load no more files from a folder. What it holds stays.");
  unwatches.annotations = {.destructive = false, .idempotent = true};
  unwatches.resend = pack::ResendRule::run_again;
  mcp::Tool<wire::UnwatchRequest, wire::UnwatchAnswer>(std::move(unwatches))
      .deferred(tools, [&runner](const wire::UnwatchRequest& request, pack::Call call) {
        if (auto may = runner.check_writable(call); !may) {
          return call.answer(std::unexpected(std::move(may.error())));
        }
        // One that is gone can still be watched no longer.
        auto path = runner.folder_to_change(call, request.path);
        const std::string plain =
            (std::filesystem::path(call.caller().cwd) / request.path).lexically_normal().string();
        runner.on_pool(std::move(call), [&runner, path = path.value_or(plain)](pack::Call running) {
          running.answer(mcp::to_reply(unwatch(runner, path, running.caller().name_space)));
        });
      });
}

}  // namespace hearth::packs::sql
