#include "packs/mandates/inside/order.hpp"

#include <gtest/gtest.h>

#include "packs/mandates/inside/keeper.hpp"

namespace hearth::packs::mandates::inside {
namespace {

Result<Order> parse(std::vector<std::string> words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return Order::parse(pointers);
}

TEST(Order, ReadsWhatItWrites) {
  const Order order{.control = 7,
                    .input = 8,
                    .memory_bytes = 1,
                    .file_bytes = 2,
                    .processes = 3,
                    .open_files = 4,
                    .relay_port = 5,
                    .relay_socket = "/a b",
                    .readable = {"/r", "/s=t"},
                    .devices = {"/d"},
                    .writable = {"/w"},
                    .mounted = {"1:2 /w x"},
                    .directory = "/here",
                    .words = {"sh", "--control=9", "--", ""}};
  const auto read = parse(order.to_arguments());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->to_arguments(), order.to_arguments());
  EXPECT_EQ(read->control, 7) << "what follows -- is the command's";
  EXPECT_EQ(read->words, order.words);
}

TEST(Order, RefusesWhatIsNone) {
  EXPECT_FALSE(parse({}));
  EXPECT_FALSE(parse({"--control=1"}));
  EXPECT_FALSE(parse({"--control=x", "--", "sh"}));
  EXPECT_FALSE(parse({"--control=1", "--nosuch=1", "--", "sh"}));
  EXPECT_FALSE(parse({"--control=1", "sh"}));
}

TEST(KeepOrder, ReadsWhatItWritesAndNothingElse) {
  const auto read_back = [](std::vector<std::string> words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    return KeepOrder::parse(pointers);
  };
  const KeepOrder order{.lifeline = 5, .group = -1, .words = {"/usr/bin/bwrap", "--keep", ""}};
  const auto read = read_back(order.to_arguments());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->lifeline, 5);
  EXPECT_EQ(read->group, -1);
  EXPECT_EQ(read->words, order.words);
  EXPECT_FALSE(read_back({}));
  EXPECT_FALSE(read_back({"--keep", "5", "6"}));
  EXPECT_FALSE(read_back({"--keep", "5", "x", "/usr/bin/bwrap"}));
  EXPECT_FALSE(read_back({"--control=5", "5", "6", "/usr/bin/bwrap"}));
}

TEST(Report, ReadsWhatItWrites) {
  for (const auto end : {Report::End::exited, Report::End::signalled, Report::End::memory,
                         Report::End::processes, Report::End::not_begun}) {
    const Report report{
        .end = end, .number = 3, .peak_bytes = 4, .peak_processes = 5, .step = "a b"};
    const auto read = Report::parse(report.to_text());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->to_text(), report.to_text());
  }
  EXPECT_FALSE(Report::parse(""));
  EXPECT_FALSE(Report::parse("exited"));
  EXPECT_FALSE(Report::parse("exited x 1 1 "));
}

}  // namespace
}  // namespace hearth::packs::mandates::inside
