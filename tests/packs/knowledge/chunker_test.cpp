#include "packs/knowledge/engine/chunker.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::packs::knowledge {
namespace {

std::string paragraphs(int count, const std::string& word) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += word + " " + std::to_string(i) + std::string(180, '.') + "\n\n";
  return text;
}

TEST(ChunkMarkdown, CutsAtHeadingsAndNamesTheirPath) {
  const auto chunks = chunk_markdown("a.md",
                                     "Before.\n# Install\nOne.\n## On Debian ##\nTwo.\n"
                                     "### Deep\nThree.\n## Elsewhere\n\nFour.\n# Use\nFive.\n");
  ASSERT_EQ(chunks.size(), 6U);
  EXPECT_EQ(chunks[0].title, "a.md");
  EXPECT_EQ(chunks[0].text, "Before.");
  EXPECT_EQ(chunks[1].title, "Install");
  EXPECT_EQ(chunks[2].title, "Install › On Debian");
  EXPECT_EQ(chunks[3].title, "Install › On Debian › Deep");
  EXPECT_EQ(chunks[4].title, "Install › Elsewhere");
  EXPECT_EQ(chunks[4].text, "Four.");
  EXPECT_EQ(chunks[4].line, 10);
  EXPECT_EQ(chunks[5].title, "Use");
}

TEST(ChunkMarkdown, TakesNoHeadingFromCode) {
  const auto chunks = chunk_markdown(
      "a.md",
      "# H\n```sh\n# a comment\n```\n#hashtag\n    # indented\n~~~~\n# x\n```\n~~~~\nend\n");
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].title, "H");
}

TEST(ChunkMarkdown, MakesNothingOfNothing) {
  EXPECT_TRUE(chunk_markdown("a.md", "").empty());
  EXPECT_TRUE(chunk_markdown("a.md", "\n \n").empty());
  EXPECT_TRUE(chunk_markdown("a.md", "# Only\n## Headings\n").empty());
}

TEST(ChunkText, SplitsLongTextAtBlankLines) {
  const auto chunks = chunk_text("n", paragraphs(40, "para"));
  ASSERT_GT(chunks.size(), 2U);
  for (const Chunk& chunk : chunks) {
    EXPECT_LE(chunk.text.size(), most_chunk_bytes);
    EXPECT_TRUE(chunk.text.starts_with("para")) << chunk.text.substr(0, 20);
    EXPECT_EQ(chunk.title, "n");
  }
}

TEST(ChunkText, SplitsEndlessParagraphsAndLinesBetweenCharacters) {
  std::string text = "x";  // so that no border falls on a multiple of 2
  for (int i = 0; i < 10'000; ++i) text += "é";
  std::string together;
  for (const Chunk& chunk : chunk_text("n", text)) {
    EXPECT_LE(chunk.text.size(), most_chunk_bytes);
    EXPECT_NE(static_cast<unsigned char>(chunk.text[0]) & 0xc0U, 0x80U);
    together += chunk.text;
  }
  EXPECT_EQ(together, text);
  const auto binary = chunk_text("n", std::string(10'000, '\x80'));
  EXPECT_EQ(binary.size(), 3U);
}

TEST(ChunkText, AnEditChangesTheChunksAroundItOnly) {
  std::string text;
  for (int section = 0; section < 20; ++section) {
    text += "# S" + std::to_string(section) + "\n" + paragraphs(12, "p" + std::to_string(section));
  }
  const auto before = chunk_markdown("n", text);
  std::string edited = text;
  edited.insert(edited.find("p10 3"), "inserted ");
  const auto after = chunk_markdown("n", edited);
  ASSERT_EQ(before.size(), after.size());
  int differing = 0;
  for (std::size_t i = 0; i < before.size(); ++i) differing += before[i].hash != after[i].hash;
  EXPECT_GE(differing, 1);
  EXPECT_LE(differing, 2);
}

TEST(ChunkText, TakesWindowsLineEnds) {
  const auto chunks = chunk_markdown("n", "# H\r\ntext\r\n## I\r\nmore\r\n");
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[1].title, "H › I");
}

}  // namespace
}  // namespace hearth::packs::knowledge
