// Any text as the answer of another pack's list, by which mandates see what has happened: read or
// refused, every item has an id, and a list that never ends is left.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/json.hpp"
#include "packs/mandates/world_look.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::mandates;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_page(const Result<ListedPage>& page) {
  if (!page) return require(!page.error().message.empty());
  for (const ListedItem& each : page->items) require(!each.id.empty());
  // Whoever asks for the next page must not ask for ever.
  require(page->is_last || !page->items.empty());
}

// What is asked with is JSON, whatever a label or a cursor holds (bytes that are no text are
// replaced).
void check_arguments(const std::string& text) {
  const auto issues = json::parse(issues_arguments(text, text.size()));
  const auto entries = json::parse(entries_arguments({text, text}, WallTime(), text));
  const auto told = json::parse(json::dump(json::Value(text)));
  require(told && issues && issues->at("label").at(0) == *told);
  require(entries && entries->at("tags").as_array().size() == 2);
  require(text.empty() || entries->at("cursor") == *told);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_page(parse_issues(bytes));
  check_page(parse_entries(bytes));
  check_arguments(std::string(bytes));
  return 0;
}
