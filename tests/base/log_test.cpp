#include "base/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "support/file_text.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::log {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string after_time(const std::string& line) {
  return line.substr(std::string("2026-11-21T09:00:00.123Z ").size());
}

TEST(FormatLine, HasTimeLevelMessageAndFields) {
  const std::string line =
      format_line(Level::info, "index opened", {kv("pack", "knowledge"), kv("ms", 12)});
  EXPECT_THAT(line, ::testing::MatchesRegex(
                        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z info  index opened "
                        "pack=knowledge ms=12"));
}

TEST(FormatLine, PadsTheLevels) {
  EXPECT_EQ(after_time(format_line(Level::debug, "x", {})), "debug x");
  EXPECT_EQ(after_time(format_line(Level::warning, "x", {})), "warn  x");
  EXPECT_EQ(after_time(format_line(Level::error, "x", {})), "error x");
}

TEST(FormatLine, QuotesValuesThatWouldNotStandAlone) {
  const auto value = [](std::string_view text) {
    return after_time(format_line(Level::info, "m", {kv("k", text)}))
        .substr(std::string("info  m k=").size());
  };
  EXPECT_EQ(value("plain/path.db"), "plain/path.db");
  EXPECT_EQ(value(""), R"("")");
  EXPECT_EQ(value("two words"), R"("two words")");
  EXPECT_EQ(value("a=b"), R"("a=b")");
  EXPECT_EQ(value(R"(say "hi" \o/)"), R"("say \"hi\" \\o/")");
  EXPECT_EQ(value("line\nbreak"), R"("line\nbreak")");
  EXPECT_EQ(value("bell\a"), R"("bell?")");
}

TEST(FormatLine, StaysOneLineWhateverTheMessage) {
  const std::string line = format_line(Level::info, "a\nb\x1b[2J", {kv("k", "c\r\nd")});
  for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << line;
}

// Puts the log into a file for one test, and standard output and error back afterwards. The log of
// the process stays with a file once it has one; the next test opens its own.
class LogFileTest : public ::testing::Test {
 protected:
  LogFileTest() {
    std::fflush(nullptr);
    out_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    err_.reset(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  }
  ~LogFileTest() override {
    std::fflush(nullptr);
    ::dup2(out_.get(), STDOUT_FILENO);
    ::dup2(err_.get(), STDERR_FILENO);
    set_level(Level::info);
  }
  LogFileTest(const LogFileTest&) = delete;
  LogFileTest& operator=(const LogFileTest&) = delete;

  test::ScratchDirectory directory_;
  std::string path_ = directory_ / "hearthd.log";

 private:
  UniqueFd out_;
  UniqueFd err_;
};

TEST_F(LogFileTest, AppendsToAFileOfTheOwner) {
  std::ofstream(path_) << "before\n";
  ASSERT_TRUE(open_file(path_).has_value());
  info("hello", {kv("n", 1)});
  EXPECT_THAT(test::file_text(path_), HasSubstr("before\n"));
  EXPECT_THAT(test::file_text(path_), HasSubstr("info  hello n=1\n"));
  const std::string fresh = directory_ / "fresh.log";
  ASSERT_TRUE(open_file(fresh).has_value());
  struct stat status{};
  ASSERT_EQ(::stat(fresh.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(LogFileTest, KeepsWhatTheProcessPrints) {
  ASSERT_TRUE(open_file(path_).has_value());
  std::printf("from stdout\n");
  std::fflush(stdout);
  std::fprintf(stderr, "from stderr\n");
  EXPECT_THAT(test::file_text(path_), HasSubstr("from stdout\n"));
  EXPECT_THAT(test::file_text(path_), HasSubstr("from stderr\n"));
}

TEST_F(LogFileTest, LeavesOutWhatIsBelowTheLevel) {
  ASSERT_TRUE(open_file(path_).has_value());
  debug("too fine");
  set_level(Level::warning);
  info("fine");
  warning("coarse");
  EXPECT_THAT(test::file_text(path_), Not(HasSubstr("fine")));
  EXPECT_THAT(test::file_text(path_), HasSubstr("coarse"));
}

TEST_F(LogFileTest, FiltersLines) {
  ASSERT_TRUE(open_file(path_));
  set_filter(
      [](std::string_view line) { return std::string(line.substr(0, line.find("sk-"))) + "…"; });
  info("asked", {kv("key", "sk-secret")});
  set_filter({});
  info("plain", {kv("key", "sk-")});
  EXPECT_THAT(test::file_text(path_), HasSubstr("asked key=…\n"));
  EXPECT_THAT(test::file_text(path_), HasSubstr("plain key=sk-\n"));
}

TEST_F(LogFileTest, RotatesAtTheSizeAndKeepsSoMany) {
  ASSERT_TRUE(open_file(path_, 1000, 2).has_value());
  for (int i = 0; i < 200; ++i) info("a line of some length to fill the file", {kv("i", i)});
  EXPECT_LE(std::filesystem::file_size(path_), 1000U);
  EXPECT_LE(std::filesystem::file_size(path_ + ".1"), 1000U);
  EXPECT_TRUE(std::filesystem::exists(path_ + ".2"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
  EXPECT_THAT(test::file_text(path_) + test::file_text(path_ + ".1"), HasSubstr("i=199\n"));
}

TEST_F(LogFileTest, LosesNoLineAcrossARotation) {
  ASSERT_TRUE(open_file(path_, 2000, 100).has_value());
  for (int i = 0; i < 100; ++i) info("numbered", {kv("i", i)});
  std::string all;
  for (int n = 100; n > 0; --n) all += test::file_text(path_ + "." + std::to_string(n));
  all += test::file_text(path_);
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at = all.find("numbered i=" + std::to_string(i) + "\n", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(LogFileTest, TruncatesWhenNoOldFileIsKept) {
  ASSERT_TRUE(open_file(path_, 1000, 0).has_value());
  for (int i = 0; i < 100; ++i) info("a line of some length to fill the file", {kv("i", i)});
  EXPECT_LE(std::filesystem::file_size(path_), 1000U);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".1"));
}

TEST_F(LogFileTest, WritesWholeLinesFromManyThreads) {
  ASSERT_TRUE(open_file(path_, 4000, 50).has_value());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < 100; ++i)
          info("line", {kv("thread", t), kv("i", i), kv("end", "here")});
      });
    }
  }
  std::size_t lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    std::istringstream text(test::file_text(entry.path()));
    for (std::string line; std::getline(text, line); ++lines) {
      EXPECT_TRUE(line.ends_with("end=here")) << line;
    }
  }
  EXPECT_EQ(lines, 400U);
}

TEST_F(LogFileTest, NamesWhatCannotBeOpened) {
  const auto missing = open_file(directory_ / "none/hearthd.log");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().message, HasSubstr("none/hearthd.log"));
  EXPECT_FALSE(open_file(directory_.path()).has_value());
  const std::string fifo = directory_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(open_file(fifo).has_value());  // and did not wait for a reader
}

}  // namespace
}  // namespace hearth::log
