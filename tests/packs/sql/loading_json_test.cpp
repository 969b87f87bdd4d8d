// Loads of JSON, whose numbers its readers would round.
#include <gmock/gmock.h>

#include "packs/sql/loading_fixture.hpp"

namespace hearth::packs::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(Loading, TakesJsonFromAPlaceWithinIt) {
  LoadRequest request;
  request.options.json_path = "$.data.items";
  must_load(persistent(),
            {file("a.json", R"({"data":{"items":[{"id":1,"d":{"k":"v"}},{"id":2}]}})")}, request);
  EXPECT_EQ(rows(persistent(), "SELECT id, d.k FROM t ORDER BY id"), "id,k\n1,v\n2,\n");
  request.options.json_path = "$.nowhere";
  EXPECT_EQ(load(persistent(), {file("a.json", "{}")}, request).error().code, Errc::not_found);
}

TEST_F(Loading, FindsTimesInJson) {
  const auto report =
      load(scratch(),
           {file("times.jsonl",
                 "{\"js\":\"2024-01-01T10:00:00.123Z\",\"off\":\"2024-01-01T10:00:00+02:00\","
                 "\"z\":\"2024-01-01T10:00:00Z\",\"local\":\"2024-01-01T10:00:00\",\"x\":\"a\","
                 "\"o\":{\"a b\":\"2024\"}}\n{\"x\":null}\n")});
  ASSERT_TRUE(report) << report.error().message;
  std::vector<std::string> types;
  for (const Column& column : report->columns) types.push_back(column.type.substr(0, 14));
  EXPECT_THAT(types, ElementsAre("TIMESTAMP WITH", "TIMESTAMP WITH", "TIMESTAMP WITH", "TIMESTAMP",
                                 "VARCHAR", "STRUCT(\"a b\" V"));
  EXPECT_EQ(rows(scratch(), "SELECT js, off, local FROM t WHERE x = 'a'"),
            "js,off,local\n2024-01-01T10:00:00.123Z,2024-01-01T08:00:00Z,2024-01-01T10:00:00\n");
  // Keys that differ in case only are columns of their own.
  must_load(scratch(), {file("case.json", "[{\"t\":\"2024-01-01T10:00:00Z\",\"T\":5}]")});
  EXPECT_EQ(rows(scratch(), "SELECT * EXCLUDE t FROM t"), "T_1\n5\n");
}

// DuckDB's reader of JSON keeps 53 bits.
TEST_F(Loading, RoundsNoNumbersInJson) {
  const std::string_view first =
      R"({"a":12345678901234567890123,"d":123456789012345678.123456789,"r":0.1,"z":"007",)"
      R"("l":[0.12345678901234567891],"s":{"n":18446744073709551616}})";
  const std::string_view second = R"({"a":5,"d":2.5,"r":1e300,"z":"12","l":[],"s":{"n":1}})";
  const std::string array = "[" + std::string(first) + ", " + std::string(second) + "]";
  const std::string lines = std::string(first) + "\n" + std::string(second) + "\n";
  for (const auto& [name, text] : {std::pair("n.json", array), std::pair("n.jsonl", lines)}) {
    const auto report = load(scratch(), {file(name, text)});
    ASSERT_TRUE(report) << report.error().message;
    std::vector<std::string> types;
    for (const Column& column : report->columns) types.push_back(column.type);
    EXPECT_THAT(types, ElementsAre("HUGEINT", "DECIMAL(38,9)", "DOUBLE", "VARCHAR", "DOUBLE[]",
                                   "STRUCT(n JSON)"));
    EXPECT_EQ(rows(scratch(), "SELECT a, d, z, s.n ->> '$' AS n FROM t ORDER BY a DESC"),
              "a,d,z,n\n12345678901234567890123,123456789012345678.123456789,007,"
              "18446744073709551616\n5,2.500000000,12,1\n")
        << name;
  }
}

TEST_F(Loading, TakesNumbersInJsonForWhatTheTableHas) {
  execute(scratch(), "CREATE TABLE t(a HUGEINT, d DECIMAL(38,9))");
  LoadRequest request{.mode = LoadMode::append};
  must_load(scratch(),
            {file("n.jsonl", R"({"a":12345678901234567890123,"d":123.123456789012345})"
                             "\n")},
            request);
  EXPECT_EQ(rows(scratch()), "a,d\n12345678901234567890123,123.123456789\n");
  const auto bad = load(scratch(), {file("b.jsonl", "{\"a\":1}\n{\"a\":\"x\"}\n")}, request);
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("line 2"));
  EXPECT_THAT(bad.error().message, testing::Not(HasSubstr("ignore_errors")));
  request.options.skips_bad_rows = true;
  const auto some =
      load(scratch(), {file("b.jsonl", "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":null}\n")}, request);
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some->added, 2);
  EXPECT_EQ(some->files.at(0).skipped, 1);
  EXPECT_EQ(some->files.at(0).bad_rows.at(0).line, 2);
  EXPECT_EQ(some->files.at(0).bad_rows.at(0).column, "a");
}

TEST_F(Loading, KeepsFractionsThatAreMeasurements) {
  must_load(
      scratch(),
      {file("m.jsonl", R"({"x":1.0000000000000001e-05,"s":{"avg":2.3333333333333333},"y":1e300})"
                       "\n"
                       R"({"x":0.12345678901234567891,"s":{"avg":1.5},"y":12345678901234567.125})"
                       "\n")});
  EXPECT_EQ(rows(scratch(), "SELECT typeof(x) AS x, typeof(s) AS s, typeof(y) AS y FROM t LIMIT 1"),
            "x,s,y\nDOUBLE,STRUCT(avg DOUBLE),DOUBLE\n");
}

TEST_F(Loading, FindsLongNumbersAtAPlaceInADocument) {
  LoadRequest request;
  request.options.json_path = "$.rows";
  const auto report = load(
      scratch(), {file("d.json", R"({"rows":[{"id":18446744073709551615},{"id":5}]})")}, request);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->columns.at(0).type, "HUGEINT");
  EXPECT_EQ(rows(scratch()), "id\n5\n18446744073709551615\n");
}

TEST_F(Loading, LeavesRowsOfJsonOutWithoutTouchingOthers) {
  LoadRequest request;
  request.options.skips_bad_rows = true;
  request.options.types = {
      {"id", "INTEGER"}, {"name", "VARCHAR"}, {"s", "STRUCT(a INTEGER, b INTEGER)"}};
  const auto report = load(scratch(),
                           {file("p.jsonl",
                                 "{\"id\":1,\"name\":\"Ann\",\"s\":{\"a\":1}}\n"
                                 "{\"id\":\"x\",\"name\":\"Bob\"}\n")},
                           request);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files.at(0).skipped, 1);
  EXPECT_EQ(rows(scratch(), "SELECT id, name, s.a AS a FROM t"), "id,name,a\n1,Ann,1\n");
}

}  // namespace
}  // namespace hearth::packs::sql
