#include "search/generation.hpp"

#include <gtest/gtest.h>

#include "support/fault_env.hpp"

namespace hearth::search {
namespace {

constexpr FileKind kind = file_kind("test", 2);

std::string made(std::size_t alignment = 64) {
  MemoryFile file;
  GenerationWriter writer(file, kind, alignment);
  writer.begin_section(3);
  writer.append("third");
  writer.begin_section(1);
  writer.append("fir");
  writer.append("st");
  writer.begin_section(9);
  EXPECT_TRUE(writer.finish(42));
  return file.take();
}

TEST(Generation, GivesItsSectionsBack) {
  const auto opened = Generation::of_bytes(made(GenerationWriter::page_size), kind);
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->section(1), "first");
  EXPECT_EQ((*opened)->section(3), "third");
  EXPECT_EQ((*opened)->section(9), "");
  EXPECT_EQ((*opened)->section(7), "");
  EXPECT_EQ((*opened)->sequence(), 42U);
  EXPECT_TRUE((*opened)->verify({}));
  const char* begin = (*opened)->section(3).data();
  EXPECT_EQ((begin - ((*opened)->section(1).data() - GenerationWriter::page_size)), 0);
}

TEST(Generation, RefusesWhatItIsNotMadeFor) {
  EXPECT_EQ(Generation::of_bytes("", kind).error().code, Errc::damaged);
  EXPECT_EQ(Generation::of_bytes(std::string(500, 'x'), kind).error().code, Errc::damaged);
  EXPECT_EQ(Generation::of_bytes(made(), file_kind("else", 2)).error().code, Errc::unsupported);
  const auto newer = Generation::of_bytes(made(), file_kind("test", 1));
  EXPECT_EQ(newer.error().code, Errc::unsupported);
  EXPECT_NE(newer.error().message.find("newer"), std::string::npos);
  EXPECT_EQ(Generation::of_bytes(made(), file_kind("test", 3)).error().code, Errc::unsupported);
}

TEST(Generation, NoticesEveryCutAndEveryFlippedBit) {
  const std::string whole = made();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Generation::of_bytes(whole.substr(0, size), kind)) << size;
  }
  test::FaultEnv env;
  int harmless = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] ^= 0x10;
    const std::string path = "/g" + std::to_string(at);
    ASSERT_TRUE((*env.create(path, 0600))->append(changed));
    const auto opened = Generation::open(env, path, kind);
    if (!opened) continue;
    EXPECT_EQ((*opened)->trust(), Trust::unverified);
    if ((*opened)->verify({})) {
      ++harmless;
      EXPECT_EQ((*opened)->section(1), "first");
      EXPECT_EQ((*opened)->section(3), "third");
      continue;
    }
    EXPECT_EQ((*opened)->trust(), Trust::damaged);
    // It does not become sound again.
    EXPECT_FALSE((*opened)->verify({}));
  }
  EXPECT_LT(harmless, 200);  // what lies between the sections
}

TEST(Generation, ReportsAFullDisk) {
  for (int step = 2; step <= 3; ++step) {
    test::FaultEnv env;
    env.fail_at(step);
    const auto file = env.create("/g", 0600);
    GenerationWriter writer(**file, kind, 64);
    writer.begin_section(1);
    writer.append("first");
    EXPECT_EQ(writer.finish(1).error().code, Errc::io) << step;
  }
}

}  // namespace
}  // namespace hearth::search
