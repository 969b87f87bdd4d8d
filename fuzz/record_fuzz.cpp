// Any bytes as what a kill left: the record of a change set or of a command. Never believed unless
// it is whole; with the right hash, whatever its fields hold, it is read to the end or not at all,
// and what was read is written as the same bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "packs/mandates/workspace/effect.hpp"
#include "packs/mandates/workspace/fields.hpp"
#include "packs/mandates/workspace/guard_record.hpp"

namespace {

using namespace hearth::packs::mandates::workspace;

void require(bool holds) {
  if (!holds) std::abort();
}

template <typename Record>
void check_body(std::string_view magic, std::string_view body) {
  const std::string whole = sealed(magic, "1", body);
  require(unsealed(magic, "1", whole) == body);
  const auto record = Record::parse(whole);
  if (!record) return;
  // Numbers may be written in several ways, and a path be there twice; once read, it is one.
  const std::string bytes = record->to_bytes();
  const auto again = Record::parse(bytes);
  require(again && again->to_bytes() == bytes);
}

void check_fields(std::string_view bytes) {
  std::string fields;
  put(fields, bytes);
  put_number(fields, static_cast<std::int64_t>(bytes.size()) - 3);
  std::string_view rest = fields;
  require(take(rest) == bytes);
  require(take_number(rest) == static_cast<std::int64_t>(bytes.size()) - 3 && rest.empty());
  std::string_view any = bytes;
  while (take(any)) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  require(!GuardRecord::parse(bytes) || bytes.starts_with("hearth guard 1\n"));
  require(!ChangeRecord::parse(bytes) || bytes.starts_with("hearth change set 1\n"));
  check_body<GuardRecord>("hearth guard", bytes);
  check_body<ChangeRecord>("hearth change set", bytes);
  check_fields(bytes);
  return 0;
}
