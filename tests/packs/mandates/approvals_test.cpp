// Decisions: taken once, for the bytes that were sealed, before the deadline, or not at all.
#include <gtest/gtest.h>

#include <string>

#include "packs/mandates/store_fixture.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class ApprovalsTest : public StoreTest {};

TEST_F(ApprovalsTest, ADecisionIsTakenOnce) {
  (void)run_waiting_for_approval();
  const std::string id = engine_->approvals().pending().value().front();
  EXPECT_EQ(engine_->approvals().decide("prop_0", Verdict::approve, "eve", "").error().code,
            Errc::not_found);
  ASSERT_TRUE(engine_->approvals().decide(id, Verdict::deny, "ada", "no"));
  EXPECT_EQ(engine_->approvals().decide(id, Verdict::approve, "eve", "").error().code,
            Errc::conflict);
}

TEST_F(ApprovalsTest, RefusesForgedEditedAndReplayedApprovals) {
  struct Attack {
    std::string name;
    std::string sql;
  };
  const Attack attacks[] = {
      {"a decision without a seal", "UPDATE proposals SET state = 'approved'"},
      {"a made-up decision",
       "UPDATE proposals SET state = 'approved', decision = CAST('yes' AS BLOB)"},
      {"other content",
       "UPDATE proposals SET sealed = CAST(replace(CAST(sealed AS TEXT), 'a.txt', 'b.txt') AS "
       "BLOB)"},
      {"another proposal's row", "UPDATE proposals SET id = 'prop_other'"},
      {"an approval of another step", "UPDATE proposals SET step = 'b'"},
  };
  for (const Attack& attack : attacks) {
    SCOPED_TRACE(attack.name);
    const auto run = run_waiting_for_approval();
    edit(attack.sql + " WHERE run_n = " + std::to_string(run));
    edit("UPDATE runs SET not_before_ms = 0");
    open();
    for (const std::string& id : engine_->approvals().pending().value())
      (void)engine_->approvals().decide(id, Verdict::deny, "ada", "");
    while (engine_->work()) {
    }
    EXPECT_EQ(world_.count("effect"), 0);
    EXPECT_EQ(world_.read("a.txt"), "");
  }
}

TEST_F(ApprovalsTest, AnApprovalOfAnotherProposalDoesNotFit) {
  (void)run_waiting_for_approval();
  const std::string first = engine_->approvals().pending().value().front();
  ASSERT_TRUE(engine_->approvals().decide(first, Verdict::approve, "ada", ""));
  while (engine_->work()) {
  }
  EXPECT_EQ(world_.count("effect"), 1);
  // The real decision of the first, put beside the second; and the used one taken back.
  world_.put("a.txt", "");
  const auto second = run_waiting_for_approval();
  edit(
      "UPDATE proposals SET state = 'approved', decision = (SELECT decision FROM proposals WHERE "
      "id = '" +
      first + "') WHERE run_n = " + std::to_string(second) +
      "; UPDATE proposals SET state = 'approved' WHERE id = '" + first +
      "'; UPDATE runs SET not_before_ms = 0");
  open();
  while (engine_->work()) {
  }
  EXPECT_EQ(world_.count("effect"), 1);
}

TEST_F(ApprovalsTest, AnEditedDeadlineChangesNothing) {
  const auto run = run_waiting_for_approval();
  const std::string id = engine_->approvals().pending().value().front();
  edit("UPDATE proposals SET expires_ms = expires_ms + 999999999");
  open();
  clock_.advance(hours(9));
  EXPECT_EQ(engine_->approvals().decide(id, Verdict::approve, "ada", "").error().code,
            Errc::timed_out);
  while (engine_->work()) {
  }
  EXPECT_EQ(engine_->run(run).state, "ended");
  EXPECT_EQ(world_.count("effect"), 0);
}

TEST_F(ApprovalsTest, AnApprovalDoesNotReviveWhenTheClockIsSetBack) {
  (void)run_waiting_for_approval();
  const std::string id = engine_->approvals().pending().value().front();
  clock_.advance(hours(9));
  ASSERT_TRUE(engine_->runs().create(mandate_.n, "test"));  // time was seen
  clock_.advance(-hours(9));
  open();
  EXPECT_EQ(engine_->approvals().decide(id, Verdict::approve, "ada", "").error().code,
            Errc::timed_out);
}

TEST(Seals, GiveBackWhatWasSealed) {
  const Key key{digest("key")};
  const Proposal proposal{.id = "p",
                          .run = "r",
                          .cycle = 3,
                          .step = "s",
                          .needs_elevation = true,
                          .kind = "write",
                          .target = "a:1,b",
                          .created = WallTime(minutes(1)),
                          .expires = WallTime(minutes(2)),
                          .content = std::string("\0\n1:x,", 6)};
  const std::string sealed = seal(proposal, key);
  const Proposal opened = open_proposal(sealed, key).value();
  EXPECT_EQ(seal(opened, key), sealed);
  EXPECT_EQ(opened.content, proposal.content);
  const std::string decision =
      seal(Decision{.proposal = "p", .verdict = Verdict::elevate}, sealed, key);
  EXPECT_EQ(open_decision(decision, sealed, key).value().verdict, Verdict::elevate);
  EXPECT_FALSE(open_decision(decision, sealed + "x", key));
  EXPECT_FALSE(open_proposal(decision, key));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(open_proposal(changed, key).error().code, Errc::permission) << i;
  }
}

}  // namespace
}  // namespace hearth::packs::mandates
