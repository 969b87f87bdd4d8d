// The tools that move data, with tables of the real PostgreSQL and the real hyperd on one side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "json/json.hpp"
#include "packs/sql/hyper_home.hpp"
#include "packs/sql/postgres_server.hpp"
#include "packs/sql/sql.hpp"
#include "support/test_context.hpp"

namespace hearth::test {
namespace {

using testing::HasSubstr;

// The pack with a database "other" of the engine that the parameter names.
class OtherEngine : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const bool is_postgres = std::string_view(GetParam()) == "postgres";
    if (is_postgres && !PostgresServer::is_installed()) GTEST_SKIP() << "no PostgreSQL here";
    if (!is_postgres && hyperd_program().empty()) GTEST_SKIP() << "no hyperd here";
    options_.caller.cwd = options_.caller.project_root = project_.path();
    options_.caller.kind = "bridge";
    options_.caller.session = "s1";
    harness_.context().settings["memory_limit"] = "512MiB";
    if (!is_postgres) harness_.context().settings["hyper.path"] = hyperd_program();
    harness_.start();
    const auto first = harness_.call("query", R"({"sql":"SELECT 1"})", options_);
    const bool is_missing = !first && first.error().code == Errc::unavailable;
    if (is_missing && std::getenv("CI") == nullptr) GTEST_SKIP() << first.error().message;
    good("attach", {{"alias", "other"},
                    {"location", is_postgres ? "postgresql://postgres@/postgres?host=" +
                                                   postgres_server().directory()
                                             : "other.hyper"}});
    if (is_postgres) execute("other", "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  }

  Result<pack::Reply> call(const std::string& verb, const json::Object& arguments) {
    return harness_.call(verb, json::dump(arguments), options_);
  }
  json::Value good(const std::string& verb, const json::Object& arguments) {
    auto reply = call(verb, arguments);
    EXPECT_TRUE(reply) << verb << json::dump(arguments) << ": " << reply.error().message;
    return reply ? json::parse(reply->structured).value() : json::Value(json::Object());
  }
  Error bad(const std::string& verb, const json::Object& arguments) {
    auto reply = call(verb, arguments);
    EXPECT_FALSE(reply) << verb << ": " << reply->structured;
    return reply ? Error() : reply.error();
  }
  void execute(const std::string& database, const std::string& sql) {
    json::Array statements;
    for (std::size_t begin = 0; begin < sql.size();) {
      const std::size_t end = std::min(sql.find("; ", begin), sql.size());
      statements.push_back(json::Value(sql.substr(begin, end - begin)));
      begin = end + 2;
    }
    good("execute", {{"sql", statements}, {"database", database}});
  }
  std::string rows(const std::string& database, const std::string& sql) {
    const json::Value answer = good("query", {{"sql", sql}, {"database", database}});
    const json::Value* found = json::find(answer, "rows");
    return found == nullptr ? "" : json::dump(*found);
  }
  // "a BIGINT, b VARCHAR": of a table of scratch.
  std::string types(const std::string& table) {
    std::string all;
    const json::Value answer =
        good("query", {{"sql", "SELECT * FROM " + table + " LIMIT 0"}, {"database", "scratch"}});
    for (const json::Value& column : answer.at("columns").as_array()) {
      all += (all.empty() ? "" : ", ") + std::string(json::string_or(column, "name", "")) + " " +
             std::string(json::string_or(column, "type", ""));
    }
    return all;
  }
  void load(json::Object arguments) {
    arguments.emplace("database", "other");
    good("load", arguments);
  }
  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream(project_ / name, std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream from(project_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
  }

  const ScratchDirectory project_{"project"};
  CallOptions options_;
  PackHarness harness_{packs::sql::make_pack(HEARTH_BIN_DIR "/hearthd")};
};

TEST_P(OtherEngine, SaysThatItsTablesAreNotSeenFromOthers) {
  execute("other", "CREATE TABLE t(a INT)");
  const Error error = bad("query", {{"sql", "SELECT * FROM other.t"}});
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_THAT(error.message, HasSubstr(GetParam()));
  EXPECT_THAT(error.suggestions, testing::Contains(HasSubstr("sql_copy")));
}

TEST_P(OtherEngine, LoadsAFile) {
  const std::string all = "SELECT * FROM sales ORDER BY id";
  write("a.csv", "id;code;day;note\n1;007;2024-02-29;\"say \"\"hi\"\",\nyou\"\n2;x;;\"\"\n");
  load({{"table", "sales"}, {"path", "a.csv"}});
  EXPECT_EQ(rows("other", all), R"([[1,"007","2024-02-29","say \"hi\",\nyou"],)"
                                R"([2,"x",null,""]])");
  // A file of numbers only is read as what the table's columns are.
  write("b.csv", "id,code\n3,1.50\n");
  load({{"table", "sales"}, {"path", "b.csv"}, {"mode", "append"}});
  EXPECT_EQ(rows("other", "SELECT code, day, note FROM sales WHERE id = 3"),
            R"([["1.50",null,null]])");
  load({{"table", "sales"}, {"path", "b.csv"}});
  EXPECT_EQ(rows("other", "SELECT * FROM sales"), "[[3,1.5]]");
}

TEST_P(OtherEngine, LoadsInlineDataAndMergesIt) {
  load({{"table", "t"}, {"data", json::parse(R"([{"id":1,"v":"a"},{"id":2,"v":"b"}])").value()}});
  execute("other", "ALTER TABLE t ADD COLUMN kept integer; UPDATE t SET kept = id * 10");
  const json::Object merge{{"table", "t"},
                           {"data", "id,v\n2,B\n3,007\n"},
                           {"mode", "merge"},
                           {"merge_on", json::Array{"id"}},
                           {"database", "other"}};
  const json::Value merged = good("load", merge);
  EXPECT_EQ(json::int_or(merged, "rows_added", 0), 1);
  EXPECT_EQ(json::int_or(merged, "rows_updated", 0), 1);
  const std::string expected = R"([[1,"a",10],[2,"B",20],[3,"007",null]])";
  EXPECT_EQ(rows("other", "SELECT id, v, kept FROM t ORDER BY id"), expected);
  json::Object twice = merge;
  twice["data"] = "id,v\n4,x\n4,y\n";
  EXPECT_EQ(bad("load", twice).code, Errc::invalid_args);
  // All or nothing, and the line that is at fault.
  EXPECT_THAT(bad("load", {{"table", "t"},
                           {"data", "id,v\n5,x\nfive,y\n"},
                           {"mode", "append"},
                           {"database", "other"}})
                  .message,
              HasSubstr("line 3"));
  EXPECT_EQ(rows("other", "SELECT id, v, kept FROM t ORDER BY id"), expected);
}

TEST_P(OtherEngine, KeepsTypesThereAndBack) {
  execute("scratch",
          "CREATE TABLE here (id INTEGER, amount DECIMAL(18,4), big BIGINT, moment TIMESTAMPTZ,"
          " local_at TIMESTAMP, day DATE, raw BLOB, note VARCHAR, ok BOOLEAN, f DOUBLE); "
          "INSERT INTO here VALUES"
          " (1, 12345678901234.5678, 9223372036854775807, '2024-03-31 01:59:59.123456+02',"
          " '2024-02-29 23:59:59.999999', '2024-02-29', '\\x00\\xFF\\x5C,\\x22'::BLOB,"
          " 'say \"hi\",' || chr(10) || chr(9) || 'you\\.é', true, 0.1),"
          " (2, -0.0001, -9223372036854775808, '1899-12-31 23:59:59Z', '1900-01-01', '0001-01-01',"
          " ''::BLOB, '', false, -1e300), "
          " (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  const auto copy = [this](const std::string& from, const std::string& to,
                           const std::string& source, const std::string& table) {
    const json::Value copied = good(
        "copy", {{"from", from}, {"to", to}, {"sql", "SELECT * FROM " + source}, {"table", table}});
    EXPECT_EQ(json::int_or(copied, "rows_added", 0), 3);
  };
  copy("scratch", "other", "here", "there");
  copy("other", "scratch", "there", "back");
  EXPECT_EQ(types("back"), types("here"));
  EXPECT_EQ(rows("scratch", "SELECT * FROM here EXCEPT ALL SELECT * FROM back"), "[]");
  EXPECT_EQ(rows("scratch", "SELECT count(*) FROM back"), "[[3]]");
  EXPECT_EQ(rows("other", "SELECT count(*) FROM there WHERE note IS NULL"), "[[1]]");
  EXPECT_EQ(
      bad("copy",
          {{"from", "scratch"}, {"to", "other"}, {"sql", "SELECT * FROM here"}, {"table", "there"}})
          .code,
      Errc::conflict);
}

TEST_P(OtherEngine, KeepsYearsBeforeChristThereAndBack) {
  execute("scratch",
          "CREATE TABLE here AS SELECT DATE '0044-03-15 (BC)' AS day, "
          "TIMESTAMP '0044-03-15 (BC) 10:11:12.5' AS local_at, "
          "TIMESTAMPTZ '0044-03-15 (BC) 10:11:12+00' AS moment UNION ALL "
          "SELECT DATE '0001-01-01 (BC)', TIMESTAMP '0001-01-01 (BC) 00:00:00', "
          "TIMESTAMPTZ '0001-02-29 (BC) 23:59:59+00'");
  good("copy",
       {{"from", "scratch"}, {"to", "other"}, {"sql", "SELECT * FROM here"}, {"table", "there"}});
  EXPECT_EQ(rows("other", "SELECT count(*) FROM there WHERE day = DATE '0044-03-15 BC'"), "[[1]]");
  good("copy",
       {{"from", "other"}, {"to", "scratch"}, {"sql", "SELECT * FROM there"}, {"table", "back"}});
  EXPECT_EQ(types("back"), types("here"));
  EXPECT_EQ(rows("scratch", "SELECT * FROM here EXCEPT ALL SELECT * FROM back"), "[]");
  EXPECT_EQ(rows("scratch", "SELECT count(*) FROM back"), "[[2]]");
  const std::string all = "SELECT * FROM there ORDER BY day";
  EXPECT_EQ(rows("other", all), rows("scratch", "SELECT * FROM here ORDER BY day"));
  good("export", {{"table", "there"}, {"path", "there.parquet"}, {"database", "other"}});
  EXPECT_EQ(rows("scratch", "SELECT * FROM here EXCEPT ALL SELECT * FROM 'there.parquet'"), "[]");
}

// DuckDB reads no Z there.
TEST_P(OtherEngine, KeepsTimesWithAnOffset) {
  if (std::string_view(GetParam()) != "postgres") GTEST_SKIP() << "hyperd has no such type";
  execute("other",
          "CREATE TABLE there AS SELECT '10:11:12.5+00'::timetz AS t UNION ALL "
          "SELECT '10:11:12-03:30' UNION ALL SELECT NULL");
  good("copy",
       {{"from", "other"}, {"to", "scratch"}, {"sql", "SELECT * FROM there"}, {"table", "back"}});
  EXPECT_EQ(rows("scratch", "SELECT CAST(t AS VARCHAR) FROM back ORDER BY t"),
            R"([["10:11:12.5+00"],["10:11:12-03:30"],[null]])");
}

// A server of others keeps no keys: the second call would write again.
TEST_P(OtherEngine, TakesKeysOnlyWhereTheyAreKept) {
  const bool is_kept = std::string_view(GetParam()) == "hyper";
  execute("other", "CREATE TABLE t (a integer)");
  const json::Object once{
      {"sql", "INSERT INTO t VALUES (1)"}, {"database", "other"}, {"key", "mine"}};
  const json::Object loads{{"table", "t"},
                           {"data", "a\n2\n"},
                           {"mode", "append"},
                           {"database", "other"},
                           {"key", "mine too"}};
  for (int i = 0; i < 2; ++i) {
    if (is_kept) {
      good("execute", once);
      good("load", loads);
    } else {
      EXPECT_EQ(bad("execute", once).code, Errc::unsupported);
      EXPECT_EQ(bad("load", loads).code, Errc::unsupported);
    }
  }
  EXPECT_EQ(rows("other", "SELECT a FROM t ORDER BY a"), is_kept ? "[[1],[2]]" : "[]");
}

// To the other and back: nothing fails for its type, and the values stay.
TEST_P(OtherEngine, TakesTypesThatItLacks) {
  const std::string values =
      "SELECT sum(id) AS total, 1.5::FLOAT AS f, '{\"a\":1}'::JSON AS j, [1, 2] AS l, "
      "'10:00:00+02'::TIMETZ AS t, 12345678901234567890::UBIGINT AS u, "
      "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID AS id, 1::TINYINT AS small, "
      "340282366920938463463374607431768211455::UHUGEINT AS most FROM range(3) r(id)";
  good("copy", {{"from", "scratch"}, {"to", "other"}, {"sql", values}, {"table", "lacks"}});
  good("copy",
       {{"from", "other"}, {"to", "scratch"}, {"sql", "SELECT * FROM lacks"}, {"table", "back"}});
  EXPECT_EQ(rows("scratch",
                 "SELECT total::INT, f, l::INT[], u::VARCHAR, id::VARCHAR, most::VARCHAR "
                 "FROM back"),
            R"([[3,1.5,[1,2],"12345678901234567890","6ba7b810-9dad-11d1-80b4-00c04fd430c8",)"
            R"("340282366920938463463374607431768211455"]])");
  load({{"table", "mixed"}, {"data", json::parse(R"([{"a":1},{"a":"x"}])").value()}});
  EXPECT_EQ(rows("other", "SELECT count(a) FROM mixed"), "[[2]]");
  if (std::string_view(GetParam()) == "hyper") return;
  execute("other",
          "CREATE TABLE wide (a numeric(39,0), b numeric(1000,2), c numeric(5,-2)); "
          "INSERT INTO wide VALUES (7, 1.25, 1234)");
  good("copy",
       {{"from", "other"}, {"to", "scratch"}, {"sql", "SELECT * FROM wide"}, {"table", "wide"}});
  EXPECT_EQ(rows("scratch", "SELECT * FROM wide"), R"([["7","1.25","1200"]])");
}

TEST_P(OtherEngine, ExplainsAQuery) {
  const json::Value plan = good("explain", {{"sql", "SELECT 1 AS n"}, {"database", "other"}});
  EXPECT_NE(json::string_or(plan, "plan", ""), "");
}

TEST_P(OtherEngine, ExportsATable) {
  const auto data = json::parse(R"([{"id":1,"price":"1.50","note":"a,\"b\""},)"
                                R"({"id":2,"price":null,"note":""},)"
                                R"({"id":3,"price":"0.25","note":null}])");
  load(
      {{"table", "t"}, {"data", data.value()}, {"types", json::Object{{"price", "DECIMAL(9,2)"}}}});
  const json::Object ordered{{"sql", "SELECT * FROM t ORDER BY id"}, {"database", "other"}};
  const auto written = [&](const std::string& name) {
    json::Object arguments = ordered;
    arguments.emplace("path", name);
    EXPECT_EQ(json::int_or(good("export", arguments), "rows", 0), 3) << name;
    return read(name);
  };
  EXPECT_EQ(written("o.csv"), "id,price,note\n1,1.50,\"a,\"\"b\"\"\"\n2,,\"\"\n3,0.25,\n");
  EXPECT_THAT(written("o.jsonl"), HasSubstr(R"({"id":2,"price":null,"note":""})"));
  EXPECT_EQ(json::parse(written("o.json")).value().as_array().size(), 3U);
  (void)written("o.parquet");
  EXPECT_EQ(rows("scratch", "SELECT id, price, note FROM 'o.parquet' ORDER BY id"),
            R"([[1,"1.50","a,\"b\""],[2,null,""],[3,"0.25",null]])");
  good("export", {{"table", "t"}, {"path", "whole.csv.gz"}, {"database", "other"}});
  EXPECT_TRUE(std::filesystem::exists(project_ / "whole.csv.gz"));
}

INSTANTIATE_TEST_SUITE_P(,
                         OtherEngine,
                         testing::Values("postgres", "hyper"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace hearth::test
