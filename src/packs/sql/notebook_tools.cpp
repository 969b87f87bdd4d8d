// The tools of the notebook: kv_get, kv_set, kv_list, kv_delete, save_query, queries, catalog.
#include <algorithm>
#include <cctype>
#include <utility>

#include "packs/sql/notebook_wire.hpp"
#include "packs/sql/tools.hpp"

namespace hearth::packs::sql {
namespace {

// Runs Result<Answer>(store::Database&, const Request&) on the pool.
template <typename Answer, typename Request, typename Read>
void run_read(ToolRunner& runner, const Request& request, pack::Call call, Read read) {
  runner.on_pool(std::move(call), [&runner, read, request](pack::Call running) {
    const auto answer = [&]() -> Result<Answer> {
      const auto notebook = runner.notebooks().get(running.caller().name_space);
      if (!notebook) return std::unexpected(notebook.error());
      auto reader = (*notebook)->reader(running.stop());
      if (!reader) return std::unexpected(std::move(reader.error()));
      return read(**reader, request);
    }();
    running.answer(mcp::to_reply(answer));
  });
}

// Runs Result<Answer>(store::Database&, const Request&, std::int64_t now_ms) on the notebook's
// writer, under the call's key. `is_list`: resources come and go by it.
template <typename Answer, typename Request, typename Write>
void run_write(
    ToolRunner& runner, const Request& request, pack::Call call, Write write, bool is_list) {
  if (auto may = runner.check_writable(call); !may) {
    return call.answer(std::unexpected(std::move(may.error())));
  }
  const Key key = ToolRunner::key_of(call, request.key, json::encode(request));
  runner.on_pool(std::move(call), [&runner, write, request, key, is_list](pack::Call running) {
    const auto notebook = runner.notebooks().get(running.caller().name_space);
    if (!notebook) return running.answer(std::unexpected(notebook.error()));
    store::WriteJob job;
    job.stop = running.stop();
    job.key = store::WriteKey{key.id, key.fingerprint};
    job.run = [write, request, &runner](store::Database& database) -> Result<std::string> {
      const Result<Answer> answer =
          write(database, request, runner.now().time_since_epoch().count());
      if (!answer) return std::unexpected(answer.error());
      return json::encode(*answer);
    };
    job.done = [sent = std::move(running), &runner,
                is_list](Result<store::WriteOutcome> outcome) mutable {
      if (!outcome) return sent.answer(std::unexpected(std::move(outcome.error())));
      runner.notes_changed(sent.caller().name_space, is_list);
      sent.answer(
          pack::Reply{.structured = std::move(outcome->reply), .replayed = outcome->replayed});
    };
    (*notebook)->write(std::move(job));
  });
}

template <typename Request, typename Answer, typename Read>
void bind_read(pack::Binder& tools, ToolRunner& runner, pack::ToolSpec spec, Read read) {
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred(tools, [&runner, read](const Request& request, pack::Call call) {
        run_read<Answer>(runner, request, std::move(call), read);
      });
}

template <typename Request, typename Answer, typename Write>
void bind_write(pack::Binder& tools,
                ToolRunner& runner,
                pack::ToolSpec spec,
                Write write,
                bool is_list = false) {
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred(tools, [&runner, write, is_list](const Request& request, pack::Call call) {
        run_write<Answer>(runner, request, std::move(call), write, is_list);
      });
}

// ---- Keys and values ---------------------------------------------------------------------------

Result<wire::KvSetAnswer> kv_set(store::Database& database,
                                 const wire::KvSetRequest& request,
                                 std::int64_t now_ms) {
  auto items = wire::to_items(request);
  if (!items) return std::unexpected(std::move(items.error()));
  for (KeyValue& item : *items) {
    item.updated_ms = now_ms;
    if (auto done = set_value(database, request.store, item); !done) {
      return std::unexpected(std::move(done.error()));
    }
  }
  return wire::KvSetAnswer{request.store, std::ssize(*items)};
}

Result<wire::KvGetAnswer> kv_get(store::Database& database, const wire::KvGetRequest& request) {
  wire::KvGetAnswer answer{.store = request.store, .items = {}, .missing = {}};
  for (const std::string& name : request.names) {
    const auto item = get_value(database, request.store, name);
    if (!item) return std::unexpected(item.error());
    if (*item) {
      answer.items.push_back(wire::to_item(**item, true));
    } else {
      answer.missing.push_back(name);
    }
  }
  return answer;
}

Result<wire::KvListAnswer> kv_list(store::Database& database, const wire::KvListRequest& request) {
  wire::KvListAnswer answer;
  if (!request.store) {
    const auto stores = list_stores(database);
    if (!stores) return std::unexpected(stores.error());
    for (const StoreSize& each : *stores) answer.stores.push_back({each.store, each.size});
    answer.size = std::ssize(*stores);
    return answer;
  }
  const auto page =
      list_values(database, *request.store, request.prefix, request.after, request.limit);
  if (!page) return std::unexpected(page.error());
  for (const KeyValue& item : page->items)
    answer.items.push_back(wire::to_item(item, request.values));
  answer.size = page->size;
  answer.truncated = page->is_truncated;
  return answer;
}

Result<wire::KvDeleteAnswer> kv_delete(store::Database& database,
                                       const wire::KvDeleteRequest& request,
                                       std::int64_t /*now_ms*/) {
  wire::KvDeleteAnswer answer{.store = request.store, .deleted = 0, .items = {}};
  const int given = !request.names.empty() + (request.first > 0) + request.all;
  if (given != 1) return fail(Errc::invalid_args, "params: give one of names, first and all");
  if (request.all) {
    const auto count = clear_store(database, request.store);
    if (!count) return std::unexpected(count.error());
    answer.deleted = *count;
    return answer;
  }
  std::vector<std::string> names = request.names;
  if (request.first > 0) {
    const auto page = list_values(database, request.store, {}, {}, request.first);
    if (!page) return std::unexpected(page.error());
    for (const KeyValue& item : page->items) names.push_back(item.key);
  }
  for (const std::string& name : names) {
    const auto item = delete_value(database, request.store, name);
    if (!item) return std::unexpected(item.error());
    if (*item) answer.items.push_back(wire::to_item(**item, true));
  }
  answer.deleted = std::ssize(answer.items);
  return answer;
}

void declare_kv(pack::Binder& tools, ToolRunner& runner) {
  bind_write<wire::KvSetRequest, wire::KvSetAnswer>(
      tools, runner,
      writing("kv_set", "Set keys",
              "Keep JSON values under names, for all sessions: settings, progress, small results."),
      kv_set);
  bind_read<wire::KvGetRequest, wire::KvGetAnswer>(
      tools, runner, reading("kv_get", "Get keys", "The values that kv_set has kept."), kv_get);
  bind_read<wire::KvListRequest, wire::KvListAnswer>(
      tools, runner,
      reading("kv_list", "List keys",
              "Names in a key-value store, or the stores there are; and how many."),
      kv_list);
  bind_write<wire::KvDeleteRequest, wire::KvDeleteAnswer>(
      tools, runner,
      writing("kv_delete", "Delete keys",
              "Delete names from a key-value store, and get what they held."),
      kv_delete);
}

// ---- Saved queries and the catalog --------------------------------------------------------------

Result<wire::SaveQueryAnswer> save(store::Database& database,
                                   const wire::SaveQueryRequest& request,
                                   std::int64_t now_ms) {
  const bool is_plain = std::ranges::all_of(
      request.name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
  if (!is_plain) {
    return fail(Errc::invalid_args, "params.name: use letters, digits, - and _ only");
  }
  if (!request.sql) {
    const auto deleted = delete_query(database, request.name);
    if (!deleted) return std::unexpected(deleted.error());
    if (*deleted) return wire::SaveQueryAnswer{request.name, "deleted"};
    return fail(Errc::not_found, "there is no saved query " + request.name,
                {"sql_queries lists them"});
  }
  const auto replaced = save_query(
      database, {request.name, *request.sql, request.database, request.description, now_ms});
  if (!replaced) return std::unexpected(replaced.error());
  return wire::SaveQueryAnswer{request.name, *replaced ? "replaced" : "saved"};
}

Result<wire::QueriesAnswer> queries(store::Database& database,
                                    const wire::QueriesRequest& request) {
  const auto found = read_queries(database, request.name);
  if (!found) return std::unexpected(found.error());
  if (found->empty() && request.name) {
    return fail(Errc::not_found, "there is no saved query " + *request.name,
                {"leave name out to see all"});
  }
  wire::QueriesAnswer answer;
  for (const SavedQuery& query : *found) answer.queries.push_back(wire::to_entry(query));
  return answer;
}

bool changes(const wire::CatalogRequest& request) {
  return request.remove || request.source || request.purpose || request.licence || request.notes;
}

Result<wire::CatalogAnswer> read_catalog(store::Database& database,
                                         const wire::CatalogRequest& request) {
  wire::CatalogAnswer answer;
  const auto entries = read_entries(database, request.database, request.table);
  if (!entries) return std::unexpected(entries.error());
  for (const CatalogEntry& entry : *entries) answer.tables.push_back(wire::to_item(entry));
  return answer;
}

Result<wire::CatalogAnswer> change_catalog(store::Database& database,
                                           const wire::CatalogRequest& request,
                                           std::int64_t now_ms) {
  wire::CatalogAnswer answer;
  if (!request.table) {
    return fail(Errc::invalid_args, "params.table: missing (what it is said of)");
  }
  if (request.remove) {
    const auto removed = delete_entry(database, request.database, *request.table);
    if (!removed) return std::unexpected(removed.error());
    return answer;
  }
  const auto entry = put_entry(database, {.database = request.database,
                                          .table = *request.table,
                                          .source = request.source,
                                          .purpose = request.purpose,
                                          .licence = request.licence,
                                          .notes = request.notes,
                                          .updated_ms = now_ms});
  if (!entry) return std::unexpected(entry.error());
  answer.tables.push_back(wire::to_item(*entry));
  return answer;
}

}  // namespace

void declare_notebook_tools(pack::Binder& tools, ToolRunner& runner) {
  declare_kv(tools, runner);
  bind_write<wire::SaveQueryRequest, wire::SaveQueryAnswer>(
      tools, runner,
      writing("save_query", "Save a query",
              "Keep a query under a name, for all sessions; also readable, with its result, as "
              "hearth://sql/queries/NAME."),
      save, true);
  bind_read<wire::QueriesRequest, wire::QueriesAnswer>(
      tools, runner, reading("queries", "Saved queries", "The queries that were saved."), queries);
  pack::ToolSpec spec =
      writing("catalog", "Catalog of tables",
              "Where tables come from and what they are for. With source, purpose, "
              "licence or notes it sets them, else it lists. Loads are noted by "
              "themselves.");
  spec.annotations = {.destructive = false, .idempotent = true};
  mcp::Tool<wire::CatalogRequest, wire::CatalogAnswer>(std::move(spec))
      .deferred(tools, [&runner](const wire::CatalogRequest& request, pack::Call call) {
        if (!changes(request)) {
          return run_read<wire::CatalogAnswer>(runner, request, std::move(call), read_catalog);
        }
        run_write<wire::CatalogAnswer>(runner, request, std::move(call), change_catalog, false);
      });
}

}  // namespace hearth::packs::sql
