#include "store/guarded_mapping.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_signals.hpp"
#include "store/env.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::store {
namespace {

constexpr std::size_t size = 256 * 1024;

class Mapping : public testing::Test {
 protected:
  Mapping() { std::ofstream(path_) << std::string(size, 'x'); }
  const test::ScratchDirectory directory_{"mapping"};
  const std::string path_ = directory_ / "file";
};

TEST_F(Mapping, ReadsZerosWhereTheFileWasCut) {
  const auto file = system_env().map(path_).value();
  const auto other = system_env().map(path_).value();
  EXPECT_EQ(file->bytes().back(), 'x');
  EXPECT_FALSE(file->is_cut());
  std::filesystem::resize_file(path_, 4096);
  EXPECT_EQ(file->bytes()[4095], 'x');
  EXPECT_FALSE(file->is_cut());
  EXPECT_EQ(file->bytes()[4096], 0);
  EXPECT_EQ(file->bytes().back(), 0);
  EXPECT_TRUE(file->is_cut());
  EXPECT_FALSE(other->is_cut()) << "nobody has read it";
}

TEST_F(Mapping, IsReadByManyThreadsWhileItIsCut) {
  const auto file = system_env().map(path_).value();
  constexpr int many = 4;
  std::latch have_begun(many);
  std::vector<std::jthread> readers;
  for (int i = 0; i < many; ++i) {
    readers.emplace_back([&] {
      leave_signals_to_the_loop();
      EXPECT_EQ(std::ranges::count(file->bytes(), 'x'), size);
      have_begun.count_down();
      while (std::ranges::count(file->bytes(), 'x') > 0) {
      }
      EXPECT_TRUE(file->is_cut());
    });
  }
  have_begun.wait();
  std::filesystem::resize_file(path_, 0);
}

TEST_F(Mapping, GivesItsPlaceBack) {
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(system_env().map(path_));
  const auto file = system_env().map(path_).value();
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(file->bytes().back(), 0);
  EXPECT_TRUE(file->is_cut());
}

}  // namespace
}  // namespace hearth::store
