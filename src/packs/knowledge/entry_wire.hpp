// What the tools for single entries take and give, as records of JSON, and how they map to the
// engine. Field names are a contract with clients: they are added to, never renamed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/knowledge/engine/entry.hpp"

namespace hearth::packs::knowledge::wire {

struct NewEntryArguments {
  std::string text;
  std::optional<std::string> title;
  std::string kind = "note";
  std::vector<std::string> tags;
  json::Raw properties;
  double salience = 0.5;
  std::optional<std::string> source;
  std::optional<std::vector<double>> vector;
};
BOOST_DESCRIBE_STRUCT(NewEntryArguments,
                      (),
                      (text, title, kind, tags, properties, salience, source, vector))
json::Notes notes(const NewEntryArguments*);

struct CreateRequest {
  std::optional<std::vector<NewEntryArguments>> entries;
  std::optional<std::string> text;
  std::optional<std::string> title;
  std::string kind = "note";
  std::vector<std::string> tags;
  json::Raw properties;
  std::optional<std::string> source;
  std::optional<std::vector<double>> vector;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(CreateRequest,
                      (),
                      (entries, text, title, kind, tags, properties, source, vector, key))
json::Notes notes(const CreateRequest*);

struct CreatedEntry {
  std::string id;
  std::string title;
  std::string kind;
  std::int64_t version = 1;
};
BOOST_DESCRIBE_STRUCT(CreatedEntry, (), (id, title, kind, version))
json::Notes notes(const CreatedEntry*);

struct CreateAnswer {
  std::vector<CreatedEntry> entries;
  std::string created_at;
};
BOOST_DESCRIBE_STRUCT(CreateAnswer, (), (entries, created_at))
json::Notes notes(const CreateAnswer*);

struct GetRequest {
  std::string id;
  bool deleted = false;
};
BOOST_DESCRIBE_STRUCT(GetRequest, (), (id, deleted))
json::Notes notes(const GetRequest*);

struct GetAnswer {
  std::string id;
  std::string title;
  std::string kind;
  std::string text;
  std::vector<std::string> tags;
  json::Raw properties;
  std::optional<std::string> source;
  std::optional<std::string> memory;
  double salience = 0.5;
  std::int64_t version = 1;
  std::string created_at;
  std::string updated_at;
  std::optional<std::string> deleted_at;
  std::optional<std::string> superseded_by;
};
BOOST_DESCRIBE_STRUCT(GetAnswer,
                      (),
                      (id,
                       title,
                       kind,
                       text,
                       tags,
                       properties,
                       source,
                       memory,
                       salience,
                       version,
                       created_at,
                       updated_at,
                       deleted_at,
                       superseded_by))
json::Notes notes(const GetAnswer*);

struct ListQuery {
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  std::optional<json::Raw> properties;
  std::optional<std::string> since;
  std::optional<std::string> before;
  std::int64_t limit = 50;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ListQuery, (), (kind, tags, properties, since, before, limit, cursor))
json::Notes notes(const ListQuery*);

struct ListedEntry {
  std::string id;
  std::string title;
  std::string kind;
  std::vector<std::string> tags;
  std::optional<std::string> source;
  std::int64_t version = 1;
  std::string created_at;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(ListedEntry,
                      (),
                      (id, title, kind, tags, source, version, created_at, updated_at))
json::Notes notes(const ListedEntry*);

struct ListAnswer {
  std::vector<ListedEntry> entries;
  std::int64_t total = 0;
  bool truncated = false;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ListAnswer, (), (entries, total, truncated, cursor))
json::Notes notes(const ListAnswer*);

struct UpdateRequest {
  std::string id;
  std::optional<std::string> title;
  std::optional<std::string> text;
  std::optional<std::string> kind;
  std::optional<std::vector<std::string>> tags;
  std::optional<json::Raw> properties;
  std::optional<double> salience;
  std::optional<std::vector<double>> vector;
  bool restore = false;
  std::optional<std::int64_t> expected_version;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(
    UpdateRequest,
    (),
    (id, title, text, kind, tags, properties, salience, vector, restore, expected_version, key))
json::Notes notes(const UpdateRequest*);

struct UpdateAnswer {
  std::string id;
  std::string title;
  std::string kind;
  std::vector<std::string> tags;
  std::int64_t version = 1;
  std::string updated_at;
};
BOOST_DESCRIBE_STRUCT(UpdateAnswer, (), (id, title, kind, tags, version, updated_at))
json::Notes notes(const UpdateAnswer*);

struct DeleteRequest {
  std::string id;
  bool hard = false;
  std::optional<std::int64_t> expected_version;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(DeleteRequest, (), (id, hard, expected_version, key))
json::Notes notes(const DeleteRequest*);

struct DeleteAnswer {
  std::string id;
  std::string title;
  bool deleted = true;
};
BOOST_DESCRIBE_STRUCT(DeleteAnswer, (), (id, title, deleted))
json::Notes notes(const DeleteAnswer*);

// `invalid_args` unless there is either one entry or a list of them.
[[nodiscard]] Result<std::vector<NewEntry>> to_new_entries(const CreateRequest& request);
// `invalid_args` when nothing is to change.
[[nodiscard]] Result<EntryChange> to_change(const UpdateRequest& request);

[[nodiscard]] CreateAnswer to_created(const std::vector<Entry>& entries);
[[nodiscard]] UpdateAnswer to_updated(const Entry& entry);
[[nodiscard]] GetAnswer to_answer(Entry entry);
[[nodiscard]] ListAnswer to_answer(ListPage page);

}  // namespace hearth::packs::knowledge::wire
