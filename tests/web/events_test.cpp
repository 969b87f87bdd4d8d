#include "web/events.hpp"

#include <gtest/gtest.h>

namespace hearth::web {
namespace {

TEST(EventId, ReadsBackWhatItWrites) {
  EXPECT_EQ(to_string(EventId{4, 17}), "4-17");
  EXPECT_EQ(parse_event_id("4-17"), (EventId{4, 17}));
  for (const auto* text : {"", "4", "4-", "-17", "4-17x", "x-1", "4--1", "4- 1"})
    EXPECT_FALSE(parse_event_id(text)) << text;
}

TEST(Event, HasALineForEachLineOfItsData) {
  EXPECT_EQ(make_event(to_string(EventId{1, 2}), "{}"), "id: 1-2\ndata: {}\n\n");
  EXPECT_EQ(make_event("", "{}"), "data: {}\n\n");
  EXPECT_EQ(make_event("", "a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(make_event("", ""), "data: \n\n");
}

TEST(Event, OpensAStreamWithAnIdAndWithoutData) {
  EXPECT_EQ(make_opening_event({3, 0}, std::chrono::milliseconds(1500)),
            "id: 3-0\nretry: 1500\ndata: \n\n");
}

TEST(EventMemory, ForgetsTheOldest) {
  EventMemory memory({.events = 2, .bytes = 100});
  for (const auto* text : {"a", "b", "c"}) memory.add(text);
  ASSERT_EQ(memory.entries().size(), 2U);
  EXPECT_EQ(memory.entries().front().number, 2U);
  EXPECT_EQ(memory.entries().back().data, "c");
  EXPECT_EQ(memory.bytes(), 2U);
}

TEST(EventMemory, AlwaysKeepsTheNewest) {
  EventMemory memory({.events = 10, .bytes = 4});
  memory.add("abc");
  memory.add("a long one");
  ASSERT_EQ(memory.entries().size(), 1U);
  EXPECT_EQ(memory.entries().back().data, "a long one");
  EXPECT_EQ(memory.last(), 2U);
}

}  // namespace
}  // namespace hearth::web
