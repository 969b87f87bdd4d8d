#include "packs/knowledge/common_wire.hpp"

#include <charconv>

#include "base/clock.hpp"

namespace hearth::packs::knowledge::wire {

using json::range;

json::Limits key_limits() {
  return range(1, 200);
}
json::Limits id_limits() {
  return range(1, static_cast<std::int64_t>(most_title_bytes));
}
json::Limits label_limits() {
  return range(1, static_cast<std::int64_t>(most_label_bytes));
}
json::Limits tag_list_limits() {
  return range(0, static_cast<std::int64_t>(most_tags));
}
json::Limits text_limits() {
  return range(1, static_cast<std::int64_t>(most_text_bytes));
}
json::Limits title_limits() {
  return range(1, static_cast<std::int64_t>(most_title_bytes));
}

std::string time_of(std::int64_t ms) {
  return format_rfc3339(WallTime(std::chrono::milliseconds(ms)));
}

namespace {

// "90m" is that long ago.
std::optional<std::int64_t> parse_span_back(std::string_view text, std::int64_t now_ms) {
  std::int64_t count = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [rest, code] = std::from_chars(begin, end, count);
  if (code != std::errc() || rest + 1 != end || count < 0 || count > 1'000'000) return std::nullopt;
  constexpr std::int64_t second = 1000;
  switch (*rest) {
    case 's':
      return now_ms - count * second;
    case 'm':
      return now_ms - count * 60 * second;
    case 'h':
      return now_ms - count * 3600 * second;
    case 'd':
      return now_ms - count * 86'400 * second;
    case 'w':
      return now_ms - count * 7 * 86'400 * second;
    default:
      return std::nullopt;
  }
}

Result<std::optional<std::int64_t>> to_time(const char* name,
                                            const std::optional<std::string>& text,
                                            std::int64_t now_ms) {
  if (!text) return std::nullopt;
  if (const auto back = parse_span_back(*text, now_ms)) return back;
  if (const auto time = parse_rfc3339(*text)) return time->time_since_epoch().count();
  return fail(Errc::invalid_args,
              std::string(name) +
                  ": expected a time as 2026-11-21T09:00:00Z, a day as 2026-11-21, "
                  "or a span as 7d, 12h or 30m, got \"" +
                  *text + "\"");
}

}  // namespace

Result<Filter> to_filter(const FilterArguments& given, std::int64_t now_ms) {
  Filter filter;
  filter.kind = given.kind;
  filter.tags = given.tags;
  if (given.properties) {
    const auto members = json::parse(given.properties->text);
    if (!members) return std::unexpected(members.error());
    for (const auto& [name, value] : members->get_object()) {
      filter.properties.push_back({std::string(name), json::dump(value)});
    }
  }
  auto since = to_time("since", given.since, now_ms);
  if (!since) return std::unexpected(std::move(since.error()));
  auto before = to_time("before", given.before, now_ms);
  if (!before) return std::unexpected(std::move(before.error()));
  filter.since_ms = *since;
  filter.before_ms = *before;
  return filter;
}

std::vector<float> to_floats(const std::vector<double>& numbers) {
  std::vector<float> floats;
  floats.reserve(numbers.size());
  for (const double number : numbers) floats.push_back(static_cast<float>(number));
  return floats;
}

std::optional<std::string> joined(const std::vector<std::string>& reasons) {
  if (reasons.empty()) return std::nullopt;
  std::string all;
  for (const std::string& each : reasons) all.append(all.empty() ? "" : "; ").append(each);
  return all;
}

}  // namespace hearth::packs::knowledge::wire
