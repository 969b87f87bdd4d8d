// Messages between hearthd and its DuckDB process: whatever bytes arrive are refused or read, and
// what was read is written and read again to the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "packs/sql/engine/duckdb_protocol.hpp"

namespace {

using namespace hearth::packs::sql::duckdb;

void require(bool holds) {
  if (!holds) std::abort();
}

template <typename Message>
void expect_stable(const hearth::Result<Message>& read,
                   hearth::Result<Message> (*decode)(std::string_view)) {
  if (!read) return;
  const std::string bytes = encode(*read);
  const auto again = decode(bytes);
  require(again.has_value());
  require(encode(*again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  expect_stable(decode_control(bytes), decode_control);
  expect_stable(decode_report(bytes), decode_report);
  expect_stable(decode_request(bytes), decode_request);
  const auto response = decode_response(bytes);
  expect_stable(response, decode_response);
  if (response) {  // every cell can be looked at
    for (std::size_t row = 0; row < response->batch.rows(); ++row) {
      for (std::size_t i = 0; i < response->batch.columns(); ++i) {
        require(response->batch.at(row, i).text.size() <= size);
      }
    }
  }
  return 0;
}
