#include "packs/sql/runner.hpp"

#include <gtest/gtest.h>

#include "packs/sql/fake_engine.hpp"
#include "packs/sql/transaction.hpp"

namespace hearth::packs::sql {
namespace {

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() { databases_.add_engine(std::make_unique<test::FakeEngine>(state_)); }
  Target target(const std::string& id = "s") {
    return *databases_.resolve("scratch", {.id = id, .name_space = "n", .roots = {}},
                               Access::read_write);
  }
  // As a tool does, with what it says of an error.
  Result<Executed> execute(bool may_be_done = false) {
    auto executed = runner_.execute(target(), {{.sql = "x"}}, {"key", "print"}, may_be_done, {});
    if (executed) return executed;
    return std::unexpected(in_doubt(executed.error(), may_be_done));
  }

  test::FakeState state_;
  Databases databases_;
  Connections connections_{databases_};
  Cursors cursors_;
  Runner runner_{connections_, cursors_};
};

TEST_F(RunnerTest, PagesByACursorThatOnlyItsSessionHas) {
  auto page = runner_.query(target(), {.sql = "x"}, {.rows = 4}, true, {});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->rows.rows(), 4U);
  ASSERT_FALSE(page->cursor.empty());
  EXPECT_EQ(runner_.go_on(target("other").session, page->cursor, {}, {}).error().code,
            Errc::not_found);
  auto rest = runner_.go_on(target().session, page->cursor, {.rows = 100}, {});
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->rows.rows(), 6U);
  EXPECT_FALSE(rest->is_truncated);
  EXPECT_TRUE(rest->cursor.empty());
  EXPECT_FALSE(runner_.go_on(target().session, page->cursor, {}, {}));
}

TEST_F(RunnerTest, KeepsFewCursorsOfASession) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= Cursors::most_of_session; ++i) {
    names.push_back(runner_.query(target(), {.sql = "x"}, {.rows = 1}, true, {})->cursor);
  }
  EXPECT_FALSE(runner_.go_on(target().session, names.front(), {}, {}));
  EXPECT_TRUE(runner_.go_on(target().session, names.back(), {}, {}));
}

TEST_F(RunnerTest, UsesAConnectionAgain) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(execute());
  EXPECT_EQ(state_.connections, 1);
  ASSERT_TRUE(databases_.attach(target().session, {"fake", {.alias = "other", .location = "/x"}}));
  ASSERT_TRUE(execute());
  EXPECT_EQ(state_.connections, 2) << "the session sees other databases now";
  connections_.drop(target().session);
  EXPECT_TRUE(connections_.quiet_since());
}

// As SQL does.
TEST_F(RunnerTest, NamesDatabasesInAnyCase) {
  const SessionRef session = target().session;
  ASSERT_TRUE(databases_.attach(session, {"fake", {.alias = "Sales", .location = "/x"}}));
  EXPECT_EQ(databases_.resolve("SALES", session, Access::read_only)->database.alias, "sales");
  EXPECT_EQ(databases_.attach(session, {"fake", {.alias = "sales", .location = "/y"}}).error().code,
            Errc::conflict);
  EXPECT_FALSE(databases_.attach(session, {"fake", {.alias = "Persistent", .location = "/y"}}));
  EXPECT_TRUE(databases_.detach(session, "sALES"));
}

TEST_F(RunnerTest, AsksNobodyElseUnderTheSameAlias) {
  Target one = target();
  one.database = {.alias = "a", .location = "/x.csv"};
  Target other = one;
  other.database.location = "/x.duckdb";
  EXPECT_TRUE(runner_.query(one, {.sql = "x"}, {}, false, {}));
  EXPECT_TRUE(runner_.query(other, {.sql = "x"}, {}, false, {}));
  EXPECT_EQ(state_.connections, 2);
}

TEST_F(RunnerTest, RepeatsWhatAnEnginesEndHasUndone) {
  state_.failures = {Errc::engine_restarted, Errc::engine_restarted};
  EXPECT_TRUE(execute());
  EXPECT_EQ(state_.keys, (std::vector<std::string>{"key", "key", "key"}));
  state_.failures = {Errc::engine_restarted};
  EXPECT_TRUE(runner_.query(target(), {.sql = "x"}, {}, false, {}));
  state_.failures.assign(6, Errc::engine_restarted);
  EXPECT_EQ(execute().error().code, Errc::outcome_unknown) << "not for ever";
}

TEST_F(RunnerTest, RepeatsConflictsAFewTimes) {
  state_.failures = {Errc::conflict, Errc::conflict};
  EXPECT_TRUE(execute());
  state_.failures.assign(6, Errc::conflict);
  EXPECT_EQ(execute().error().code, Errc::conflict);
  EXPECT_TRUE(state_.failures.empty());
}

TEST_F(RunnerTest, SaysWhenNobodyKnowsTheOutcome) {
  state_.keeps_keys = false;
  EXPECT_TRUE(execute());
  EXPECT_EQ(execute(true).error().code, Errc::outcome_unknown);
  EXPECT_EQ(state_.executed, 1);
  state_.keeps_keys = true;
  EXPECT_TRUE(execute(true)) << "the key tells";
}

TEST_F(RunnerTest, DoubtsWhatWasSentBeforeUntilTheEngineHasAnswered) {
  for (const Errc code : {Errc::unavailable, Errc::timed_out, Errc::busy}) {
    state_.failures = {code};
    EXPECT_EQ(execute(true).error().code, Errc::outcome_unknown);
    state_.failures = {code};
    EXPECT_EQ(execute().error().code, code) << "nothing had been sent";
  }
  state_.failures = {Errc::engine_restarted, Errc::unavailable};
  EXPECT_EQ(execute().error().code, Errc::outcome_unknown) << "it ended while it worked on this";
  state_.failures = {Errc::engine_restarted, Errc::invalid_args};
  EXPECT_EQ(execute().error().code, Errc::invalid_args) << "the key was not there";
  state_.keeps_keys = false;
  state_.failures = {Errc::engine_restarted};
  EXPECT_TRUE(execute()) << "engines without keys say so only of what they have undone";
}

TEST_F(RunnerTest, NamesDatabasesWithTheirNearest) {
  const auto none = databases_.resolve("persistant", target().session, Access::read_only);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().suggestions, std::vector<std::string>{"persistent"});
  EXPECT_FALSE(databases_.attach(target().session, {"fake", {.alias = "main", .location = "/x"}}));
  EXPECT_FALSE(databases_.attach(target().session, {"fake", {.alias = "a b", .location = "/x"}}));
  EXPECT_FALSE(databases_.detach(target().session, "nothing"));
}

}  // namespace
}  // namespace hearth::packs::sql
