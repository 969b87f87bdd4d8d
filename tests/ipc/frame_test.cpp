#include "ipc/frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace hearth::ipc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string framed(std::string_view message) {
  std::string bytes;
  append_frame(bytes, message);
  return bytes;
}

std::string length_prefix(std::uint32_t length) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(length >> shift));
  return bytes;
}

// All messages there are now; the error's message last, if there is one.
std::vector<std::string> take_all(FrameReader& reader) {
  std::vector<std::string> messages;
  for (;;) {
    const auto next = reader.next();
    if (!next) messages.push_back("error: " + next.error().message);
    if (!next || !*next) return messages;
    messages.emplace_back(**next);
  }
}

// What a reader makes of `bytes` when they arrive in pieces as long as `sizes` says, over and over.
std::vector<std::string> read_in_pieces(std::string_view bytes, std::vector<std::size_t> sizes) {
  FrameReader reader;
  std::vector<std::string> messages;
  for (std::size_t piece = 0; !bytes.empty(); ++piece) {
    const std::size_t size = std::min(bytes.size(), sizes[piece % sizes.size()]);
    reader.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
    for (std::string& message : take_all(reader)) messages.push_back(std::move(message));
    if (!messages.empty() && messages.back().starts_with("error: ")) break;
  }
  return messages;
}

TEST(FrameReader, CutsFramesByTheirLength) {
  FrameReader reader;
  reader.feed(framed("{\"a\":1}") + framed("x") + length_prefix(3) + "ab");
  EXPECT_THAT(take_all(reader), ElementsAre("{\"a\":1}", "x"));
  EXPECT_TRUE(reader.is_partial());
  EXPECT_EQ(reader.buffered(), 6U);
  reader.feed("c");
  EXPECT_THAT(take_all(reader), ElementsAre("abc"));
  EXPECT_FALSE(reader.is_partial());
}

TEST(FrameReader, LetsTheFirstByteDecideTheFraming) {
  FrameReader lines;
  EXPECT_EQ(lines.framing(), Framing::undecided);
  lines.feed("");
  EXPECT_EQ(lines.framing(), Framing::undecided);
  lines.feed("{}\n[]\n");
  EXPECT_EQ(lines.framing(), Framing::newline_delimited);
  EXPECT_THAT(take_all(lines), ElementsAre("{}", "[]"));

  FrameReader frames;
  frames.feed(framed("{}"));
  EXPECT_EQ(frames.framing(), Framing::length_prefixed);
}

TEST(FrameReader, TakesLinesWithCarriageReturnsAndSkipsBlankOnes) {
  FrameReader reader(Framing::newline_delimited);
  reader.feed("\n \t\r\n{\"a\":1}\r\n\r\n{\"b\":\"\\r\"}\n{\"c\"");
  EXPECT_THAT(take_all(reader), ElementsAre("{\"a\":1}", "{\"b\":\"\\r\"}"));
  EXPECT_TRUE(reader.is_partial());
}

TEST(FrameReader, TakesBytesOneAtATime) {
  const std::string bytes = framed("first") + framed(std::string(300, 'x')) + framed("{}");
  EXPECT_THAT(read_in_pieces(bytes, {1}), ElementsAre("first", std::string(300, 'x'), "{}"));
  EXPECT_THAT(read_in_pieces("{\"a\":1}\r\n\n{}\n", {1}), ElementsAre("{\"a\":1}", "{}"));
}

TEST(FrameReader, GivesTheSameMessagesForAnyChunks) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const bool has_lines = round % 2 == 0;
    std::string bytes;
    for (int i = 0; i < 20; ++i) {
      const std::string message = "{" + std::string(random() % 700, 'a') + "}";
      append_frame(bytes, message,
                   has_lines ? Framing::newline_delimited : Framing::length_prefixed);
    }
    if (round % 3 == 0) bytes += has_lines ? "{broken" : length_prefix(0xffffffff);
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 5; ++i) sizes.push_back(1 + random() % 900);
    EXPECT_EQ(read_in_pieces(bytes, sizes), read_in_pieces(bytes, {bytes.size()})) << round;
  }
}

TEST(FrameReader, RefusesAnOversizedFrameBeforeItsBytesCome) {
  FrameReader reader;
  reader.feed(length_prefix(frame_cap + 1));
  EXPECT_THAT(take_all(reader), ElementsAre(HasSubstr("exceeds the cap of 8388608 bytes")));
  EXPECT_LE(reader.buffered(), 4U);
  reader.feed(framed("{}"));
  EXPECT_FALSE(reader.next().has_value()) << "the failure is for good";
}

TEST(FrameReader, RefusesFourGibibytes) {
  FrameReader reader;
  reader.feed("\xff\xff\xff\xff");
  EXPECT_THAT(take_all(reader), ElementsAre(HasSubstr("a frame of 4294967295 bytes")));
}

TEST(FrameReader, TakesAFrameOfExactlyTheCap) {
  FrameReader reader;
  reader.feed(framed(std::string(frame_cap, 'x')));
  const auto message = reader.next();
  ASSERT_TRUE(message && *message);
  EXPECT_EQ((**message).size(), frame_cap);
}

TEST(FrameReader, RefusesAnEmptyFrame) {
  FrameReader reader;
  reader.feed(std::string(4, '\0'));
  EXPECT_THAT(take_all(reader), ElementsAre("error: an empty frame"));
  EXPECT_FALSE(reader.next().has_value());
}

TEST(FrameReader, RefusesAnEndlessLine) {
  FrameReader reader(Framing::newline_delimited);
  const std::string chunk(1 << 20, 'x');
  for (int i = 0; i < 8; ++i) {
    reader.feed(chunk);
    EXPECT_THAT(take_all(reader), IsEmpty()) << i;
  }
  reader.feed("x");
  EXPECT_FALSE(reader.next().has_value());
}

TEST(FrameReader, GoesOnBehindALongLine) {
  FrameReader reader(Framing::newline_delimited);
  reader.feed(std::string(frame_cap + 1, 'x') + "\n{}\n");
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_EQ(reader.next().value(), "{}");
}

TEST(FrameReader, GoesOnBehindALineWhoseEndComesLater) {
  FrameReader reader(Framing::newline_delimited);
  reader.feed(std::string(frame_cap + 1, 'x'));
  EXPECT_FALSE(reader.next().has_value());
  for (int i = 0; i < 3; ++i) {
    reader.feed("yyy");
    EXPECT_EQ(reader.next().value(), std::nullopt);
  }
  reader.feed("zzz\n{}\n");
  EXPECT_EQ(reader.next().value(), "{}");
  EXPECT_EQ(reader.next().value(), std::nullopt);
}

TEST(FrameReader, GivesItsMemoryBackAfterALargeMessage) {
  FrameReader reader;
  const std::string large = framed(std::string(frame_cap, 'x'));
  for (std::size_t at = 0; at < large.size(); at += 65536) {
    reader.feed(std::string_view(large).substr(at, 65536));
  }
  ASSERT_EQ(take_all(reader).size(), 1U);
  EXPECT_EQ(reader.buffered(), 0U);
  EXPECT_FALSE(reader.is_partial());
  reader.feed(framed("next"));
  EXPECT_THAT(take_all(reader), ElementsAre("next"));
}

TEST(AppendFrame, WritesTheLengthBigEndian) {
  EXPECT_EQ(framed(std::string(258, 'x')).substr(0, 5), std::string("\0\0\1\2x", 5));
  std::string line;
  append_frame(line, "{}", Framing::newline_delimited);
  EXPECT_EQ(line, "{}\n");
}

}  // namespace
}  // namespace hearth::ipc
