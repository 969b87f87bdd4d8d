#include "packs/sql/engine/exact_number.hpp"

#include <gtest/gtest.h>

namespace hearth::packs::sql {
namespace {

TEST(ExactNumber, IsOneThatADoubleGivesBack) {
  for (const std::string_view kept :
       {"0", "-1", "9007199254740991", "-9007199254740991", "0.1", "0.30000000000000004", "1e300",
        "1.7976931348623157e308", "123456789012345.0", "1234567890123450000000.0", "-0.0"}) {
    EXPECT_TRUE(is_exact(kept)) << kept;
  }
  for (const std::string_view lost :
       {"9007199254740992", "10000000000000000", "18446744073709551616",
        "123456789012345678.125001", "0.12345678901234567891", "1.7976931348623157999e308",
        "12345678901234567890e400"}) {
    EXPECT_FALSE(is_exact(lost)) << lost;
  }
}

TEST(ExactNumber, MayBeLargerWhereItsReaderSaysSo) {
  EXPECT_TRUE(is_exact("18446744073709551615", UINT64_MAX));
  EXPECT_FALSE(is_exact("18446744073709551616", UINT64_MAX));
}

}  // namespace
}  // namespace hearth::packs::sql
