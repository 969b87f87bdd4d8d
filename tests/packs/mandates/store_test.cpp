// The store against its enemies: edited rows, older copies, lost files, full disks, clocks set
// back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "packs/mandates/scripted_world.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    // Schedules of whole hours are then in time after whole hours.
    clock_.advance(std::chrono::ceil<hours>(clock_.wall()) - clock_.wall());
    open();
    mandate_ = create_mandate(*engine_->store, "m", "spec").value();
  }
  Result<std::unique_ptr<test::Engine>> try_open() {
    engine_.reset();
    return test::Engine::open(state_, clock_, world_);
  }
  void open() {
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().message;
    engine_ = std::move(*opened);
  }
  // As somebody with an SQL shell, while no daemon runs.
  void edit(const std::string& sql) {
    engine_.reset();
    auto database = store::Database::open(state_ + "/mandates.db", {}).value();
    const auto done = database.execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::int64_t run_waiting_for_approval() {
    world_.plans = {"a||halt|ask write a.txt x"};
    const auto run = engine_->runs().create(mandate_.n, "test").value();
    while (engine_->work()) {
    }
    return run;
  }
  std::int64_t schedule(ScheduleSpec spec) {
    const auto made = engine_->schedules().create(mandate_.n, spec).value();
    EXPECT_TRUE(engine_->scheduler->changed(made));
    return made;
  }

  const test::ScratchDirectory directory_{"mandates-store"};
  const std::string state_ = directory_ / "state";
  test::HeldClock clock_;
  test::ScriptedWorld world_{directory_ / "world"};
  std::unique_ptr<test::Engine> engine_;
  Mandate mandate_;
};

TEST_F(StoreTest, AnswersOnlyWhatTheJournalHas) {
  const auto before = engine_->store->audit().value().head.sequence;
  ASSERT_TRUE(engine_->runs().create(mandate_.n, "test"));
  EXPECT_EQ(engine_->store->audit().value().head.sequence, before + 1);
}

TEST_F(StoreTest, RefusesToOpenWithoutItsJournalOrKey) {
  open();
  std::filesystem::rename(state_ + "/journal", state_ + "/elsewhere");
  // The last records are in the outbox only, those before are gone.
  ASSERT_TRUE(create_mandate(*engine_->store, "n", "spec"));
  EXPECT_THAT(try_open().error().message, HasSubstr("the journal is gone"));
  std::filesystem::rename(state_ + "/elsewhere", state_ + "/journal");
  std::filesystem::rename(state_ + "/key", state_ + "/elsewhere");
  EXPECT_THAT(try_open().error().message, HasSubstr("key"));
}

TEST_F(StoreTest, RefusesAnOlderCopyOfTheDatabase) {
  engine_.reset();
  std::filesystem::copy(state_ + "/mandates.db", directory_ / "copy");
  open();
  ASSERT_TRUE(engine_->runs().create(mandate_.n, "test"));
  engine_.reset();
  std::filesystem::copy(directory_ / "copy", state_ + "/mandates.db",
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(try_open().error().message, HasSubstr("the journal has"));
}

TEST_F(StoreTest, JournalsLaterWhatAKillKeptFromIt) {
  const auto head = engine_->store->audit().value().head.sequence;
  // As if the kill came after the commit: the record is in the outbox only.
  edit(
      "UPDATE journal_state SET written = written + 1;"
      "INSERT INTO outbox SELECT written, 0, 'late', 'text' FROM journal_state;");
  open();
  EXPECT_EQ(engine_->store->audit().value().head.sequence, head + 1);
  open();
  EXPECT_EQ(engine_->store->audit().value().head.sequence, head + 1);
}

TEST_F(StoreTest, MissesARecordThatWasTakenOutOfTheOutbox) {
  edit("UPDATE journal_state SET written = written + 1");
  EXPECT_EQ(try_open().error().code, Errc::damaged);
}

TEST_F(StoreTest, FindsAChangedJournal) {
  ASSERT_TRUE(create_mandate(*engine_->store, "n", "spec"));  // anchors the record of the first
  engine_.reset();
  {
    std::fstream file(state_ + "/journal", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.put('!');
  }
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::damaged);
  EXPECT_THAT(opened.error().message, HasSubstr("journal, offset 16"));
}

// An env whose files fail to append from some moment on, with half of it written.
class FullDisk final : public store::Env {
 public:
  bool is_full = false;
  Result<std::unique_ptr<store::WritableFile>> create(const std::string& path,
                                                      mode_t mode) override {
    return env_.create(path, mode);
  }
  Result<std::unique_ptr<store::WritableFile>> open_append(const std::string& path,
                                                           mode_t mode) override {
    auto file = env_.open_append(path, mode);
    if (!file) return file;
    return std::make_unique<File>(*this, std::move(*file));
  }
  Result<std::string> read(const std::string& path, std::size_t limit) override {
    return env_.read(path, limit);
  }
  Result<std::unique_ptr<store::MappedFile>> map(const std::string& path) override {
    return env_.map(path);
  }
  Result<std::uint64_t> size(const std::string& path) override { return env_.size(path); }
  Result<void> truncate(const std::string& path, std::uint64_t size) override {
    return env_.truncate(path, size);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return env_.rename(from, to);
  }
  Result<void> unlink(const std::string& path) override { return env_.unlink(path); }
  Result<void> sync_directory(const std::string& directory) override {
    return env_.sync_directory(directory);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return env_.list(directory);
  }

 private:
  class File final : public store::WritableFile {
   public:
    File(FullDisk& disk, std::unique_ptr<store::WritableFile> file)
        : disk_(disk), file_(std::move(file)) {}
    Result<void> append(std::string_view bytes) override {
      if (!disk_.is_full) return file_->append(bytes);
      (void)file_->append(bytes.substr(0, bytes.size() / 2));
      return fail(Errc::io, "the disk is full");
    }
    Result<void> sync() override { return file_->sync(); }

   private:
    FullDisk& disk_;
    std::unique_ptr<store::WritableFile> file_;
  };
  store::Env& env_ = store::system_env();
};

TEST_F(StoreTest, DoesNothingThatTheJournalCannotSee) {
  engine_.reset();
  FullDisk disk;
  std::uint64_t head = 0;
  {
    auto store = MandateStore::open(disk, clock_, {.directory = state_}).value();
    head = store->audit().value().head.sequence;
    disk.is_full = true;
    EXPECT_EQ(create_mandate(*store, "n", "spec").error().code, Errc::io);
    disk.is_full = false;
    EXPECT_EQ(create_mandate(*store, "o", "spec").error().code, Errc::io);
  }
  open();
  // The first was committed and is journaled now, whole; the second was refused.
  EXPECT_EQ(engine_->number("SELECT count(*) FROM mandates"), 2);
  EXPECT_EQ(engine_->store->audit().value().head.sequence, head + 1);
}

TEST_F(StoreTest, AClockSetBackStandsStill) {
  ASSERT_TRUE(engine_->runs().create(mandate_.n, "test"));
  const WallTime before = engine_->store->now();
  clock_.advance(-hours(48));
  EXPECT_EQ(engine_->store->now(), before);
  open();
  EXPECT_EQ(engine_->store->now(), before);
  EXPECT_EQ(engine_->store->clock_lag(), hours(48));
}

// ---- Schedules

TEST_F(StoreTest, FiresEachOccurrenceOnceWhateverTheClockDoes) {
  schedule({.timing = "cron */10 * * * *"});
  for (int i = 0; i < 40; ++i) {
    clock_.advance(minutes(i % 3 == 2 ? -5 : 10));
    while (engine_->work()) {
    }
    if (i % 7 == 0) open();
  }
  EXPECT_GT(engine_->number("SELECT count(*) FROM runs"), 10);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"),
            engine_->number("SELECT count(DISTINCT scheduled_ms) FROM runs"));
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE outcome = 'succeeded'"),
            engine_->number("SELECT count(*) FROM runs"));
}

TEST_F(StoreTest, PausesAndShowsWhatWasMissed) {
  const auto n = schedule({.timing = "cron @hourly"});
  ASSERT_TRUE(engine_->schedules().pause(n, "holiday"));
  ASSERT_TRUE(engine_->scheduler->changed(n));
  clock_.advance(hours(5));
  EXPECT_FALSE(engine_->work());
  ASSERT_TRUE(engine_->schedules().resume(n));
  ASSERT_TRUE(engine_->scheduler->changed(n));
  EXPECT_EQ(
      engine_->number("SELECT sum(count) FROM missed WHERE reason = 'the schedule was paused'"), 5);
  clock_.advance(hours(1));
  EXPECT_TRUE(engine_->work());
  // What was missed can still be had, once.
  const auto now = engine_->store->now();
  EXPECT_EQ(engine_->schedules().backfill(n, now - hours(6), now).value().runs.size(), 5U);
  EXPECT_EQ(engine_->schedules().backfill(n, now - hours(6), now).value().runs.size(), 0U);
}

TEST_F(StoreTest, AMandateThatIsPausedFiresNothing) {
  schedule({.timing = "cron @hourly"});
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "paused", "by hand"));
  clock_.advance(hours(2));
  engine_->work();
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 0);
  EXPECT_EQ(engine_->number("SELECT sum(count) FROM missed"), 2);
}

TEST_F(StoreTest, ARemovedScheduleFiresNoMoreAndItsRunsGoOn) {
  const auto n = schedule({.timing = "cron @hourly"});
  clock_.advance(hours(1));
  ASSERT_TRUE(engine_->scheduler->run_due(engine_->store->now()));
  ASSERT_TRUE(engine_->schedules().remove(n));
  ASSERT_TRUE(engine_->scheduler->changed(n));
  clock_.advance(hours(2));
  while (engine_->work()) {
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE outcome = 'succeeded'"), 1);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 1);
}

TEST_F(StoreTest, StoppingAMandateEndsItsRuns) {
  const auto run = run_waiting_for_approval();
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "stopped", "by hand"));
  engine_->work();
  EXPECT_EQ(engine_->run(run).outcome, "stopped");
  EXPECT_EQ(set_mandate_state(*engine_->store, mandate_.n, "active", "").error().code,
            Errc::conflict);
}

// Whoever may call tools could otherwise wake for good what a person has stopped.
TEST_F(StoreTest, NothingBeginsOfAMandateThatIsPausedOrStopped) {
  world_.run_rules.most_cycles = 0;
  const auto failed = engine_->runs().create(mandate_.n, "test").value();
  while (engine_->work()) {
  }
  ASSERT_EQ(engine_->run(failed).outcome, "failed");
  const auto hourly = schedule({.timing = "every 1h"});
  clock_.advance(hours(3));
  for (const char* const state : {"paused", "stopped"}) {
    SCOPED_TRACE(state);
    ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, state, "by hand"));
    const WallTime now = engine_->store->now();
    EXPECT_EQ(engine_->runs().create(mandate_.n, "test").error().code, Errc::conflict);
    EXPECT_EQ(engine_->runs().retry(failed).error().code, Errc::conflict);
    EXPECT_EQ(engine_->schedules().trigger(hourly, now).error().code, Errc::conflict);
    EXPECT_EQ(engine_->schedules()
                  .backfill(hourly, now - hours(9), now, Overlap::buffer_all)
                  .error()
                  .code,
              Errc::conflict);
    EXPECT_FALSE(engine_->work());
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 1);
}

TEST_F(StoreTest, ARunIsFollowedOnceByWhatWaitsForItsOutcome) {
  const auto follower = [&](const std::string& name, const std::string& timing) {
    const Mandate made = create_mandate(*engine_->store, name, "spec").value();
    EXPECT_TRUE(engine_->schedules().create(made.n, {.timing = timing})) << timing;
    return made;
  };
  const Mandate both = follower("both", "after ended m");
  const Mandate good = follower("good", "after succeeded m");
  const Mandate bad = follower("bad", "after failed m");
  const Mandate later = follower("later", "after succeeded good");
  const Mandate paused = follower("paused", "after ended m");
  ASSERT_TRUE(set_mandate_state(*engine_->store, paused.n, "paused", ""));
  const auto runs_of = [&](const Mandate& mandate) {
    return engine_->number("SELECT count(*) FROM runs WHERE mandate_n = " +
                           std::to_string(mandate.n));
  };
  const auto first = engine_->runs().create(mandate_.n, "test").value();
  while (engine_->work()) {
  }
  EXPECT_EQ(runs_of(both), 1);
  EXPECT_EQ(runs_of(good), 1);
  EXPECT_EQ(runs_of(bad), 0);
  EXPECT_EQ(runs_of(later), 1) << "what follows is followed";
  EXPECT_EQ(runs_of(paused), 0);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE cause = 'after " +
                            engine_->run(first).id + "'"),
            2);
  open();
  EXPECT_FALSE(engine_->work()) << "nothing comes again with the next daemon";

  clock_.advance(minutes(1));
  world_.run_rules.most_cycles = 0;
  (void)engine_->runs().create(mandate_.n, "test").value();
  while (engine_->work()) {
  }
  EXPECT_EQ(runs_of(bad), 1);
  EXPECT_EQ(runs_of(good), 1);
  // One that was stopped has not ended by itself.
  clock_.advance(minutes(1));
  const auto stopped = engine_->runs().create(mandate_.n, "test").value();
  ASSERT_TRUE(engine_->runs().stop(stopped, Stop::cancel, "by hand"));
  EXPECT_FALSE(engine_->work());
  EXPECT_TRUE(engine_->store->audit());
}

TEST_F(StoreTest, MandatesDoNotFollowEachOtherInACircle) {
  const Mandate second = create_mandate(*engine_->store, "second", "spec").value();
  const Mandate third = create_mandate(*engine_->store, "third", "spec").value();
  auto schedules = engine_->schedules();
  const auto follows = [&](const Mandate& mandate, const std::string& timing) {
    const auto made = schedules.create(mandate.n, {.timing = timing});
    return made ? std::nullopt : std::optional(made.error().code);
  };
  EXPECT_EQ(follows(mandate_, "after ended m"), Errc::conflict);
  EXPECT_EQ(follows(mandate_, "after ended nothing"), Errc::not_found);
  EXPECT_EQ(follows(second, "after ended m"), std::nullopt);
  EXPECT_EQ(follows(third, "after failed second"), std::nullopt);
  EXPECT_EQ(follows(mandate_, "after succeeded third"), Errc::conflict);
  EXPECT_EQ(follows(third, "after succeeded m"), std::nullopt) << "two ways, and no circle";
  EXPECT_EQ(
      schedules.create(third.n, {.timing = "after ended m", .overlap = Overlap::terminate_other})
          .error()
          .code,
      Errc::invalid_args);
}

TEST_F(StoreTest, TwoMandatesOfOneNameAreRefusedInWords) {
  const auto again = create_mandate(*engine_->store, "m", "spec");
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_EQ(again.error().message, "there is a mandate m");
}

TEST_F(StoreTest, PausesAScheduleWhoseRunsFail) {
  const auto n = schedule({.timing = "cron @hourly", .pause_after = 2});
  world_.run_rules.retry.most = 0;
  world_.interfere = [](std::string_view what) -> std::optional<Error> {
    if (what != "observe") return std::nullopt;
    return Error{Errc::io, "no disk", {}};
  };
  for (int i = 0; i < 4; ++i) {
    clock_.advance(hours(1));
    while (engine_->work()) {
    }
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 2);
  auto reader = engine_->store->read().value();
  const Schedule paused = load_schedule(*reader, n).value();
  EXPECT_EQ(paused.state, "paused");
  EXPECT_THAT(paused.reason, HasSubstr("failed"));
}

TEST_F(StoreTest, OverlapPoliciesMeetRunsThatWait) {
  world_.plans = {"a||halt|ask write a.txt x"};
  struct Case {
    Overlap overlap;
    int runs;  // of three occurrences
    int skipped;
    int active;  // that have begun and not ended
  };
  for (const Case& each : {Case{Overlap::skip, 1, 2, 1}, Case{Overlap::buffer_one, 2, 1, 1},
                           Case{Overlap::buffer_all, 3, 0, 1}, Case{Overlap::allow, 3, 0, 3},
                           Case{Overlap::cancel_other, 3, 0, 1}}) {
    SCOPED_TRACE(overlap_name(each.overlap));
    const auto n = schedule({.timing = "cron @hourly", .overlap = each.overlap});
    const std::string of = " WHERE schedule_n = " + std::to_string(n);
    for (int i = 0; i < 3; ++i) {
      clock_.advance(hours(1));
      while (engine_->work()) {
      }
    }
    EXPECT_EQ(engine_->number("SELECT count(*) FROM runs" + of), each.runs);
    EXPECT_EQ(engine_->number("SELECT count(*) FROM occurrences" + of + " AND reason = 'overlap'"),
              each.skipped);
    EXPECT_EQ(engine_->number("SELECT count(*) FROM runs" + of + " AND state = 'blocked'"),
              each.active);
    ASSERT_TRUE(engine_->schedules().pause(n, "done"));
    ASSERT_TRUE(engine_->scheduler->changed(n));
  }
}

TEST_F(StoreTest, ATriggerAndAFiringOfOneMomentAreOneRun) {
  const auto n = schedule({.timing = "cron @hourly", .overlap = Overlap::allow});
  const WallTime now = engine_->store->now();
  EXPECT_EQ(engine_->schedules().trigger(n, now).value().runs.size(), 1U);
  EXPECT_EQ(engine_->schedules().trigger(n, now).value().runs.size(), 0U);
}

TEST_F(StoreTest, TenThousandSchedulesCostWhatIsDue) {
  // One transaction for all, as an import would.
  ASSERT_TRUE(engine_->store->commit(Point::schedule_changed, [&](Change& change) -> Result<void> {
    return change->run(
        "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 10000) "
        "INSERT INTO schedules(id, mandate_n, timing, zone, jitter_ms, late_after_ms, catch_up, "
        "catch_up_most, catch_up_window_ms, catch_up_stagger_ms, overlap, most_waiting, "
        "most_active, pause_after, state, cursor_ms, created_ms) SELECT 's' || i, ?1, "
        "'cron ' || (i % 60) || ' ' || (i % 24) || ' * * *', 'Europe/Berlin', 0, 60000, 'skip', 1, "
        "0, 0, 'skip', 1, 1, 0, 'active', ?2, ?2 FROM k",
        mandate_.n, change.now_ms());
  }));
  ASSERT_TRUE(engine_->scheduler->load());
  EXPECT_EQ(engine_->scheduler->size(), 10'000U);
  std::int64_t fired = 0;
  for (auto ran = engine_->scheduler->run_due(engine_->store->now()).value(); ran.wake;
       ran = engine_->scheduler->run_due(engine_->store->now()).value()) {
    fired += static_cast<std::int64_t>(ran.fired.runs.size());
    if (fired >= 300) break;
    // The one timer.
    if (*ran.wake > engine_->store->now()) clock_.advance(*ran.wake - engine_->store->now());
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), fired);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM missed"), 0);
}

// ---- Approvals

TEST_F(StoreTest, ADecisionIsTakenOnce) {
  (void)run_waiting_for_approval();
  const std::string id = engine_->approvals().pending().value().front();
  EXPECT_EQ(engine_->approvals().decide("prop_0", Verdict::approve, "eve", "").error().code,
            Errc::not_found);
  ASSERT_TRUE(engine_->approvals().decide(id, Verdict::deny, "ada", "no"));
  EXPECT_EQ(engine_->approvals().decide(id, Verdict::approve, "eve", "").error().code,
            Errc::conflict);
}

TEST_F(StoreTest, RefusesForgedEditedAndReplayedApprovals) {
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

TEST_F(StoreTest, AnApprovalOfAnotherProposalDoesNotFit) {
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

TEST_F(StoreTest, AnEditedDeadlineChangesNothing) {
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

TEST_F(StoreTest, AnApprovalDoesNotReviveWhenTheClockIsSetBack) {
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

// ---- Budgets

class LedgerTest : public StoreTest {
 protected:
  std::optional<std::string> reserve(const std::string& name, Amounts amounts, Budget budget = {}) {
    auto refused = engine_->ledger->reserve(name, {"run", "mandate"}, amounts, budget);
    EXPECT_TRUE(refused) << refused.error().message;
    return *refused;
  }
  Amounts used() { return engine_->ledger->usage({"run", "mandate"}).run; }
};

TEST_F(LedgerTest, ReservesTheWorstCaseAndSettlesWhatWasUsed) {
  EXPECT_FALSE(reserve("a", {1, 500, 100, 10}));
  EXPECT_EQ(used(), (Amounts{1, 500, 100, 10}));
  ASSERT_TRUE(engine_->ledger->settle("a", Amounts{1, 120, 30, 4}));
  EXPECT_EQ(used(), (Amounts{1, 120, 30, 4}));
  EXPECT_EQ(engine_->ledger->settle("a", Amounts{}).error().code, Errc::conflict);
  open();
  EXPECT_EQ(used(), (Amounts{1, 120, 30, 4}));
}

TEST_F(LedgerTest, UnknownUsageAndAKillChargeTheReservation) {
  EXPECT_FALSE(reserve("a", {1, 500, 0, 0}));
  ASSERT_TRUE(engine_->ledger->settle("a", std::nullopt));
  EXPECT_FALSE(reserve("b", {1, 500, 0, 0}));
  open();
  EXPECT_EQ(used(), (Amounts{2, 1000, 0, 0}));
  EXPECT_FALSE(engine_->ledger->settle("b", Amounts{}));
}

TEST_F(LedgerTest, RefusesWhatDoesNotFitIntoAnyScope) {
  EXPECT_EQ(reserve("a", {1, 501, 0, 0}, {.run = {.tokens = 500}}), "run: tokens");
  EXPECT_EQ(reserve("a", {1, 0, 0, 0}, {.mandate = {.calls = 0}}), "mandate: calls");
  EXPECT_EQ(reserve("a", {1, 0, 7, 0}, {.day = {.money = 6}}), "day: money");
  EXPECT_EQ(reserve("a", {1, 0, 0, 7}, {.run = {.wall_ms = 6}}), "run: time");
  EXPECT_EQ(used(), Amounts{});
  EXPECT_FALSE(reserve("a", {1, 500, 0, 0}, {.run = {.tokens = 500}}));
  // More than was reserved is charged, and nothing fits any more.
  ASSERT_TRUE(engine_->ledger->settle("a", Amounts{1, 900, 0, 0}));
  EXPECT_EQ(reserve("b", {1, 0, 0, 0}, {.run = {.tokens = 500}}), "run: tokens");
  EXPECT_FALSE(engine_->ledger->reserve("c", {"r", "m"}, {.calls = -1}, {}));
}

TEST_F(LedgerTest, ADayEndsAtMidnightAndDoesNotComeBack) {
  const Budget budget{.day = {.calls = 1}};
  EXPECT_FALSE(reserve("a", {1, 0, 0, 0}, budget));
  EXPECT_EQ(reserve("b", {1, 0, 0, 0}, budget), "day: calls");
  clock_.advance(hours(24));
  EXPECT_FALSE(reserve("b", {1, 0, 0, 0}, budget));
  clock_.advance(-hours(24 * 30));
  EXPECT_EQ(reserve("c", {1, 0, 0, 0}, budget), "day: calls");
  open();
  EXPECT_EQ(reserve("c", {1, 0, 0, 0}, budget), "day: calls");
}

TEST_F(LedgerTest, StopsEverythingWhenItDoesNotHold) {
  EXPECT_FALSE(reserve("a", {1, 500, 0, 0}));
  EXPECT_FALSE(reserve("b", {1, 500, 0, 0}));
  engine_.reset();
  std::filesystem::copy(state_, directory_ / "whole", std::filesystem::copy_options::recursive);
  for (const char* sql :
       {"UPDATE ledger SET tokens = 1 WHERE n = 1", "DELETE FROM ledger WHERE n = 1",
        "DELETE FROM ledger WHERE n = 2", "DELETE FROM ledger", "UPDATE ledger SET run = 'other'",
        "INSERT INTO ledger SELECT n + 1, kind, name, run, mandate, day, calls, -tokens, money, "
        "wall_ms, mac FROM ledger WHERE n = 2"}) {
    SCOPED_TRACE(sql);
    std::filesystem::remove_all(state_);
    std::filesystem::copy(directory_ / "whole", state_, std::filesystem::copy_options::recursive);
    edit(sql);
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::damaged);
    EXPECT_THAT(opened.error().message, HasSubstr("ledger"));
  }
}

}  // namespace
}  // namespace hearth::packs::mandates
