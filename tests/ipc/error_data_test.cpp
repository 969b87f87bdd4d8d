#include "ipc/error_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::ipc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ErrorData, SaysWhatToDo) {
  EXPECT_THAT(read_suggestions({{"suggestions", {"wait", 7, "ask"}}}), ElementsAre("wait", "ask"));
}

TEST(ErrorData, MaySayNothing) {
  EXPECT_THAT(read_suggestions(json::Object()), IsEmpty());
  EXPECT_THAT(read_suggestions({{"suggestions", "wait"}}), IsEmpty());
  EXPECT_THAT(read_suggestions(json::Value("text")), IsEmpty());
}

}  // namespace
}  // namespace hearth::ipc
