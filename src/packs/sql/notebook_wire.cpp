#include "packs/sql/notebook_wire.hpp"

#include "base/clock.hpp"
#include "json/json.hpp"

namespace hearth::packs::sql::wire {

using json::defaulted;
using json::Notes;
using json::range;

namespace {

constexpr std::int64_t longest_name = 500;
constexpr const char* store_text = "Which key-value store; made by its first key";
constexpr const char* key_text =
    "Your idempotency key: the same call with the same key is applied once within 24 hours";
constexpr const char* time_text = "UTC, RFC 3339";

std::string time_of(std::int64_t ms) {
  return format_rfc3339(WallTime(std::chrono::milliseconds(ms)));
}

json::Limits store_limits() {
  return range(1, 100) | defaulted;
}

}  // namespace

Notes notes(const KvSetRequest*) {
  return {{"store", store_text, store_limits()},
          {"name", "", range(1, longest_name)},
          {"value", "Any JSON value; null by way of items", json::anything},
          {"items", "Instead of name and value: several, {\"name\": value}; all or none"},
          {"key", key_text, range(1, 200)}};
}
Notes notes(const KvSetAnswer*) {
  return {{"store", ""}, {"set", "How many"}};
}
Notes notes(const KvItem*) {
  return {{"name", ""}, {"value", "", json::anything}, {"updated_at", time_text}};
}
Notes notes(const KvGetRequest*) {
  return {{"store", store_text, store_limits()}, {"names", "", range(1, 1000)}};
}
Notes notes(const KvGetAnswer*) {
  return {{"store", ""}, {"items", ""}, {"missing", "Names that are not there"}};
}
Notes notes(const KvListRequest*) {
  return {{"store", "Left out: which stores there are, and how large", range(1, 100)},
          {"prefix", "Only names that begin so", range(0, longest_name) | defaulted},
          {"values", "With their values", defaulted},
          {"limit", "", range(1, 1000) | defaulted},
          {"after", "Names behind this one: the last of the page before",
           range(0, longest_name) | defaulted}};
}
Notes notes(const KvStore*) {
  return {{"store", ""}, {"size", "Names in it"}};
}
Notes notes(const KvListAnswer*) {
  return {{"stores", "When no store was named"},
          {"items", "By name"},
          {"size", "Of all that fit, also beyond this page"},
          {"truncated", "Whether there are more"}};
}
Notes notes(const KvDeleteRequest*) {
  return {{"store", store_text, store_limits()},
          {"names", "", range(0, 1000) | defaulted},
          {"first", "Instead: the first so many by name; with the answer's values, a queue",
           range(0, 1000) | defaulted},
          {"all", "Instead: everything in the store", defaulted},
          {"key", key_text, range(1, 200)}};
}
Notes notes(const KvDeleteAnswer*) {
  return {{"store", ""}, {"deleted", "How many"}, {"items", "What was there; not with all"}};
}
Notes notes(const SaveQueryRequest*) {
  return {{"name", "Letters, digits, - and _", range(1, 100)},
          {"sql", "The statement; left out, the query of that name is deleted", range(1, 1 << 20)},
          {"database", "Where it is to be run: persistent, or an alias", range(1, 63) | defaulted},
          {"description", "What it answers", range(0, 2000) | defaulted},
          {"key", key_text, range(1, 200)}};
}
Notes notes(const SaveQueryAnswer*) {
  return {{"name", ""}, {"done", "saved, replaced or deleted"}};
}
Notes notes(const QueriesRequest*) {
  return {{"name", "Only that one", range(1, 100)}};
}
Notes notes(const QueryEntry*) {
  return {
      {"name", ""}, {"sql", ""}, {"database", ""}, {"description", ""}, {"updated_at", time_text}};
}
Notes notes(const QueriesAnswer*) {
  return {{"queries", "By name"}};
}
Notes notes(const CatalogRequest*) {
  return {{"table", "Left out: all of them", range(1, 600)},
          {"database", "persistent, or the path or URL of one that is attached",
           range(1, 4096) | defaulted},
          {"source", "Set: where the data come from", range(0, 4096)},
          {"purpose", "Set: what they are for", range(0, 4096)},
          {"licence", "Set: under which terms", range(0, 4096)},
          {"notes", "Set: anything else", range(0, 16384)},
          {"remove", "Forget the entry; the table stays", defaulted},
          {"key", key_text, range(1, 200)}};
}
Notes notes(const CatalogItem*) {
  return {{"table", ""},
          {"database", ""},
          {"source", ""},
          {"purpose", ""},
          {"licence", ""},
          {"notes", ""},
          {"load_tool", "How it was last loaded"},
          {"load_parameters", ""},
          {"rows", "At the last load"},
          {"loaded_at", time_text},
          {"updated_at", time_text}};
}
Notes notes(const CatalogAnswer*) {
  return {{"tables", ""}};
}

Result<std::vector<KeyValue>> to_items(const KvSetRequest& request) {
  if (request.items.has_value() == request.name.has_value() ||
      request.name.has_value() != request.value.has_value()) {
    return fail(Errc::invalid_args, "params: give name and value, or items");
  }
  if (request.name) return std::vector<KeyValue>{{*request.name, request.value->text}};
  const auto value = json::parse(request.items->text);
  if (!value) return std::unexpected(value.error());
  std::vector<KeyValue> items;
  for (const auto& each : value->as_object()) {
    items.push_back({std::string(each.key()), json::dump(each.value())});
    const std::size_t size = items.back().key.size();
    if (size == 0 || std::cmp_greater(size, longest_name)) {
      return fail(Errc::invalid_args, "params.items: names have 1 to 500 bytes");
    }
  }
  return items;
}

KvItem to_item(const KeyValue& item, bool with_value) {
  KvItem to{.name = item.key, .value = {}, .updated_at = time_of(item.updated_ms)};
  if (with_value) to.value = json::Raw{item.value};
  return to;
}

QueryEntry to_entry(const SavedQuery& query) {
  return {query.name, query.sql, query.database, query.description, time_of(query.updated_ms)};
}

CatalogItem to_item(const CatalogEntry& entry) {
  CatalogItem to{.table = entry.table,
                 .database = entry.database,
                 .source = entry.source,
                 .purpose = entry.purpose,
                 .licence = entry.licence,
                 .notes = entry.notes,
                 .load_tool = entry.load_tool,
                 .load_parameters = {},
                 .rows = entry.rows,
                 .loaded_at = {},
                 .updated_at = time_of(entry.updated_ms)};
  if (entry.load_parameters) to.load_parameters = json::Raw{*entry.load_parameters};
  if (entry.loaded_ms) to.loaded_at = time_of(*entry.loaded_ms);
  return to;
}

}  // namespace hearth::packs::sql::wire
