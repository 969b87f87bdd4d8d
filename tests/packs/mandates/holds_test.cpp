#include "packs/mandates/workspace/holds.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <utility>

namespace hearth::packs::mandates::workspace {
namespace {

TEST(Holds, KeepWhatIsAroundAndBelow) {
  Holds holds;
  const auto hold = holds.take("/w/a");
  for (const char* const directory : {"/w/a", "/w/a/sub", "/w", "/"})
    EXPECT_FALSE(holds.is_free(directory)) << directory;
  for (const char* const directory : {"/w/ab", "/w/b", "/x"})
    EXPECT_TRUE(holds.is_free(directory)) << directory;
}

TEST(Holds, AreHandedOn) {
  Holds holds;
  Holds::Hold one;
  one = holds.take("/w");
  Holds::Hold other = std::move(one);
  EXPECT_FALSE(holds.is_free("/w"));
  std::jthread waiting([&] { const auto hold = holds.take("/w/sub"); });
  {
    const Holds::Hold gone = std::move(other);
  }
  waiting.join();
  EXPECT_TRUE(holds.is_free("/w"));
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
