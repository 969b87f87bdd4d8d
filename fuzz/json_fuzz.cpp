// JSON texts: what parses is printed, and what is printed parses back to the same text. Members of
// records are read from any value without harm.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/json.hpp"
#include "json/record.hpp"

namespace {

using namespace hearth;

struct Item {
  std::string name;
  std::optional<double> weight;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, weight))
json::Notes notes(const Item*) {
  return {{"name", "", json::range(1, 10)}, {"weight", "", json::range(0, 5)}};
}

struct Record {
  std::int64_t limit = 3;
  std::vector<Item> items;
  json::Raw raw;
};
BOOST_DESCRIBE_STRUCT(Record, (), (limit, items, raw))
json::Notes notes(const Record*) {
  return {{"limit", "", json::range(1, 9) | json::defaulted},
          {"items", "", json::range(0, 4) | json::defaulted},
          {"raw", "", json::defaulted | json::anything}};
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string quoted = json::quoted(text);  // any bytes make a string that parses
  require(json::parse(quoted).has_value());

  const auto value = json::parse(text);
  if (!value) return 0;
  const std::string once = json::dump(*value);
  const auto again = json::parse(once);
  require(again.has_value() && json::dump(*again) == once);
  require(json::dump(json::parse(json::dump_pretty(*value)).value()) == once);

  if (const auto record = json::decode<Record>(*value)) {
    const std::string encoded = json::encode(*record);
    const auto back = json::decode<Record>(json::parse(encoded).value());
    require(back.has_value() && json::encode(*back) == encoded);
  }
  return 0;
}
