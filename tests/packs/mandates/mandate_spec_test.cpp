#include "packs/mandates/mandate_spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace hearth::packs::mandates {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> words(std::string_view line) {
  auto read = words_of(line);
  EXPECT_TRUE(read) << line << ": " << (read ? "" : read.error().message);
  return read ? *read : std::vector<std::string>();
}

std::string refusal(std::string_view line) {
  const auto read = words_of(line);
  return read ? "read" : read.error().message;
}

// As a shell of POSIX would read them.
TEST(WordsOf, KeepsWhatIsQuotedTogether) {
  EXPECT_THAT(words("  git log\t-5 HEAD~1 "), ElementsAre("git", "log", "-5", "HEAD~1"));
  EXPECT_THAT(words(R"(grep -c 'a b' "c d"e\ f)"), ElementsAre("grep", "-c", "a b", "c de f"));
  EXPECT_THAT(words(R"(a '' "")"), ElementsAre("a", "", ""));
  EXPECT_THAT(words(R"("\"\\\n" '\' \'\*)"), ElementsAre(R"("\\n)", "\\", "'*"));
}

TEST(WordsOf, RefusesWhatOnlyAShellWouldDo) {
  for (const char* line : {"ls *.md", "a | b", "a > b", "a && b", "echo $HOME", "a `b`", "ls ~/x",
                           "a # b", "a\nb", "ls [ab]"})
    EXPECT_THAT(refusal(line), HasSubstr("shell")) << line;
  EXPECT_THAT(refusal("grep 'a"), HasSubstr("open"));
  EXPECT_THAT(refusal("grep \"a\\\""), HasSubstr("open"));
  EXPECT_THAT(refusal("a \\"), HasSubstr("last"));
  EXPECT_THAT(refusal("  "), HasSubstr("no word"));
}

// Any words come back from their quoted form.
TEST(WordsOf, GivesBackWhatWasQuoted) {
  std::mt19937 random(20'261'130);
  constexpr std::string_view letters = "ab '\"\\$*~#\t\n|";
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> wanted(1 + random() % 4);
    std::string line;
    for (std::string& word : wanted) {
      line += " '";
      for (auto left = random() % 6; left > 0; --left) {
        word += letters[random() % letters.size()];
        line += word.back() == '\'' ? "'\\''" : std::string(1, word.back());
      }
      line += "'";
    }
    EXPECT_EQ(words(line), wanted) << line;
  }
}

}  // namespace
}  // namespace hearth::packs::mandates
