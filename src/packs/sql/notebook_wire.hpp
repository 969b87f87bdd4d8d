// What the tools of the notebook take and give, as records of JSON: kv_*, save_query, queries,
// catalog.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/sql/notebook.hpp"

namespace hearth::packs::sql::wire {

struct KvSetRequest {
  std::string store = "default";
  std::optional<std::string> name;
  std::optional<json::Raw> value;
  std::optional<json::Raw> items;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(KvSetRequest, (), (store, name, value, items, key))
json::Notes notes(const KvSetRequest*);
struct KvSetAnswer {
  std::string store;
  std::int64_t set = 0;
};
BOOST_DESCRIBE_STRUCT(KvSetAnswer, (), (store, set))
json::Notes notes(const KvSetAnswer*);

struct KvItem {
  std::string name;
  std::optional<json::Raw> value;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(KvItem, (), (name, value, updated_at))
json::Notes notes(const KvItem*);

struct KvGetRequest {
  std::string store = "default";
  std::vector<std::string> names;
};
BOOST_DESCRIBE_STRUCT(KvGetRequest, (), (store, names))
json::Notes notes(const KvGetRequest*);
struct KvGetAnswer {
  std::string store;
  std::vector<KvItem> items;
  std::vector<std::string> missing;
};
BOOST_DESCRIBE_STRUCT(KvGetAnswer, (), (store, items, missing))
json::Notes notes(const KvGetAnswer*);

struct KvListRequest {
  std::optional<std::string> store;
  std::string prefix;
  bool values = false;
  std::int64_t limit = 100;
  std::string after;
};
BOOST_DESCRIBE_STRUCT(KvListRequest, (), (store, prefix, values, limit, after))
json::Notes notes(const KvListRequest*);
struct KvStore {
  std::string store;
  std::int64_t size = 0;
};
BOOST_DESCRIBE_STRUCT(KvStore, (), (store, size))
json::Notes notes(const KvStore*);
struct KvListAnswer {
  std::vector<KvStore> stores;
  std::vector<KvItem> items;
  std::int64_t size = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(KvListAnswer, (), (stores, items, size, truncated))
json::Notes notes(const KvListAnswer*);

struct KvDeleteRequest {
  std::string store = "default";
  std::vector<std::string> names;
  std::int64_t first = 0;
  bool all = false;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(KvDeleteRequest, (), (store, names, first, all, key))
json::Notes notes(const KvDeleteRequest*);
struct KvDeleteAnswer {
  std::string store;
  std::int64_t deleted = 0;
  std::vector<KvItem> items;
};
BOOST_DESCRIBE_STRUCT(KvDeleteAnswer, (), (store, deleted, items))
json::Notes notes(const KvDeleteAnswer*);

struct SaveQueryRequest {
  std::string name;
  std::optional<std::string> sql;
  std::string database = "persistent";
  std::string description;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(SaveQueryRequest, (), (name, sql, database, description, key))
json::Notes notes(const SaveQueryRequest*);
struct SaveQueryAnswer {
  std::string name;
  std::string done;
};
BOOST_DESCRIBE_STRUCT(SaveQueryAnswer, (), (name, done))
json::Notes notes(const SaveQueryAnswer*);

struct QueriesRequest {
  std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(QueriesRequest, (), (name))
json::Notes notes(const QueriesRequest*);
struct QueryEntry {
  std::string name;
  std::string sql;
  std::string database;
  std::string description;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(QueryEntry, (), (name, sql, database, description, updated_at))
json::Notes notes(const QueryEntry*);
struct QueriesAnswer {
  std::vector<QueryEntry> queries;
};
BOOST_DESCRIBE_STRUCT(QueriesAnswer, (), (queries))
json::Notes notes(const QueriesAnswer*);

struct CatalogRequest {
  std::optional<std::string> table;
  std::string database = "persistent";
  std::optional<std::string> source;
  std::optional<std::string> purpose;
  std::optional<std::string> licence;
  std::optional<std::string> notes;
  bool remove = false;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(CatalogRequest,
                      (),
                      (table, database, source, purpose, licence, notes, remove, key))
json::Notes notes(const CatalogRequest*);
struct CatalogItem {
  std::string table;
  std::string database;
  std::optional<std::string> source;
  std::optional<std::string> purpose;
  std::optional<std::string> licence;
  std::optional<std::string> notes;
  std::optional<std::string> load_tool;
  std::optional<json::Raw> load_parameters;
  std::optional<std::int64_t> rows;
  std::optional<std::string> loaded_at;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(CatalogItem,
                      (),
                      (table,
                       database,
                       source,
                       purpose,
                       licence,
                       notes,
                       load_tool,
                       load_parameters,
                       rows,
                       loaded_at,
                       updated_at))
json::Notes notes(const CatalogItem*);
struct CatalogAnswer {
  std::vector<CatalogItem> tables;
};
BOOST_DESCRIBE_STRUCT(CatalogAnswer, (), (tables))
json::Notes notes(const CatalogAnswer*);

// What a call of kv_set sets: name and value, or an object of several.
[[nodiscard]] Result<std::vector<KeyValue>> to_items(const KvSetRequest& request);
[[nodiscard]] KvItem to_item(const KeyValue& item, bool with_value);
[[nodiscard]] QueryEntry to_entry(const SavedQuery& query);
[[nodiscard]] CatalogItem to_item(const CatalogEntry& entry);

}  // namespace hearth::packs::sql::wire
