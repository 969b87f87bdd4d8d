// What the records of all tools of the pack share: limits, descriptions, times, filters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/knowledge/engine/entry.hpp"

namespace hearth::packs::knowledge::wire {

inline constexpr const char* expected_version_text =
    "Refuse (conflict) unless the entry is of this version";
inline constexpr const char* key_text =
    "Your idempotency key: the same call with the same key is applied once within 24 hours";
inline constexpr const char* id_text =
    "Id of the entry, a unique prefix of it (at least 4 characters), or its whole title";
inline constexpr const char* kind_filter_text = "Only entries of this kind";
inline constexpr const char* tags_filter_text = "Only entries that carry all of these tags";
inline constexpr const char* properties_filter_text =
    "Only entries with these properties, each of exactly this value";
inline constexpr const char* since_text =
    "Only entries changed then or later: RFC 3339, or a span back from now (7d, 12h, 30m)";
inline constexpr const char* before_text = "Only entries changed earlier: as since";
inline constexpr const char* unverified_text =
    "Present and true just after a start, while checksums are still read";
inline constexpr const char* degraded_text =
    "Why the answer is less than it could be; absent when it is not";
inline constexpr const char* time_text = "UTC, RFC 3339";
inline constexpr const char* source_text = "Where it is from: file and line, or as its author says";

[[nodiscard]] json::Limits key_limits();
[[nodiscard]] json::Limits id_limits();     // of an id or a title
[[nodiscard]] json::Limits label_limits();  // of a kind or a tag
[[nodiscard]] json::Limits tag_list_limits();
[[nodiscard]] json::Limits text_limits();
[[nodiscard]] json::Limits title_limits();

[[nodiscard]] std::string time_of(std::int64_t ms);

// A filter as tools take it; `now_ms` is what spans count back from. `invalid_args` says what is
// wrong.
struct FilterArguments {
  const std::optional<std::string>& kind;
  const std::vector<std::string>& tags;
  const std::optional<json::Raw>& properties;
  const std::optional<std::string>& since;
  const std::optional<std::string>& before;
};
[[nodiscard]] Result<Filter> to_filter(const FilterArguments& given, std::int64_t now_ms);

[[nodiscard]] std::vector<float> to_floats(const std::vector<double>& numbers);
// The reasons as one text; nothing if there is none.
[[nodiscard]] std::optional<std::string> joined(const std::vector<std::string>& reasons);

}  // namespace hearth::packs::knowledge::wire
