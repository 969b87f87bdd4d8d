// The tools about databases and what is in them: databases, describe, attach, detach.
#include <algorithm>

#include "base/regular_file.hpp"
#include "packs/sql/database_wire.hpp"
#include "packs/sql/tools.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::int64_t look_seconds = 60;

void describe(ToolRunner& runner, const wire::DescribeRequest& request, pack::Call call) {
  auto target = runner.target_of(call, request.database, Access::read_only);
  if (!target) return call.answer(std::unexpected(std::move(target.error())));
  runner.on_pool(std::move(call), [&runner, target = std::move(*target),
                                   table = request.table](pack::Call running) {
    const Work work = ToolRunner::work_of(running, TimeLimit(look_seconds));
    auto answer = runner.runner().read(
        target, work, [&](Connections::Lease& connection) -> Result<wire::DescribeAnswer> {
          if (table) {
            const auto detail = connection->describe(*table, work);
            if (!detail) return std::unexpected(detail.error());
            return wire::to_answer(*detail);
          }
          const auto tables = connection->tables(work);
          if (!tables) return std::unexpected(tables.error());
          return wire::to_answer(*tables);
        });
    running.answer(mcp::to_reply(std::move(answer)));
  });
}

// What the location says: postgres://… and postgresql://… are PostgreSQL's, .hyper files hyperd's,
// other files DuckDB's, and other addresses of the engine that they name.
std::string kind_of(const std::string& location) {
  const std::size_t scheme = location.find("://");
  if (scheme != std::string::npos) {
    std::string name = location.substr(0, scheme);
    return name == "postgresql" ? "postgres" : name;
  }
  return location.ends_with(".hyper") ? "hyper" : "duckdb";
}

// The attachment, with the path of a file confined to what the session may touch.
Result<Attachment> attachment_of(const ToolRunner& runner,
                                 const pack::Call& call,
                                 const wire::AttachRequest& request) {
  const bool is_locked = request.read_only || call.caller().read_only;
  Attachment attachment{.engine = request.engine.value_or(kind_of(request.location)),
                        .database = {.alias = request.alias,
                                     .location = request.location,
                                     .access = is_locked ? Access::read_only : Access::read_write}};
  if (runner.databases().engine(attachment.engine) == nullptr) {
    return fail(Errc::unsupported, "params.engine: there is no engine " + attachment.engine,
                {"duckdb, hyper and postgres are those there are"});
  }
  if (attachment.engine == "postgres") return attachment;
  auto path = is_locked ? runner.file_to_read(call, request.location)
                        : runner.file_to_write(call, request.location);
  if (!path) {
    if (!is_locked && runner.file_to_read(call, request.location))
      path.error().suggestions.emplace_back("attach it with read_only");
    return std::unexpected(std::move(path.error()).within("params.location"));
  }
  attachment.database.location = std::move(*path);
  return attachment;
}

// Of what lies there already; DuckDB says that it cannot open it, and why the disk may be at fault.
Result<void> check_file(const Attachment& attachment) {
  constexpr std::size_t magic_at = 8;
  constexpr std::string_view magic = "DUCK";
  if (attachment.engine != "duckdb") return {};
  const auto head = read_head(attachment.database.location, magic_at + magic.size());
  if (!head || head->empty() || head->substr(std::min(magic_at, head->size())) == magic) return {};
  return fail(Errc::unsupported, attachment.database.location + " is no DuckDB database",
              {"sql_load brings files of SQLite, CSV, JSON and Parquet into a table"});
}

void attach(ToolRunner& runner, const wire::AttachRequest& request, pack::Call call) {
  auto attachment = attachment_of(runner, call, request);
  if (!attachment) return call.answer(std::unexpected(std::move(attachment.error())));
  Engine* const engine = runner.databases().engine(attachment->engine);
  const SessionRef session = runner.session_of(call);
  if (auto free = runner.databases().check_alias(session, request.alias); !free) {
    return call.answer(std::unexpected(std::move(free.error())));
  }
  runner.on_pool(std::move(call), [&runner, engine, session,
                                   attachment = std::move(*attachment)](pack::Call running) {
    const Work work = ToolRunner::work_of(running, TimeLimit(look_seconds));
    if (auto good = check_file(attachment); !good) {
      return running.answer(std::unexpected(std::move(good.error())));
    }
    // One that is open for reading only, or was another file, is opened anew.
    runner.connections().close_location(attachment.database.location);
    // It has to open before anybody relies on it.
    Target target{.engine = engine, .database = attachment.database, .session = session};
    target.database.is_written = runner.databases().is_written(attachment);
    const auto tables = runner.runner().read(
        target, work, [&](Connections::Lease& connection) { return connection->tables(work); });
    if (!tables) {
      runner.let_go(session, attachment);
      return running.answer(std::unexpected(tables.error()));
    }
    if (auto done = runner.attach(session, attachment); !done) {
      runner.let_go(session, attachment);
      return running.answer(std::unexpected(std::move(done.error())));
    }
    running.answer(pack::Reply{.structured = json::encode(wire::AttachAnswer{
                                   .alias = attachment.database.alias,
                                   .engine = attachment.engine,
                                   .tables = static_cast<std::int64_t>(tables->size())})});
  });
}

void declare_names(pack::Binder& tools, ToolRunner& runner) {
  mcp::Tool<wire::DatabasesRequest, wire::DatabasesAnswer>(
      reading("databases", "List databases",
              "Which databases this session can use, and how their engines are."))
      .deferred(tools, [&runner](const wire::DatabasesRequest&, pack::Call call) {
        const SessionRef session = runner.session_of(call);
        runner.on_pool(std::move(call), [&runner, session](pack::Call running) {
          std::vector<std::pair<std::string, EngineStatus>> engines;
          for (const auto& each : runner.databases().engines()) {
            engines.emplace_back(each->kind(), each->status());
          }
          running.answer(mcp::to_reply<wire::DatabasesAnswer>(
              wire::to_answer(runner.databases().list(session), engines)));
        });
      });
  pack::ToolSpec detach = writing("detach", "Detach a database",
                                  "Forget an attached database; its data stays where it is.");
  detach.annotations = {.idempotent = true};
  detach.resend = pack::ResendRule::run_again;
  mcp::Tool<wire::DetachRequest, wire::DetachAnswer>(std::move(detach))
      .deferred(tools, [&runner](const wire::DetachRequest& request, pack::Call call) {
        const SessionRef session = runner.session_of(call);
        runner.on_pool(
            std::move(call), [&runner, session, alias = request.alias](pack::Call running) {
              auto done = runner.detach(session, alias);
              if (!done) return running.answer(std::unexpected(std::move(done.error())));
              running.answer(mcp::to_reply<wire::DetachAnswer>(wire::DetachAnswer{alias}));
            });
      });
}

}  // namespace

void declare_database_tools(pack::Binder& tools, ToolRunner& runner) {
  declare_names(tools, runner);
  mcp::Tool<wire::DescribeRequest, wire::DescribeAnswer>(
      reading("describe", "Describe tables",
              "List the tables and views of a database, or one of them with its columns, keys and "
              "indexes."))
      .deferred(tools, [&runner](const wire::DescribeRequest& request, pack::Call call) {
        describe(runner, request, std::move(call));
      });
  pack::ToolSpec spec =
      writing("attach", "Attach a database",
              "Open a DuckDB file of the project, or another engine's database, under an alias, "
              "for this session. A DuckDB file's tables are alias.table in queries on other DuckDB "
              "databases; those of other engines come with sql_copy.");
  spec.annotations = {};
  spec.resend = pack::ResendRule::run_again;
  mcp::Tool<wire::AttachRequest, wire::AttachAnswer>(std::move(spec))
      .deferred(tools, [&runner](const wire::AttachRequest& request, pack::Call call) {
        attach(runner, request, std::move(call));
      });
}

}  // namespace hearth::packs::sql
