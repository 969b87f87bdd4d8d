#include "packs/mandates/page_wire.hpp"

namespace hearth::packs::mandates::wire {

json::Limits word() {
  return json::range(1, 200);
}
json::Limits reason() {
  return json::range(0, 2'000) | json::defaulted;
}
json::Limits page_size() {
  return json::range(1, 500) | json::defaulted;
}
json::Limits page_begin() {
  return json::range(0, 1'000'000'000) | json::defaulted;
}

json::Notes notes(const PageRequest*) {
  return {{"limit", "Most rows", page_size()}, {"offset", "Rows to leave out", page_begin()}};
}
json::Notes notes(const DoneAnswer*) {
  return {{"id", ""}, {"state", ""}};
}
json::Notes notes(const NoRequest*) {
  return {};
}

}  // namespace hearth::packs::mandates::wire
