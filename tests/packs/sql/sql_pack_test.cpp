// The pack as its callers meet it, with the real engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <utility>

#include "json/json.hpp"
#include "packs/sql/sql.hpp"
#include "support/process.hpp"
#include "support/sizes.hpp"
#include "support/test_context.hpp"

namespace hearth::packs::sql {
namespace {

using testing::HasSubstr;

class SqlPack : public testing::Test {
 protected:
  void SetUp() override {
    options_.caller.cwd = options_.caller.project_root = project_.path();
    options_.caller.kind = "bridge";
    options_.caller.session = "s1";
    harness_.start();
    const auto first = harness_.call("query", R"j({"sql":"SELECT 1"})j", options_);
    const bool is_missing = !first && first.error().code == Errc::unavailable;
    if (is_missing && std::getenv("CI") == nullptr) GTEST_SKIP() << first.error().message;
    ASSERT_TRUE(first) << first.error().message;
  }
  json::Value good(const std::string& verb, std::string_view arguments) {
    auto reply = harness_.call(verb, arguments, options_);
    EXPECT_TRUE(reply) << verb << arguments << ": " << reply.error().message;
    return reply ? json::parse(reply->structured).value() : json::Value(json::Object());
  }
  Error bad(const std::string& verb, std::string_view arguments) {
    auto reply = harness_.call(verb, arguments, options_);
    EXPECT_FALSE(reply) << verb << ": " << reply->structured;
    return reply ? Error() : reply.error();
  }
  std::string rows(std::string_view arguments) {
    const json::Value answer = good("query", arguments);
    const json::Value* found = json::find(answer, "rows");
    return found == nullptr ? "" : json::dump(*found);
  }

  const hearth::test::ScratchDirectory project_{"project"};
  hearth::test::CallOptions options_;
  hearth::test::PackHarness harness_{make_pack(HEARTH_BIN_DIR "/hearthd")};
};

TEST_F(SqlPack, DescribesItsTools) {
  std::size_t descriptions = 0;
  for (const auto& [verb, spec] : harness_.specs()) {
    descriptions += spec.description.size();
    EXPECT_NE(spec.resend, pack::ResendRule::refuse) << verb;
    EXPECT_TRUE(json::parse(spec.input_schema)) << verb;
  }
  EXPECT_LT(descriptions, 20'000U);
  EXPECT_TRUE(harness_.specs().at("query").annotations.read_only);
  EXPECT_TRUE(harness_.specs().at("execute").annotations.destructive);
}

TEST_F(SqlPack, AnswersInEachFormat) {
  const std::string sql =
      R"j({"sql":"SELECT 1 AS a, 9007199254740993 AS b, NULL AS c","format":")j";
  EXPECT_EQ(rows(sql + "rows\"}"), R"([[1,"9007199254740993",null]])");
  EXPECT_THAT(json::dump(good("query", sql + "columns\"}")), HasSubstr(R"("values":[1])"));
  EXPECT_THAT(json::dump(good("query", sql + "csv\"}")), HasSubstr("a,b,c\\n1,"));
  EXPECT_THAT(json::dump(good("query", sql + "markdown\"}")), HasSubstr("| NULL |"));
}

// What no reader could take in would end as an answer that never comes.
TEST_F(SqlPack, AnswersWithTextWhereACellIsNoJsonForAll) {
  const std::string deep = std::string(41, '[') + std::string(41, ']');
  EXPECT_EQ(rows(R"j({"sql":"SELECT ')j" + deep + R"j('::JSON"})j"), "[[\"" + deep + "\"]]");
  const std::string fits = deep.substr(1, 80);
  EXPECT_EQ(rows(R"j({"sql":"SELECT ')j" + fits + R"j('::JSON"})j"), "[[" + fits + "]]");
  EXPECT_EQ(rows(R"j({"sql":"SELECT '[NaN]'::JSON"})j"), R"([["[NaN]"]])");
  EXPECT_EQ(rows(R"j({"sql":"SELECT '[0.1, 9007199254740993, 12345678901234567.25]'::JSON"})j"),
            R"([[[0.1,"9007199254740993","12345678901234567.25"]]])");
  EXPECT_EQ(rows(R"j({"sql":"SELECT '[\"]\\\"[[\"]'::JSON"})j"), R"([[["]\"[["]]])");
}

TEST_F(SqlPack, SaysWhatIsTooLargeForAnAnswer) {
  for (const char* sql :
       {"SELECT repeat('x', 20000000) AS big", "SELECT repeat('\"', 3000000) AS big"}) {
    const Error error = bad("query", json::dump(json::Object{{"sql", sql}}));
    EXPECT_EQ(error.code, Errc::invalid_args);
    EXPECT_THAT(error.message, HasSubstr("in the column big"));
  }
  EXPECT_EQ(rows(R"j({"sql":"SELECT length(repeat('x', 20000000))"})j"), "[[20000000]]");
}

TEST_F(SqlPack, PagesALargeResult) {
  const json::Value first = good("query", R"j({"sql":"SELECT range FROM range(2500)"})j");
  EXPECT_EQ(json::int_or(first, "row_count", 0), 1000);
  EXPECT_TRUE(json::bool_or(first, "truncated", false));
  std::int64_t total = 1000;
  std::string cursor(json::string_or(first, "cursor", ""));
  while (!cursor.empty()) {
    const json::Value page = good("query", R"j({"cursor":")j" + cursor + "\"}");
    total += json::int_or(page, "row_count", 0);
    cursor = std::string(json::string_or(page, "cursor", ""));
  }
  EXPECT_EQ(total, 2500);
}

// persistent has its files read by scratch, whose errors come through two engines.
TEST_F(SqlPack, SaysTheSameOfAFileWhoeverReadsIt) {
  for (const std::string database : {"scratch", "persistent"}) {
    const std::string on = R"j(,"database":")j" + database + R"j("})j";
    const Error missing = bad("query", R"j({"sql":"FROM 'nope.csv'")j" + on);
    EXPECT_EQ(missing.code, Errc::not_found) << database;
    EXPECT_THAT(missing.message, testing::StartsWith("No files found")) << database;
    const Error closed = bad("query", R"j({"sql":"FROM read_csv('/etc/passwd')")j" + on);
    EXPECT_THAT(closed.code, testing::AnyOf(Errc::not_found, Errc::permission)) << database;
    for (const std::string& each : closed.suggestions)
      EXPECT_THAT(each, testing::Not(testing::StartsWith("*")));
  }
}

TEST_F(SqlPack, GivesEachSessionAScratchOfItsOwn) {
  EXPECT_EQ(
      json::dump(*json::find(good("execute", R"j({"sql":"CREATE TABLE t AS SELECT 1 AS i"})j"),
                             "rows_affected")),
      "[1]");
  EXPECT_EQ(rows(R"j({"sql":"FROM t"})j"), "[[1]]");
  options_.caller.session = "s2";
  EXPECT_EQ(bad("query", R"j({"sql":"FROM t"})j").code, Errc::not_found);
  options_.caller.kind = "cli";  // whose default is the shared one
  good("execute",
       R"j({"sql":["CREATE TABLE shared(i INT)","INSERT INTO shared VALUES (1),(2)"]})j");
  options_.caller.kind = "bridge";
  options_.caller.session = "s1";
  EXPECT_EQ(rows(R"j({"sql":"SELECT count(*) FROM persistent.shared"})j"), "[[2]]");
}

TEST_F(SqlPack, AppliesAResendOnce) {
  good("execute", R"j({"sql":"CREATE TABLE t(i INT)","database":"persistent"})j");
  options_.key = "k1";
  const std::string insert = R"j({"sql":"INSERT INTO t VALUES (1)","database":"persistent"})j";
  good("execute", insert);
  options_.is_resend = true;
  EXPECT_TRUE(harness_.call("execute", insert, options_)->replayed);
  EXPECT_EQ(rows(R"j({"sql":"SELECT count(*) FROM t","database":"persistent"})j"), "[[1]]");
}

TEST_F(SqlPack, TellsOfTablesThatComeAndRowsThatChange) {
  const auto told = [this] {
    const auto lists = std::exchange(*harness_.context().lists.lock(), {}).size();
    const auto uris = std::exchange(*harness_.context().updated.lock(), {});
    const bool has_data = std::ranges::find(uris, "hearth://sql/persistent/*") != uris.end();
    return std::to_string(lists) + (has_data ? " data" : "");
  };
  (void)told();
  const auto execute = [this](const std::string& sql) {
    good("execute", json::dump(json::Object{{"sql", sql}, {"database", "persistent"}}));
  };
  execute("CREATE TABLE t(i INT)");
  EXPECT_EQ(told(), "1 data");
  execute("UPDATE t SET i = 2");
  EXPECT_EQ(told(), "0 data");
  good("load", R"j({"table":"u","data":"a\n1\n","database":"persistent"})j");
  EXPECT_EQ(told(), "1 data");
  execute("DROP TABLE u");
  EXPECT_EQ(told(), "1 data");
  good("query", R"j({"sql":"FROM t","database":"persistent"})j");
  EXPECT_EQ(told(), "0");
}

TEST_F(SqlPack, TellsOfAScratchItsOwnSessionOnly) {
  good("execute", R"j({"sql":"CREATE TABLE t(i INT)"})j");
  const pack::Audience own = *harness_.context().last_audience.lock();
  pack::Caller other = options_.caller;
  other.session = "s2";
  EXPECT_TRUE(own.includes(options_.caller));
  EXPECT_FALSE(own.includes(other));
  good("execute", R"j({"sql":"CREATE TABLE t(i INT)","database":"persistent"})j");
  EXPECT_TRUE(harness_.context().last_audience.lock()->includes(other));
}

// Its time is over before its turn comes.
TEST_F(SqlPack, CountsTheTimeThatACallWaits) {
  auto first =
      harness_.send("execute",
                    R"j({"timeout":3,"sql":"CREATE TABLE x AS SELECT )j"
                    R"j(sum(a.range*b.range) AS s FROM range(10000000) a, range(10000000) b"})j",
                    options_);
  const Error late = bad("execute", R"j({"sql":"CREATE TABLE y(i INT)","timeout":1})j");
  EXPECT_EQ(late.code, Errc::timed_out);
  EXPECT_THAT(late.message, HasSubstr("waited for its turn"));
  EXPECT_FALSE(first.get());
  EXPECT_EQ(bad("query", R"j({"sql":"FROM y"})j").code, Errc::not_found);
}

TEST_F(SqlPack, KeepsTheReasonOfEachFileThatFailed) {
  std::filesystem::create_directory(project_ / "in");
  good("watch", R"j({"path":"in"})j");
  const auto reason_of = [this](const std::string& name, const char* content) {
    std::ofstream(project_ / "in/a.csv") << content;
    std::ofstream(project_ / "in/a.csv.ready");
    EXPECT_TRUE(hearth::test::eventually(
        [&] { return !std::filesystem::exists(project_ / "in/a.csv.ready"); },
        hearth::test::patience));
    std::ifstream file(project_ / ("in/failed/" + name + ".reason.txt"));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string first = reason_of("a.csv", "PK\x03\x04");
  EXPECT_THAT(first, HasSubstr("zip archive"));
  EXPECT_THAT(reason_of("a.1.csv", "%PDF"), HasSubstr("PDF"));
  std::ifstream file(project_ / "in/failed/a.csv.reason.txt");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), first);
}

TEST_F(SqlPack, KeepsAReadOnlySessionFromWriting) {
  options_.caller.read_only = true;
  EXPECT_EQ(bad("execute", R"j({"sql":"CREATE TABLE t(i INT)"})j").code, Errc::read_only);
  EXPECT_EQ(bad("query", R"j({"sql":"CREATE TABLE t(i INT)"})j").code, Errc::read_only);
  EXPECT_EQ(rows(R"j({"sql":"SELECT 2"})j"), "[[2]]");
}

TEST_F(SqlPack, AttachesAFileOfTheProject) {
  EXPECT_EQ(bad("attach", R"j({"alias":"x","location":"/etc/x.duckdb"})j").code, Errc::permission);
  EXPECT_EQ(bad("attach", R"j({"alias":"x","location":"x.db","engine":"oracle"})j").code,
            Errc::unsupported);
  good("attach", R"j({"alias":"mine","location":"mine.duckdb"})j");
  EXPECT_EQ(bad("attach", R"j({"alias":"mine","location":"mine.duckdb"})j").code, Errc::conflict);
  good("execute", R"j({"sql":"CREATE TABLE t AS SELECT 5 AS i","database":"mine"})j");
  EXPECT_EQ(rows(R"j({"sql":"SELECT i FROM mine.t"})j"), "[[5]]");
  EXPECT_TRUE(std::filesystem::exists(project_ / "mine.duckdb"));
  // A refused name makes no file.
  EXPECT_EQ(bad("attach", R"j({"alias":"bad name","location":"e.duckdb"})j").code,
            Errc::invalid_args);
  EXPECT_EQ(bad("attach", R"j({"alias":"Scratch","location":"e.duckdb"})j").code,
            Errc::invalid_args);
  EXPECT_EQ(bad("attach", R"j({"alias":"MINE","location":"e.duckdb"})j").code, Errc::conflict);
  EXPECT_FALSE(std::filesystem::exists(project_ / "e.duckdb"));
  for (const auto& each : std::filesystem::directory_iterator(project_.path()))
    EXPECT_FALSE(each.is_directory()) << each.path() << ": hearth's own things lie elsewhere";
  const json::Value list = good("databases", "{}");
  EXPECT_EQ(list.at("databases").as_array().size(), 3U);
  good("detach", R"j({"alias":"mine"})j");
  EXPECT_EQ(bad("query", R"j({"sql":"SELECT 1","database":"mine"})j").code, Errc::not_found);
}

TEST_F(SqlPack, AttachesAnotherFileWhereOneFailed) {
  std::ofstream(project_ / "x.csv") << "a,b\n1,2\n";
  const Error refused = bad("attach", R"j({"alias":"a","location":"x.csv"})j");
  EXPECT_THAT(refused.message, HasSubstr("x.csv is no DuckDB database"));
  EXPECT_EQ(refused.code, Errc::unsupported);
  EXPECT_THAT(bad("attach", R"j({"alias":"a","location":"mysql://x/y"})j").message,
              HasSubstr("no engine mysql"));
  good("attach", R"j({"alias":"a","location":"good.duckdb"})j");
  good("execute", R"j({"sql":"CREATE TABLE t AS SELECT 5 AS i","database":"a"})j");
  EXPECT_EQ(rows(R"j({"sql":"SELECT i FROM a.t"})j"), "[[5]]");
}

// Acknowledged commits would go to a file that nobody finds.
TEST_F(SqlPack, WritesToTheFileThatIsThere) {
  const auto attach = [&] { good("attach", R"j({"alias":"a","location":"a.duckdb"})j"); };
  const std::string insert = R"j({"sql":"CREATE TABLE t AS SELECT 1 AS i","database":"a"})j";
  attach();
  good("detach", R"j({"alias":"a"})j");
  std::filesystem::rename(project_ / "a.duckdb", project_ / "b.duckdb");
  attach();  // a new one
  good("execute", insert);
  EXPECT_TRUE(std::filesystem::exists(project_ / "a.duckdb"));
  // While it is attached.
  std::filesystem::rename(project_ / "a.duckdb", project_ / "c.duckdb");
  EXPECT_EQ(bad("execute", R"j({"sql":"DROP TABLE t","database":"a"})j").code, Errc::not_found);
  EXPECT_EQ(bad("execute", R"j({"sql":"DROP TABLE t","database":"a"})j").code, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(project_ / "a.duckdb"));
  good("detach", R"j({"alias":"a"})j");
  good("attach", R"j({"alias":"a","location":"c.duckdb"})j");
  EXPECT_EQ(rows(R"j({"sql":"SELECT i FROM a.t"})j"), "[[1]]");
}

TEST_F(SqlPack, LetsOneWriteWhatOthersOnlyRead) {
  good("attach", R"j({"alias":"a","location":"a.duckdb"})j");
  good("detach", R"j({"alias":"a"})j");
  good("attach", R"j({"alias":"a","location":"a.duckdb","read_only":true})j");
  EXPECT_EQ(rows(R"j({"sql":"SELECT 1","database":"a"})j"), "[[1]]");
  options_.caller.session = "s2";
  good("attach", R"j({"alias":"b","location":"a.duckdb"})j");
  good("execute", R"j({"sql":"CREATE TABLE t AS SELECT 5 AS i","database":"b"})j");
  options_.caller.session = "s1";
  EXPECT_EQ(rows(R"j({"sql":"SELECT i FROM a.t"})j"), "[[5]]");
  EXPECT_EQ(rows(R"j({"sql":"SELECT i FROM t","database":"a"})j"), "[[5]]");
  EXPECT_EQ(bad("execute", R"j({"sql":"DROP TABLE t","database":"a"})j").code, Errc::read_only);
}

TEST_F(SqlPack, LeavesNothingBesideAFileThatItOnlyReads) {
  const auto names = [this] {
    std::set<std::string> found;
    for (const auto& each : std::filesystem::directory_iterator(project_.path())) {
      found.insert(each.path().filename().string());
    }
    return found;
  };
  good("attach", R"j({"alias":"a","location":"a.duckdb"})j");
  good("load", R"j({"table":"t","data":"i\n1\n","database":"a"})j");
  good("detach", R"j({"alias":"a"})j");
  ASSERT_TRUE(hearth::test::eventually(
      [&] { return !std::filesystem::exists(project_ / "a.duckdb.wal"); }, hearth::test::patience));
  std::filesystem::create_directory(project_ / "inner");
  std::filesystem::rename(project_ / "a.duckdb", project_ / "inner/a.duckdb");
  std::filesystem::remove_all(project_ / "tmp");
  good("attach", R"j({"alias":"a","location":"inner/a.duckdb","read_only":true})j");
  EXPECT_EQ(rows(R"j({"sql":"SELECT i FROM t ORDER BY i","database":"a"})j"), "[[1]]");
  EXPECT_EQ(names(), std::set<std::string>{"inner"});
  EXPECT_FALSE(std::filesystem::exists(project_ / "inner/tmp"));
}

TEST_F(SqlPack, ClosesAFileWithItsLastUser) {
  good("attach", R"j({"alias":"a","location":"a.duckdb"})j");
  good("execute", R"j({"sql":"CREATE TABLE t AS SELECT 1 AS i","database":"a"})j");
  options_.caller.session = "s2";
  good("attach", R"j({"alias":"b","location":"a.duckdb"})j");
  good("detach", R"j({"alias":"b"})j");
  EXPECT_TRUE(std::filesystem::exists(project_ / "a.duckdb.wal"));
  options_.caller.session = "s1";
  good("detach", R"j({"alias":"a"})j");
  // Closing a file writes its log into it.
  EXPECT_TRUE(hearth::test::eventually(
      [&] { return !std::filesystem::exists(project_ / "a.duckdb.wal"); }, hearth::test::patience));
}

// Else thousands of transactions would have to be done again after a kill, for seconds.
TEST_F(SqlPack, PutsTheLogIntoItsFileAfterManyCommits) {
  good("attach", R"j({"alias":"a","location":"a.duckdb"})j");
  good("execute", R"j({"sql":"CREATE TABLE t(i INT)","database":"a"})j");
  std::uintmax_t most = 0;
  for (int i = 0; i < 400; ++i) {
    good("execute", R"j({"sql":"INSERT INTO t VALUES (1)","database":"a"})j");
    std::error_code none;
    const auto size = std::filesystem::file_size(project_ / "a.duckdb.wal", none);
    if (!none && size < most) break;
    if (!none) most = size;
    EXPECT_LT(i, 399);
  }
}

TEST_F(SqlPack, DescribesSamplesAndExplains) {
  good("execute", R"j({"sql":"CREATE TABLE t AS SELECT range AS i FROM range(100)"})j");
  EXPECT_THAT(json::dump(good("describe", R"j({"table":"t"})j")), HasSubstr(R"("type":"BIGINT")"));
  EXPECT_EQ(json::int_or(good("sample", R"j({"table":"t","rows":7})j"), "row_count", 0), 7);
  EXPECT_THAT(bad("sample", R"j({"table":"t; DROP TABLE t"})j").message, HasSubstr("no table"));
  EXPECT_THAT(json::dump(good("explain", R"j({"sql":"FROM t","analyze":true})j")),
              HasSubstr("Total Time"));
}

TEST_F(SqlPack, SamplesAllOfATable) {
  good("execute", R"j({"sql":"CREATE TABLE t AS SELECT range AS i FROM range(1000000)"})j");
  const json::Value answer = good("sample", R"j({"table":"t","rows":50})j");
  std::int64_t most = 0;
  for (const json::Value& row : answer.at("rows").as_array())
    most = std::max(most, row.at(0).as_int64());
  EXPECT_GT(most, 100'000);  // by chance below that once in 10^50 times
}

TEST_F(SqlPack, EndsACallThatIsCancelled) {
  std::stop_source stop;
  options_.stop = stop.get_token();
  auto answer = harness_.send(
      "query",
      R"j({"sql":"SELECT sum(a.range*b.range) FROM range(10000000) a, range(10000000) b"})j",
      options_);
  stop.request_stop();
  const auto outcome = answer.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::cancelled);
}

}  // namespace
}  // namespace hearth::packs::sql
