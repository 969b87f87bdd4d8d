// What the tools for reports take and give. Field names are a contract with clients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "packs/mandates/page_wire.hpp"

namespace hearth::packs::mandates::wire {

struct ReportAnswer {
  std::string markdown;
};
BOOST_DESCRIBE_STRUCT(ReportAnswer, (), (markdown))
json::Notes notes(const ReportAnswer*);

struct ReportFileRequest {
  std::string run;
  std::string path;
  bool overwrite = false;
};
BOOST_DESCRIBE_STRUCT(ReportFileRequest, (), (run, path, overwrite))
json::Notes notes(const ReportFileRequest*);

struct ReportFileAnswer {
  std::string path;
  std::int64_t bytes = 0;
  std::optional<std::string> missing;
};
BOOST_DESCRIBE_STRUCT(ReportFileAnswer, (), (path, bytes, missing))
json::Notes notes(const ReportFileAnswer*);

}  // namespace hearth::packs::mandates::wire
