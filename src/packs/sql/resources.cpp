// What is read under URIs: tables, their schemas and samples, saved queries with their results; and
// the prompts that help to look at data.
#include <string>
#include <utility>

#include "packs/sql/database_wire.hpp"
#include "packs/sql/notebook_wire.hpp"
#include "packs/sql/query_wire.hpp"
#include "packs/sql/tools.hpp"

namespace hearth::packs::sql {
namespace {

constexpr const char* json_type = "application/json";
constexpr std::int64_t seconds = 60;
constexpr std::size_t sample_rows = 20;
constexpr std::size_t result_rows = 200;

pack::Reply resource(const std::string& uri, std::string json) {
  pack::Reply reply;
  reply.content.push_back({.kind = pack::ContentKind::resource,
                           .text = std::move(json),
                           .bytes = {},
                           .mime_type = json_type,
                           .uri = uri,
                           .name = {}});
  return reply;
}

std::vector<std::string> no_proposals(std::string_view, std::string_view, const pack::Variables&) {
  return {};
}

// Runs read(target, work), Result<std::string>, on the pool: the JSON text of the resource.
template <typename Read>
void answer_of(ToolRunner& runner,
               const std::string& uri,
               const std::string& database,
               pack::Call call,
               Read read) {
  auto target = runner.target_of(call, database, Access::read_only);
  if (!target) return call.answer(std::unexpected(std::move(target.error())));
  runner.on_pool(std::move(call),
                 [uri, target = std::move(*target), read = std::move(read)](pack::Call running) {
                   auto text = read(target, ToolRunner::work_of(running, TimeLimit(seconds)));
                   if (!text) return running.answer(std::unexpected(std::move(text.error())));
                   running.answer(resource(uri, std::move(*text)));
                 });
}

Result<std::string> rows_of(ToolRunner& runner,
                            const Target& target,
                            const std::string& sql,
                            std::size_t rows,
                            const Work& work) {
  const auto page = runner.runner().query(target, {.sql = sql}, {.rows = rows}, false, work);
  if (!page) return std::unexpected(page.error());
  auto reply = wire::to_reply(*page, "rows");
  if (!reply) return std::unexpected(std::move(reply.error()));
  return std::move(reply->structured);
}

Result<std::string> tables_of(ToolRunner& runner, const Target& target, const Work& work) {
  return runner.runner().read(target, work,
                              [&](Connections::Lease& connection) -> Result<std::string> {
                                const auto tables = connection->tables(work);
                                if (!tables) return std::unexpected(tables.error());
                                return json::encode(wire::to_answer(*tables));
                              });
}

Result<std::vector<SavedQuery>> saved_queries(ToolRunner& runner,
                                              const pack::Call& call,
                                              const std::optional<std::string>& name) {
  const auto notebook = runner.notebooks().get(call.caller().name_space);
  if (!notebook) return std::unexpected(notebook.error());
  auto reader = (*notebook)->reader(call.stop());
  if (!reader) return std::unexpected(std::move(reader.error()));
  return read_queries(**reader, name);
}

Result<SavedQuery> find_query(ToolRunner& runner, const pack::Call& call, const std::string& name) {
  auto found = saved_queries(runner, call, name);
  if (!found) return std::unexpected(std::move(found.error()));
  if (!found->empty()) return std::move(found->front());
  return fail(Errc::not_found, "there is no saved query " + name, {"sql_queries lists them"});
}

// The databases that every session has, so that lists of resources lead to them.
void declare_own(pack::Binder& binder, ToolRunner& runner) {
  for (const std::string database : {"persistent", "scratch"}) {
    binder.add(
        pack::ResourceSpec{.uri = "hearth://sql/" + database + "/tables",
                           .name = "sql-tables-" + database,
                           .title = "Tables of " + database,
                           .description = "Tables and views of " + database,
                           .mime_type = json_type},
        [&runner, database](const std::string& uri, const pack::Variables&, pack::Call call) {
          answer_of(runner, uri, database, std::move(call),
                    [&runner](const Target& target, const Work& work) {
                      return tables_of(runner, target, work);
                    });
        });
  }
  binder.add(
      pack::ResourceSpec{.uri = "hearth://sql/queries",
                         .name = "sql-queries",
                         .title = "Saved queries",
                         .description = "The saved queries; hearth://sql/queries/NAME is one",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables&, pack::Call call) {
        runner.on_pool(std::move(call), [&runner, uri](pack::Call running) {
          const auto queries = saved_queries(runner, running, std::nullopt);
          if (!queries) return running.answer(std::unexpected(queries.error()));
          wire::QueriesAnswer answer;
          for (const SavedQuery& query : *queries) answer.queries.push_back(wire::to_entry(query));
          running.answer(resource(uri, json::encode(answer)));
        });
      });
}

void declare_tables(pack::Binder& binder, ToolRunner& runner) {
  binder.add(
      pack::TemplateSpec{.uri_template = "hearth://sql/{database}/tables",
                         .name = "sql-tables",
                         .title = "Tables",
                         .description = "Tables and views of a database",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        answer_of(runner, uri, variables.at("database"), std::move(call),
                  [&runner](const Target& target, const Work& work) {
                    return tables_of(runner, target, work);
                  });
      },
      no_proposals);
  binder.add(
      pack::TemplateSpec{.uri_template = "hearth://sql/{database}/{table}/schema",
                         .name = "sql-schema",
                         .title = "Schema of a table",
                         .description = "Its columns, keys and indexes",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        answer_of(runner, uri, variables.at("database"), std::move(call),
                  [&runner, table = variables.at("table")](const Target& target, const Work& work) {
                    return runner.runner().read(
                        target, work, [&](Connections::Lease& connection) -> Result<std::string> {
                          const auto detail = connection->describe(table, work);
                          if (!detail) return std::unexpected(detail.error());
                          return json::encode(wire::to_answer(*detail));
                        });
                  });
      },
      no_proposals);
  binder.add(
      pack::TemplateSpec{.uri_template = "hearth://sql/{database}/{table}/sample",
                         .name = "sql-sample",
                         .title = "Sample of a table",
                         .description = "Its first rows",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        const auto table = parse_table_name(variables.at("table"));
        if (!table) return call.answer(std::unexpected(table.error()));
        answer_of(runner, uri, variables.at("database"), std::move(call),
                  [&runner, table = *table](const Target& target, const Work& work) {
                    return rows_of(runner, target, "SELECT * FROM " + table.quoted(), sample_rows,
                                   work);
                  });
      },
      no_proposals);
}

void declare_queries(pack::Binder& binder, ToolRunner& runner) {
  binder.add(
      pack::TemplateSpec{.uri_template = "hearth://sql/queries/{name}",
                         .name = "sql-saved-query",
                         .title = "Saved query",
                         .description = "The text of a saved query",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        runner.on_pool(std::move(call),
                       [&runner, uri, name = variables.at("name")](pack::Call running) {
                         const auto query = find_query(runner, running, name);
                         if (!query) return running.answer(std::unexpected(query.error()));
                         running.answer(resource(uri, json::encode(wire::to_entry(*query))));
                       });
      },
      no_proposals);
  binder.add(
      pack::TemplateSpec{.uri_template = "hearth://sql/queries/{name}/result",
                         .name = "sql-saved-result",
                         .title = "Result of a saved query",
                         .description = "What a saved query gives now: its first 200 rows",
                         .mime_type = json_type},
      [&runner](const std::string& uri, const pack::Variables& variables, pack::Call call) {
        auto query = find_query(runner, call, variables.at("name"));
        if (!query) return call.answer(std::unexpected(std::move(query.error())));
        const std::string database = query->database;
        answer_of(runner, uri, database, std::move(call),
                  [&runner, sql = query->sql](const Target& target, const Work& work) {
                    return rows_of(runner, target, sql, result_rows, work);
                  });
      },
      no_proposals);
}

void declare_prompt(pack::Binder& binder,
                    std::string name,
                    std::string title,
                    const std::string& description,
                    std::vector<pack::PromptArgument> arguments,
                    std::string (*text)(const pack::Variables&)) {
  binder.add(
      pack::PromptSpec{.name = std::move(name),
                       .title = std::move(title),
                       .description = description,
                       .arguments = std::move(arguments)},
      [text, description](const pack::Variables& given, pack::Call call) {
        pack::Reply reply;
        reply.description = description;
        reply.content.push_back(pack::text_content(text(given)));
        call.answer(std::move(reply));
      },
      no_proposals);
}

std::string value_of(const pack::Variables& given, std::string_view name) {
  const auto found = given.find(name);
  return found == given.end() ? std::string() : found->second;
}

std::string in_database(const pack::Variables& given) {
  const std::string database = value_of(given, "database");
  return database.empty() ? "" : " of the database " + database;
}

void declare_prompts(pack::Binder& binder) {
  const pack::PromptArgument table{.name = "table", .description = "Its name", .required = true};
  const pack::PromptArgument database{.name = "database",
                                      .description = "scratch, persistent or an alias"};
  declare_prompt(
      binder, "analyze_table", "Analyse a table", "What a table holds, and what stands out",
      {table, database}, [](const pack::Variables& given) {
        return "Analyse the table " + value_of(given, "table") + in_database(given) +
               ". Begin with sql_describe and sql_sample. Then find with sql_query: how many rows "
               "it has and of which time; for each column its range, its missing values and its "
               "most frequent values; how numbers are distributed; what belongs together. Draw "
               "what is best seen with sql_chart. End with the five findings that matter most, "
               "each with the query that shows it.";
      });
  declare_prompt(binder, "compare_tables", "Compare two tables", "What differs between two tables",
                 {{.name = "first", .description = "A table", .required = true},
                  {.name = "second", .description = "Another", .required = true},
                  database},
                 [](const pack::Variables& given) {
                   return "Compare the tables " + value_of(given, "first") + " and " +
                          value_of(given, "second") + in_database(given) +
                          ". With sql_describe: columns that only one has, and types that differ. "
                          "With sql_query: "
                          "numbers of rows; which columns can serve as a key; keys that only one "
                          "has; rows of the "
                          "same key whose values differ, by column, with examples. Say what would "
                          "have to be done to "
                          "make the second like the first, but change nothing.";
                 });
  declare_prompt(
      binder, "data_quality", "Check data quality", "What is wrong with a table's data",
      {table, database}, [](const pack::Variables& given) {
        return "Check the quality of the data in the table " + value_of(given, "table") +
               in_database(given) +
               " with sql_describe and sql_query. Look for: missing values; duplicate rows and "
               "keys; values outside of what is plausible; dates in the future or far past; texts "
               "that are numbers or dates; several spellings of the same thing; references that "
               "lead nowhere. For each finding give the number of rows, three examples, the query, "
               "and how it could be mended. Change nothing.";
      });
  declare_prompt(
      binder, "suggest_queries", "Suggest queries", "Questions that a database can answer",
      {{.name = "topic", .description = "What is of interest"}, database},
      [](const pack::Variables& given) {
        const std::string topic = value_of(given, "topic");
        return "Look at the tables" + in_database(given) +
               " with sql_describe and sql_catalog, and suggest ten questions that they can "
               "answer" +
               (topic.empty() ? std::string() : " about " + topic) +
               ", from simple to demanding. For each give the SQL, tried with sql_query, and what "
               "its answer would be good for. Offer to keep the best with sql_save_query.";
      });
}

}  // namespace

void declare_resources(pack::Binder& binder, ToolRunner& runner) {
  declare_own(binder, runner);
  declare_queries(binder, runner);
  declare_tables(binder, runner);
  declare_prompts(binder);
}

}  // namespace hearth::packs::sql
