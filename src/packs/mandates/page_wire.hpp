// What the tools of the pack share: pages, what became of a change, and the limits of words. Field
// names are a contract with clients.
#pragma once

#include <cstdint>
#include <string>

#include "json/record.hpp"
#include "packs/mandates/engine/overview.hpp"

namespace hearth::packs::mandates::wire {

struct PageRequest {
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(PageRequest, (), (limit, offset))
json::Notes notes(const PageRequest*);

struct DoneAnswer {
  std::string id;
  std::string state;
};
BOOST_DESCRIBE_STRUCT(DoneAnswer, (), (id, state))
json::Notes notes(const DoneAnswer*);

struct NoRequest {};
BOOST_DESCRIBE_STRUCT(NoRequest, (), ())
json::Notes notes(const NoRequest*);

[[nodiscard]] inline mandates::PageRequest to_page(std::int64_t offset, std::int64_t limit) {
  return {.offset = offset, .limit = limit};
}

// ---- Of notes -------------------------------------------------------------------------------

inline constexpr const char* mandate_text = "Name or id of the mandate";
inline constexpr const char* run_text = "Id of the run, or a beginning of it";
inline constexpr const char* time_text = "RFC 3339, UTC";

[[nodiscard]] json::Limits word();
[[nodiscard]] json::Limits reason();
[[nodiscard]] json::Limits page_size();
[[nodiscard]] json::Limits page_begin();

}  // namespace hearth::packs::mandates::wire
