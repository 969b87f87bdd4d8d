#include "packs/issues/common_wire.hpp"

#include <algorithm>
#include <charconv>
#include <ranges>

#include "base/clock.hpp"
#include "json/json.hpp"
#include "packs/issues/engine/short_text.hpp"

namespace hearth::packs::issues::wire {

using json::range;

json::Limits key_limits() {
  return range(1, 200);
}
json::Limits id_limits() {
  return range(4, 64);
}
json::Limits name_limits() {
  return range(1, 200);
}
json::Limits title_limits() {
  return range(1, 1000);
}
json::Limits text_limits() {
  return range(0, 1'000'000);
}
json::Limits list_limits() {
  return range(0, 100);
}
json::Limits state_choices() {
  return json::one_of({"open", "closed", "all"});
}

json::Notes notes(const Written*) {
  return {{"issue_id", full_id_text},
          {"event_id", "Id of the last event that was written; empty: nothing had to change"},
          {"wal_head", head_text},
          {"events", "How many events were written"}};
}

namespace {

constexpr std::size_t most_title_bytes = 1000;
constexpr std::size_t most_name_bytes = 200;
constexpr std::size_t most_names = 100;

}  // namespace

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

std::string short_title(const std::string& title) {
  return shortened(title, most_title_bytes);
}

std::string short_name(const std::string& name) {
  return shortened(name, most_name_bytes);
}

std::vector<std::string> short_names(const std::vector<std::string>& names) {
  std::vector<std::string> some;
  for (const std::string& each : names | std::views::take(most_names))
    some.push_back(short_name(each));
  return some;
}

std::string head_of(const Receipt& receipt) {
  return receipt.head ? hex_of(*receipt.head) : std::string();
}

Written to_written(const Receipt& receipt, const std::string& asked_for) {
  Written written{.issue_id = asked_for,
                  .event_id = {},
                  .wal_head = head_of(receipt),
                  .events = number(receipt.events.size())};
  if (!receipt.events.empty()) {
    written.issue_id = hex_of(receipt.events.back().issue);
    written.event_id = hex_of(receipt.events.back().id);
  }
  return written;
}

namespace {

std::optional<std::uint64_t> parse_span_back(std::string_view text, std::uint64_t now_ms) {
  std::uint64_t count = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool is_unit_left = rest + 1 == text.data() + text.size();
  if (code != std::errc() || !is_unit_left || count > 1'000'000) return std::nullopt;
  constexpr std::string_view units = "smhdw";
  constexpr std::uint64_t seconds[] = {1, 60, 3600, 86'400, 604'800};
  const std::size_t unit = units.find(*rest);
  if (unit == std::string_view::npos) return std::nullopt;
  const std::uint64_t span = count * seconds[unit] * 1000;
  return span > now_ms ? 0 : now_ms - span;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto byte = text.starts_with('%') ? bytes_of_hex(text.substr(1, 2)) : std::nullopt;
    const bool is_code = byte && byte->size() == 1;
    out += is_code ? *byte : std::string(1, text.front());
    text.remove_prefix(is_code ? 3 : 1);
  }
  return out;
}

}  // namespace

std::vector<std::string> directories_of_roots(const std::string& result) {
  constexpr std::string_view scheme = "file://";
  std::vector<std::string> directories;
  const auto parsed = json::parse(result);
  const json::Value* roots = parsed ? json::find(*parsed, "roots") : nullptr;
  if (roots == nullptr || !roots->is_array()) return directories;
  for (const json::Value& root : roots->get_array()) {
    std::string_view uri = json::string_or(root, "uri", "");
    if (!uri.starts_with(scheme)) continue;
    uri.remove_prefix(scheme.size());
    if (uri.starts_with("localhost/")) uri.remove_prefix(uri.find('/'));
    if (uri.starts_with('/')) directories.push_back(percent_decoded(uri));
  }
  return directories;
}

Result<std::optional<std::uint64_t>> to_time(const char* name,
                                             const std::optional<std::string>& text,
                                             std::uint64_t now_ms) {
  if (!text) return std::nullopt;
  if (const auto back = parse_span_back(*text, now_ms)) return back;
  if (const auto time = parse_rfc3339(*text)) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time->time_since_epoch().count(), 0));
  }
  return fail(
      Errc::invalid_args,
      std::string(name) +
          ": expected a time as 2026-11-21T09:00:00Z, a day as 2026-11-21, or a span as 7d, "
          "12h or 30m, got \"" +
          *text + "\"");
}

}  // namespace hearth::packs::issues::wire
