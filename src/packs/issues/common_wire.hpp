// What the records of all tools of the pack share: limits, descriptions, ids and times as texts.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/issues/engine/issue_store.hpp"

namespace hearth::packs::issues::wire {

inline constexpr const char* key_text =
    "Your idempotency key: the same call with the same key is applied once";
inline constexpr const char* actor_text =
    "Who writes: id or label of an actor, a new label makes one; default: the repository's";
inline constexpr const char* id_text = "Id of the issue, or a unique prefix (at least 4 digits)";
inline constexpr const char* full_id_text = "The issue's whole id";
inline constexpr const char* event_text = "Id of the event that was written";
inline constexpr const char* head_text = "The log's newest commit";
inline constexpr const char* time_text = "Milliseconds since 1970";
inline constexpr const char* label_text = "A label; may be given several times";

[[nodiscard]] json::Limits key_limits();
[[nodiscard]] json::Limits id_limits();
[[nodiscard]] json::Limits name_limits();  // of a label, a user, a resource
[[nodiscard]] json::Limits title_limits();
[[nodiscard]] json::Limits text_limits();  // of a body or a comment
[[nodiscard]] json::Limits list_limits();  // of labels and the like

// What a write of one issue answers.
struct Written {
  std::string issue_id;
  std::string event_id;  // of the last event; empty when nothing had to change
  std::string wal_head;
  std::int64_t events = 0;
};
BOOST_DESCRIBE_STRUCT(Written, (), (issue_id, event_id, wal_head, events))
json::Notes notes(const Written*);

// Without control characters.
[[nodiscard]] bool is_one_line(std::string_view text);
// As lists name things that others may have written at any length; `show` has more of them.
[[nodiscard]] std::string short_title(const std::string& title);
[[nodiscard]] std::string short_name(const std::string& name);
[[nodiscard]] std::vector<std::string> short_names(const std::vector<std::string>& names);

[[nodiscard]] std::string head_of(const Receipt& receipt);
[[nodiscard]] Written to_written(const Receipt& receipt, const std::string& asked_for);

// "open", "closed" or "all".
[[nodiscard]] json::Limits state_choices();
// A time as RFC 3339, a day, or a span back from now ("7d", "12h"), as milliseconds.
[[nodiscard]] Result<std::optional<std::uint64_t>> to_time(const char* name,
                                                           const std::optional<std::string>& text,
                                                           std::uint64_t now_ms);
// The directories of an MCP ListRootsResult; what is no file: URI is passed over.
[[nodiscard]] std::vector<std::string> directories_of_roots(const std::string& result);

// Others may write times that no signed number holds: they show as the highest one.
[[nodiscard]] inline std::int64_t number(std::uint64_t value) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return value > std::uint64_t{most} ? most : static_cast<std::int64_t>(value);
}

}  // namespace hearth::packs::issues::wire
