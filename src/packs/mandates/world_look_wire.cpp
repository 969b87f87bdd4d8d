#include "json/json.hpp"
#include "packs/mandates/world_look.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr int page_size = 500;

Result<ListedPage> parse_page(std::string_view answer, std::string_view list, std::string_view id) {
  const auto value = json::parse(answer);
  if (!value) return std::unexpected(value.error());
  const json::Value* const rows = json::find(*value, list);
  if (rows == nullptr || !rows->is_array())
    return fail(Errc::damaged, "a list without " + std::string(list));
  ListedPage page;
  for (const json::Value& row : rows->get_array()) {
    ListedItem& item = page.items.emplace_back();
    item.id = json::string_or(row, id, "");
    item.name = json::string_or(row, "title", "");
    item.created = parse_rfc3339(json::string_or(row, "created_at", ""));
    if (item.id.empty()) return fail(Errc::damaged, "a row without " + std::string(id));
  }
  page.is_last = !json::bool_or(*value, "truncated", false) || page.items.empty();
  page.cursor = json::string_or(*value, "cursor", "");
  return page;
}

}  // namespace

std::string issues_arguments(const std::string& label, std::size_t offset) {
  return json::dump(json::Value{{"label", json::Array{json::Value(label)}},
                                {"fields", json::Array{"issue_id", "title"}},
                                {"limit", page_size},
                                {"offset", offset}});
}

Result<ListedPage> parse_issues(std::string_view answer) {
  return parse_page(answer, "issues", "issue_id");
}

std::string entries_arguments(const std::vector<std::string>& tags,
                              WallTime since,
                              const std::string& cursor) {
  json::Array words;
  for (const std::string& tag : tags) words.emplace_back(tag);
  json::Object arguments{
      {"tags", std::move(words)}, {"since", format_rfc3339(since)}, {"limit", page_size}};
  if (!cursor.empty()) arguments["cursor"] = cursor;
  return json::dump(json::Value(std::move(arguments)));
}

Result<ListedPage> parse_entries(std::string_view answer) {
  return parse_page(answer, "entries", "id");
}

}  // namespace hearth::packs::mandates
