// What export and import take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"
#include "packs/issues/exchange_wire.hpp"

namespace hearth::packs::issues::wire {

struct ExportRequest {
  std::string format = "json";
  std::optional<std::string> path;
  std::optional<std::string> since;
  bool overwrite = false;
};
BOOST_DESCRIBE_STRUCT(ExportRequest, (), (format, path, since, overwrite))
json::Notes notes(const ExportRequest*);

struct ExportAnswer {
  std::string format;
  std::optional<std::string> output_path;
  std::optional<std::string> text;
  std::string wal_head;
  std::int64_t issue_count = 0;
  std::int64_t event_count = 0;
};
BOOST_DESCRIBE_STRUCT(ExportAnswer,
                      (),
                      (format, output_path, text, wal_head, issue_count, event_count))
json::Notes notes(const ExportAnswer*);

struct ImportRequest {
  std::optional<std::string> path;
  std::optional<std::string> text;
  std::string format = "auto";
  bool dry_run = false;
};
BOOST_DESCRIBE_STRUCT(ImportRequest, (), (path, text, format, dry_run))
json::Notes notes(const ImportRequest*);

struct NotImported {
  std::int64_t record = 0;
  std::string why;
};
BOOST_DESCRIBE_STRUCT(NotImported, (), (record, why))
json::Notes notes(const NotImported*);

struct Ignored {
  std::string what;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Ignored, (), (what, count))
json::Notes notes(const Ignored*);

struct ImportAnswer {
  std::string format;
  std::int64_t events = 0;
  std::int64_t known = 0;
  std::optional<std::int64_t> created;
  std::optional<std::int64_t> changed;
  std::optional<std::int64_t> unchanged;
  std::optional<std::int64_t> deleted;
  std::vector<Ignored> ignored;
  std::vector<NotImported> left_out;
  std::int64_t left_out_total = 0;
  std::string wal_head;
};
BOOST_DESCRIBE_STRUCT(ImportAnswer,
                      (),
                      (format,
                       events,
                       known,
                       created,
                       changed,
                       unchanged,
                       deleted,
                       ignored,
                       left_out,
                       left_out_total,
                       wal_head))
json::Notes notes(const ImportAnswer*);

void put_left_out(ImportAnswer& answer, const std::vector<LeftOut>& left_out);
void put_ignored(ImportAnswer& answer, const BeadsFile& file);

}  // namespace hearth::packs::issues::wire
