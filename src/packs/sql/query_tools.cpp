// The tools that run statements: query, execute, explain, sample.
#include <algorithm>

#include "packs/sql/engine/sql_scanner.hpp"
#include "packs/sql/query_wire.hpp"
#include "packs/sql/tools.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::int64_t sample_seconds = 60;

// Of alias.table of another engine, whose tables no DuckDB database sees, it says so.
Error advised(const ToolRunner& runner, const Target& target, std::string_view sql, Error why) {
  if (why.code != Errc::not_found) return why;
  const std::string text = lower_case(sql);
  for (const Attachment& each : runner.databases().list(target.session)) {
    const std::string& alias = each.database.alias;
    if (each.engine == "duckdb" || alias == target.database.alias) continue;
    if (!text.contains(lower_case(alias) + ".")) continue;
    return {Errc::unsupported,
            alias + " is a database of " + each.engine + "; its tables are not seen from others",
            {"give \"" + alias + "\" as the database", "or bring them here with sql_copy"}};
  }
  return why;
}

void query(ToolRunner& runner, const wire::QueryRequest& request, pack::Call call) {
  const PageSize size{.rows = static_cast<std::size_t>(request.limit)};
  const TimeLimit limit(request.timeout);
  if (request.cursor) {
    const SessionRef session = runner.session_of(call);
    return runner.on_pool(std::move(call), limit,
                          [&runner, request, size, session, limit](pack::Call running) {
                            auto page = runner.runner().go_on(session, *request.cursor, size,
                                                              ToolRunner::work_of(running, limit));
                            if (!page)
                              return running.answer(std::unexpected(std::move(page.error())));
                            running.answer(wire::to_reply(*page, request.format));
                          });
  }
  if (!request.sql) {
    return call.answer(fail(Errc::invalid_args, "params.sql: missing (the statement to run)"));
  }
  auto target = runner.target_of(call, request.database, Access::read_only);
  if (!target) return call.answer(std::unexpected(std::move(target.error())));
  auto parameters = wire::to_parameters(request.params);
  if (!parameters) return call.answer(std::unexpected(std::move(parameters.error())));
  Statement statement{.sql = *request.sql, .parameters = std::move(*parameters)};
  runner.on_pool(std::move(call), limit,
                 [&runner, size, target = std::move(*target), statement = std::move(statement),
                  format = request.format, limit](pack::Call running) {
                   auto page = runner.runner().query(target, statement, size, true,
                                                     ToolRunner::work_of(running, limit));
                   if (!page) {
                     return running.answer(std::unexpected(
                         advised(runner, target, statement.sql, std::move(page.error()))));
                   }
                   running.answer(wire::to_reply(*page, format));
                 });
}

// Whether a text may make or drop a table: CREATE, DROP, ALTER, or an INTO that is not that of
// INSERT (OR REPLACE) INTO or MERGE INTO. Better once too often than never.
bool may_redefine(const Statement& statement) {
  SqlScanner scanner(statement.sql, Dialect::duckdb);
  std::string before;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (token.kind != TokenKind::word) continue;
    std::string word = scanner.name(token);
    if (word == "create" || word == "drop" || word == "alter") return true;
    if (word == "into" && before != "insert" && before != "replace" && before != "ignore" &&
        before != "merge")
      return true;
    before = std::move(word);
  }
  return false;
}

void execute(ToolRunner& runner, const wire::ExecuteRequest& request, pack::Call call) {
  if (auto may = runner.check_writable(call); !may) {
    return call.answer(std::unexpected(std::move(may.error())));
  }
  auto target = runner.target_of(call, request.database, Access::read_write);
  if (!target) {
    return call.answer(std::unexpected(in_doubt(std::move(target.error()), call.is_resend())));
  }
  std::vector<Statement> statements = wire::to_statements(request.sql);
  auto parameters = wire::to_parameters(request.params);
  if (!parameters) return call.answer(std::unexpected(std::move(parameters.error())));
  if (!parameters->empty() && statements.size() > 1) {
    return call.answer(
        fail(Errc::invalid_args, "params.params: they go with one statement, not with a list"));
  }
  statements.front().parameters = std::move(*parameters);
  Key key = ToolRunner::key_of(call, request.key, json::encode(request));
  const TimeLimit limit(request.timeout);
  runner.in_turn(*target, std::move(call), limit,
                 [&runner, target = *target, statements = std::move(statements),
                  key = std::move(key), limit](pack::Call running) {
                   bool may_be_done = running.is_resend();
                   // What the session reads there may lock what it is about to change.
                   if (target.engine->kind() == "postgres")
                     runner.cursors().drop(target.session, target.database.location);
                   auto executed = runner.runner().execute(target, statements, key, may_be_done,
                                                           ToolRunner::work_of(running, limit));
                   if (!executed) {
                     return running.answer(
                         std::unexpected(in_doubt(std::move(executed.error()), may_be_done)));
                   }
                   runner.data_changed(target, std::ranges::any_of(statements, may_redefine));
                   wire::ExecuteAnswer answer{.rows_affected = executed->rows_affected,
                                              .durability = std::nullopt};
                   if (!target.engine->capabilities().commits_durably) {
                     answer.durability = "at_checkpoint";
                   }
                   running.answer(pack::Reply{.structured = json::encode(answer),
                                              .replayed = executed->replayed});
                 });
}

void explain(ToolRunner& runner, const wire::ExplainRequest& request, pack::Call call) {
  auto target = runner.target_of(call, request.database, Access::read_only);
  if (!target) return call.answer(std::unexpected(std::move(target.error())));
  auto parameters = wire::to_parameters(request.params);
  if (!parameters) return call.answer(std::unexpected(std::move(parameters.error())));
  Statement statement{.sql = request.sql, .parameters = std::move(*parameters)};
  const TimeLimit limit(request.timeout);
  runner.on_pool(
      std::move(call), limit,
      [&runner, target = std::move(*target), statement, request, limit](pack::Call running) {
        const Work work = ToolRunner::work_of(running, limit);
        auto plan = runner.runner().read(target, work, [&](Connections::Lease& connection) {
          return connection->explain(statement, request.analyze, work);
        });
        if (!plan) return running.answer(std::unexpected(std::move(plan.error())));
        running.answer(
            pack::Reply{.structured = json::encode(wire::ExplainAnswer{std::move(*plan)})});
      });
}

std::string quoted_name(const std::string& name) {
  std::string quoted = "\"";
  for (const char each : name) quoted.append(each == '"' ? 2 : 1, each);
  return quoted + "\"";
}

// The table's name comes from the engine's own list, never from the caller's text.
Result<Page> sample_of(ToolRunner& runner,
                       const Target& target,
                       const wire::SampleRequest& request,
                       const Work& work) {
  const auto table = runner.runner().read(target, work, [&](Connections::Lease& connection) {
    return connection->describe(request.table, work);
  });
  if (!table) return std::unexpected(table.error());
  // By order and not by USING SAMPLE: DuckDB 1.4 takes small samples from the first rows only.
  const std::string sql = "SELECT * FROM " + quoted_name(table->table.schema) + "." +
                          quoted_name(table->table.name) + " ORDER BY random() LIMIT " +
                          std::to_string(request.rows);
  return runner.runner().query(target, {.sql = sql},
                               {.rows = static_cast<std::size_t>(request.rows)}, false, work);
}

void sample(ToolRunner& runner, const wire::SampleRequest& request, pack::Call call) {
  auto target = runner.target_of(call, request.database, Access::read_only);
  if (!target) return call.answer(std::unexpected(std::move(target.error())));
  runner.on_pool(std::move(call),
                 [&runner, target = std::move(*target), request](pack::Call running) {
                   auto page = sample_of(runner, target, request,
                                         ToolRunner::work_of(running, TimeLimit(sample_seconds)));
                   if (!page) return running.answer(std::unexpected(std::move(page.error())));
                   running.answer(wire::to_reply(*page, request.format));
                 });
}

// Binds `run`, void(ToolRunner&, const Request&, Call).
template <typename Request, typename Answer, typename Run>
void bind(pack::Binder& tools, ToolRunner& runner, pack::ToolSpec spec, Run run) {
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred(tools, [&runner, run](const Request& request, pack::Call call) {
        run(runner, request, std::move(call));
      });
}

}  // namespace

pack::ToolSpec reading(std::string verb, std::string title, std::string description) {
  pack::ToolSpec spec;
  spec.verb = std::move(verb);
  spec.title = std::move(title);
  spec.description = std::move(description);
  spec.annotations = {.read_only = true, .idempotent = true};
  spec.resend = pack::ResendRule::run_again;
  spec.time_limit = {};
  return spec;
}

pack::ToolSpec writing(std::string verb, std::string title, std::string description) {
  pack::ToolSpec spec = reading(std::move(verb), std::move(title), std::move(description));
  spec.annotations = {.destructive = true};
  spec.resend = pack::ResendRule::stored_key;
  return spec;
}

void declare_query_tools(pack::Binder& tools, ToolRunner& runner) {
  bind<wire::QueryRequest, wire::QueryAnswer>(
      tools, runner,
      reading("query", "Query with SQL",
              "Run one SQL statement that reads, and get its first rows. Files of the project are "
              "tables too: FROM 'data/x.csv' (CSV, JSON, Parquet). Tables of other databases go by "
              "alias.table. Go on with the cursor of the answer."),
      query);
  bind<wire::ExecuteRequest, wire::ExecuteAnswer>(
      tools, runner,
      writing("execute", "Execute SQL",
              "Run SQL that creates, fills or changes tables: one statement or several, all in one "
              "transaction (also of one text, 'a; b'). Answered when it is safe on disk."),
      execute);
  bind<wire::ExplainRequest, wire::ExplainAnswer>(
      tools, runner,
      reading("explain", "Explain a statement",
              "Show how the engine would run a statement, or with analyze how it did."),
      explain);
  bind<wire::SampleRequest, wire::QueryAnswer>(
      tools, runner,
      reading("sample", "Sample a table", "Some rows of a table or view, taken at random."),
      sample);
}

}  // namespace hearth::packs::sql
