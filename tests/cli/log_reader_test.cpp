#include "cli/log_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/scratch_directory.hpp"
#include "support/write_below.hpp"

namespace hearth::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

void append(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::app) << text;
}

TEST(LastLines, ReadsFromTheEnd) {
  const test::ScratchDirectory home("log");
  const std::string path = test::write_below(home.path(), "l", "one\ntwo\nthree\n");
  EXPECT_THAT(*last_lines(path, 2), ElementsAre("two", "three"));
  EXPECT_THAT(*last_lines(path, 99), ElementsAre("one", "two", "three"));
  EXPECT_THAT(*last_lines(path, 0), IsEmpty());
  append(path, "no end");
  EXPECT_THAT(*last_lines(path, 2), ElementsAre("three", "no end"));
}

TEST(LastLines, ReadsAcrossBlocks) {
  const test::ScratchDirectory home("log");
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i) + "\n";
  const std::string path = test::write_below(home.path(), "l", text);
  const auto lines = last_lines(path, 15'000);
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->size(), 15'000U);
  EXPECT_EQ(lines->front(), "line 5000");
}

TEST(LastLines, AMissingLogIsNotFound) {
  EXPECT_EQ(last_lines("/nowhere/log", 5).error().code, Errc::not_found);
}

TEST(FollowFile, ShowsWhatIsAppendedAlsoAfterARotation) {
  const test::ScratchDirectory home("log");
  const std::string path = test::write_below(home.path(), "l", "old\n");
  // Appends a line at a time, each only once the one before was seen, so that nothing depends on
  // when the follower begins; the first ones repeat until it has.
  std::string seen;
  std::thread writer;
  std::atomic<bool> has_begun = false;
  writer = std::thread([&] {
    while (!has_begun) {
      append(path, "begin\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  bool is_rotated = false;
  const auto done = follow_file(path, [&](std::string_view text) {
    seen += text;
    if (!has_begun.exchange(true)) writer.join();
    if (!is_rotated) {
      is_rotated = true;
      std::filesystem::rename(path, path + ".1");
      append(path, "after\n");
    }
    return seen.find("after\n") == std::string::npos;
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(seen.find("old"), std::string::npos);
  EXPECT_NE(seen.find("begin\n"), std::string::npos);
}

}  // namespace
}  // namespace hearth::cli
