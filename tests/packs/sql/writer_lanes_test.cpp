#include "packs/sql/writer_lanes.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace hearth::packs::sql {
namespace {

TEST(WriterLanes, RunsOneAtATimeInOrderBesideOtherLanes) {
  io::Pool pool("lanes", 4, 64);
  WriterLanes lanes(pool);
  std::promise<void> gate;
  auto open = gate.get_future().share();
  std::vector<int> order;  // of lane a: one at a time, so no lock
  std::promise<void> other;
  std::promise<void> last;
  ASSERT_TRUE(lanes.submit("a", [&, open] {
    open.wait();
    order.push_back(0);
  }));
  for (int i = 1; i < 20; ++i) {
    ASSERT_TRUE(lanes.submit("a", [&order, i] { order.push_back(i); }));
  }
  ASSERT_TRUE(lanes.submit("a", [&] { last.set_value(); }));
  ASSERT_TRUE(lanes.submit("b", [&] { other.set_value(); }));
  other.get_future().wait();  // while a waits
  gate.set_value();
  last.get_future().wait();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(order.at(static_cast<std::size_t>(i)), i);
  pool.close();
}

TEST(WriterLanes, RefusesMoreThanItsBound) {
  io::Pool pool("lanes", 1, 64);
  WriterLanes lanes(pool);
  std::promise<void> gate;
  auto open = gate.get_future().share();
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    const auto queued = lanes.submit("a", [open] { open.wait(); });
    if (!queued) EXPECT_EQ(queued.error().code, Errc::busy);
    refused += queued ? 0 : 1;
  }
  EXPECT_EQ(refused, 400 - 256);
  gate.set_value();
  pool.close();
}

}  // namespace
}  // namespace hearth::packs::sql
