// Loads of files with rows, copies and exports.
#include <gmock/gmock.h>
#include <zlib.h>

#include "packs/sql/loading_fixture.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(Loading, FindsOutDelimiterQuotesAndTypes) {
  for (const Target& to : {scratch(), persistent()}) {
    must_load(to, {file("a.csv",
                        "id;when;note\n1;2024-01-01 10:00:00;\"a;b\"\n2;2024-02-29 00:00:00;\n")});
    EXPECT_EQ(rows(to), "id,when,note\n1,2024-01-01T10:00:00,a;b\n2,2024-02-29T00:00:00,\n");
  }
  EXPECT_THAT(left_over(), IsEmpty());
}

// DuckDB judges by 20,480 rows, and takes a quote behind them for a letter.
TEST_F(Loading, KnowsQuotesThatComeLate) {
  std::string text = "i,note\n";
  for (int i = 0; i < 25'000; ++i) text += std::to_string(i) + ",x\n";
  must_load(scratch(), {file("late.csv", text + "-1,\"late, \"\"quoted\"\"\"\n-2,\"late\"\n")});
  EXPECT_EQ(rows(scratch(), "SELECT note FROM t WHERE i < 0 ORDER BY i"),
            "note\nlate\n\"late, \"\"quoted\"\"\"\n");
  // Where there are quotes before that mean nothing, the later ones mean nothing, too.
  must_load(scratch(), {file("inch.csv", "i,note\n0,5\" x\n" + text.substr(7) + "-1,5\" y\n")});
  EXPECT_EQ(rows(scratch(), "SELECT count(*), max(note) FROM t WHERE note LIKE '5\"%'"),
            "count_star(),max(note)\n2,\"5\"\" y\"\n");
}

// Types are found out by the first rows, and DuckDB's reader makes what comes later fit.
TEST_F(Loading, ChangesNoValueInSilence) {
  struct Case {
    std::string common, late;
    std::string type;  // whose value it is none of; empty: it is one
  };
  const std::vector<Case> cases{{"17", "1.7", "BIGINT"},
                                {"17", "15e-1", "BIGINT"},
                                {"17", " 3.0 ", ""},
                                {"17", "1e3", ""},
                                {"2024-01-01 10:00:00", "2024-01-01 10:00:00+05", "TIMESTAMP"},
                                {"2024-01-01 10:00:00", "2024-01-01 10:00-03:30", "TIMESTAMP"},
                                {"2024-01-01 10:00:00", "2024-01-01T10:00:00.25", ""},
                                {"2024-01-01 10:00:00", "0044-03-15 (BC) 10:00:00", ""},
                                {"2024-01-01", "2024-01-01 10:30:00", "DATE"},
                                {"2024-01-01", "0044-03-15 BC", "DATE"},
                                {"10:00:00", "10:00:00+05", "TIME"},
                                {"10:00:00", "09:30", ""}};
  for (const auto& [common, late, type] : cases) {
    std::string text = "i,v,note\n";
    for (int i = 0; i < 21'000; ++i) text += std::to_string(i) + "," + common + ",a\n";
    const auto report =
        load(scratch(), {file("late.csv", text + "21000,\"" + late + "\",\"x, 1.7 +05\"\n")});
    EXPECT_EQ(report.has_value(), type.empty()) << late;
    if (report) continue;
    EXPECT_THAT(report.error().message,
                HasSubstr("late.csv, line 21002, column \"v\": \"" + late + "\" is no " + type))
        << late;
  }
}

TEST_F(Loading, ChangesNoValueToFitATable) {
  execute(scratch(), "CREATE TABLE t (id INT, n INT, seen TIMETZ)");
  LoadRequest request;
  request.mode = LoadMode::append;
  for (const bool skips : {false, true}) {
    request.options.skips_bad_rows = skips;
    const auto report = load(scratch(), {file("a.csv", "id,n\n\n1,2\n2,1.7\n")}, request);
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("\"1.7\" is no INTEGER"));
    EXPECT_THAT(report.error().message, HasSubstr(skips ? "row 2" : "line 4"));
  }
  request.options.skips_bad_rows = false;
  // DuckDB's reader would make NULL of all of them.
  must_load(scratch(), {file("b.csv", "id,seen\n1,10:00:00+02\n2,11:00:00Z\n3,\n")}, request);
  EXPECT_EQ(rows(scratch(), "SELECT id, CAST(seen AS VARCHAR) AS seen FROM t ORDER BY id"),
            "id,seen\n1,10:00:00+02\n2,11:00:00+00\n3,\n");
  const auto report = load(scratch(), {file("c.csv", "id,seen\n1,10:00:00+02\n2,noon\n")}, request);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("c.csv, line 3, column \"seen\": \"noon\" is no"));
}

// Failure 12 of the peer: it stays text there.
TEST_F(Loading, TakesADateWithATimeForATimestamp) {
  const auto report =
      load(scratch(), {file("a.csv", "at\n2024-01-01 10:00:00\n2024-06-30 23:59:59\n")});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->columns.at(0).type, "TIMESTAMP");
  EXPECT_EQ(report->added, 2);
}

// Failure 17 of the peer: none of these are read there.
TEST_F(Loading, ReadsGzipTsvSemicolonsAndLatin1) {
  execute(scratch(), "CREATE TABLE s AS SELECT 1 AS a, 'x' AS b");
  for (const auto& [name, compression] :
       {std::pair("s.csv.gz", Compression::gzip), std::pair("s.csv.zst", Compression::zstd)}) {
    const std::string path = directory_ / (std::string("project/") + name);
    const auto written = export_rows(connections_,
                                     {.from = scratch(),
                                      .scratch = scratch(),
                                      .sql = "SELECT * FROM s",
                                      .path = path,
                                      .compression = compression},
                                     {});
    ASSERT_TRUE(written) << written.error().message;
    must_load(persistent(), {{name, path, {}}});
    EXPECT_EQ(rows(persistent()), "a,b\n1,x\n") << name;
  }
  must_load(persistent(), {file("s.tsv", "a\tb\n1\tx,y\n")});
  EXPECT_EQ(rows(persistent()), "a,b\n1,\"x,y\"\n");
  must_load(persistent(), {file("s.csv", "a;b\n1;x\n")});
  EXPECT_EQ(rows(persistent()), "a,b\n1,x\n");
  const auto latin = load(persistent(), {file("l.csv", "name,v\nM\xFCller,1\n")});
  ASSERT_TRUE(latin) << latin.error().message;
  EXPECT_EQ(latin->files.at(0).kind.encoding, Encoding::latin1);
  EXPECT_EQ(rows(persistent()), "name,v\nMüller,1\n");
}

TEST_F(Loading, ReadsUtf16AndLatin1ThatShowsLate) {
  must_load(scratch(), {file("u.csv", std::string_view("\xFE\xFF\0a\0,\0b\0\n\0"
                                                       "1\0,\0\xFC\0\n",
                                                       18))});
  EXPECT_EQ(rows(scratch()), "a,b\n1,ü\n");
  std::string late = "a,b\n";
  for (int i = 0; i < 40'000; ++i) late += "1,x\n";
  const auto report = load(persistent(), {file("late.csv", late + "2,\xFC\n")});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files.at(0).kind.encoding, Encoding::latin1);
  EXPECT_EQ(rows(persistent(), "SELECT b, count(*) AS n FROM t GROUP BY b ORDER BY n"),
            "b,n\nü,1\nx,40000\n");
}

// Failure 2 of the peer: an empty table is left there.
TEST_F(Loading, KeepsTheOldTableWhenReplacingFails) {
  for (const Target& to : {scratch(), persistent()}) {
    must_load(to, {file("good.csv", "id,price\n1,2.5\n")});
    std::string bad = "id,price\n";
    for (int i = 0; i < 30'000; ++i) bad += std::to_string(i) + ",1.5\n";
    const auto failed = load(to, {file("bad.csv", bad + "x1,2.5\n")});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::invalid_args);
    EXPECT_THAT(failed.error().message,
                HasSubstr("bad.csv, line 30002, column \"id\": \"x1\" is no BIGINT"));
    EXPECT_EQ(rows(to), "id,price\n1,2.5\n");
  }
  EXPECT_THAT(left_over(), IsEmpty());
}

TEST_F(Loading, LeavesBadRowsOutAndReportsThem) {
  LoadRequest request;
  request.options.skips_bad_rows = true;
  request.options.types = {{"b", "BIGINT"}};
  for (const Target& to : {scratch(), persistent()}) {
    const auto report =
        load(to, {file("a.csv", "a,b\n1,2\n3,x\n4,5\n"), file("x.xlsx", "PK\x03\x04")}, request);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->added, 2);
    ASSERT_EQ(report->files.size(), 2);
    EXPECT_EQ(report->files[0].skipped, 1);
    ASSERT_EQ(report->files[0].bad_rows.size(), 1);
    EXPECT_EQ(report->files[0].bad_rows[0].line, 3);
    EXPECT_EQ(report->files[0].bad_rows[0].column, "b");
    EXPECT_EQ(report->files[0].bad_rows[0].value, "x");
    EXPECT_THAT(report->files[1].problem->message, HasSubstr("zip archive"));
  }
  const auto lines = load(scratch(), {file("a.jsonl", "{\"a\":1}\n{bad\n\n{\"a\":2}\n")},
                          request = {.options = {.skips_bad_rows = true}});
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ(lines->files[0].skipped, 1);
  EXPECT_EQ(lines->files[0].bad_rows.at(0).line, 2);
  EXPECT_EQ(rows(scratch()), "a\n1\n2\n");
}

TEST_F(Loading, NamesARowWithOtherColumnsThanTheRest) {
  for (const auto& delimiter : {std::optional<std::string>(), std::optional<std::string>(",")}) {
    LoadRequest request;
    request.options.delimiter = delimiter;
    const auto failed = load(persistent(), {file("a.csv", "x,y\n1,a\nz\n")}, request);
    ASSERT_FALSE(failed) << rows(persistent());
    EXPECT_THAT(failed.error().message, HasSubstr("a.csv"));
    EXPECT_THAT(failed.error().message, HasSubstr("line 3"));
  }
  // A name that holds a comma is no row of two columns.
  must_load(persistent(), {file("b.csv", "\"a,b\"\n1\n2\n")});
  EXPECT_EQ(rows(persistent()), "\"a,b\"\n1\n2\n");
}

TEST_F(Loading, PutsManyFilesTogetherAndNamesAllAtFault) {
  must_load(persistent(), {file("a.csv", "a,b\n1,x\n"), file("b.csv", "b,c\ny,2024-01-01\n"),
                           file("c.json", "[{\"a\":3}]")});
  EXPECT_EQ(rows(persistent()), "a,b,c\n1,x,\n3,,\n,y,2024-01-01\n");
  const auto failed = load(persistent(), {file("a.csv", "a\n1\n"), file("x.xlsx", "PK\x03\x04"),
                                          file("y.arrow", "ARROW1")});
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("2 of 3 files"));
  EXPECT_THAT(failed.error().message, HasSubstr("y.arrow"));
}

TEST_F(Loading, AppendsByNameWithTheTypesOfTheTable) {
  execute(persistent(), "CREATE TABLE t(code VARCHAR, n DECIMAL(10,2))");
  LoadRequest request{.mode = LoadMode::append};
  must_load(persistent(), {file("a.csv", "n,code\n1.5,007\n2,010\n")}, request);
  EXPECT_EQ(rows(persistent()), "code,n\n007,1.50\n010,2.00\n");
  const auto failed = load(persistent(), {file("b.csv", "nope\n1\n")}, request);
  EXPECT_THAT(failed.error().message, HasSubstr("nope"));
  EXPECT_EQ(rows(persistent(), "SELECT count(*) FROM t"), "count_star()\n2\n");
}

TEST_F(Loading, MergesByKey) {
  execute(persistent(), "CREATE TABLE t(id INTEGER PRIMARY KEY, v VARCHAR, kept INTEGER)");
  execute(persistent(), "INSERT INTO t VALUES (1, 'a', 10), (2, 'b', 20)");
  LoadRequest request{.mode = LoadMode::merge, .key = {"id"}};
  const auto merged = load(persistent(), {file("a.csv", "id,v\n2,B\n3,c\n")}, request);
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(merged->added, 1);
  EXPECT_EQ(merged->updated, 1);
  EXPECT_EQ(rows(persistent()), "id,v,kept\n1,a,10\n2,B,20\n3,c,\n");
  must_load(persistent(), {file("c.csv", "ID,V\n2,b\n3,c\n")}, request);
  EXPECT_EQ(rows(persistent()), "id,v,kept\n1,a,10\n2,b,20\n3,c,\n");
  const auto twice = load(persistent(), {file("b.csv", "id,v\n4,x\n4,y\n")}, request);
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("same key"));
  EXPECT_EQ(rows(persistent(), "SELECT count(*) FROM t"), "count_star()\n3\n");
}

TEST_F(Loading, IsAppliedOnceUnderItsKey) {
  LoadRequest request{.mode = LoadMode::append};
  const auto one = file("a.csv", "a\n1\n");
  EXPECT_FALSE(load(persistent(), {one}, request, "user:k")->replayed);
  EXPECT_TRUE(load(persistent(), {one}, request, "user:k")->replayed);
  EXPECT_EQ(rows(persistent()), "a\n1\n");
}

TEST_F(Loading, TakesTypesThatAreSaid) {
  must_load(persistent(), {file("big.json", "[{\"u\":18446744073709551615,\"o\":{\"a\":1}}]")},
            {.options = {.types = {{"U", "UBIGINT"}, {"o", "VARCHAR"}}}});
  EXPECT_EQ(rows(persistent()), "u,o\n18446744073709551615,\"{\"\"a\"\":1}\"\n");
  for (const auto& [name, text] :
       {std::pair{"a.csv", "one,two\n1,2\n"}, std::pair{"a.jsonl", "{\"one\":1,\"two\":2}\n"}}) {
    const auto loaded =
        load(scratch(), {file(name, text)}, {.options = {.types = {{"onee", "VARCHAR"}}}});
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::invalid_args);
    EXPECT_THAT(loaded.error().suggestions, Contains("one"));
  }
}

TEST_F(Loading, RoundsNoNumbers) {
  const auto report = load(
      scratch(), {file("big.csv",
                       "n,m,f,d,e\n9223372036854775808,123456789012345678901234567890123456789012,"
                       "12345678901234567.12345,0.30000000000000004,1e20\n-1,2,-3.5,4.5,"
                       "12345678901234567890\n")});
  ASSERT_TRUE(report) << report.error().message;
  std::vector<std::string> types;
  for (const Column& column : report->columns) types.push_back(column.type);
  EXPECT_THAT(types, ElementsAre("HUGEINT", "VARCHAR", "DECIMAL(38,5)", "DOUBLE", "DOUBLE"));
  EXPECT_EQ(rows(scratch(), "SELECT n, m, f, d FROM t WHERE n > 0"),
            "n,m,f,d\n9223372036854775808,123456789012345678901234567890123456789012,"
            "12345678901234567.12345,0.30000000000000004\n");
}

TEST_F(Loading, RefusesCompressedFilesThatEndEarly) {
  must_load(scratch(), {file("t.csv", "a\n1\n")});
  execute(persistent(), "CREATE TABLE s AS SELECT hash(i) AS a FROM range(200000) r(i)");
  for (const auto& [name, compression] :
       {std::pair("s.csv.gz", Compression::gzip), std::pair("s.csv.zst", Compression::zstd)}) {
    const std::string path = directory_ / (std::string("project/") + name);
    ASSERT_TRUE(export_rows(connections_,
                            {.from = persistent(),
                             .scratch = scratch(),
                             .sql = "SELECT * FROM s",
                             .path = path,
                             .compression = compression},
                            {}));
    const std::string whole = read(path);
    const auto early = load(scratch(), {file(name, whole.substr(0, whole.size() / 2))});
    ASSERT_FALSE(early) << name;
    EXPECT_THAT(early.error().message, HasSubstr("ends early"));
    EXPECT_EQ(rows(scratch()), "a\n1\n") << "the table is as it was";
    std::string broken = whole;
    broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 0x55);
    EXPECT_FALSE(load(scratch(), {file(name, broken)})) << name;
    must_load(persistent(), {file(name, whole)});
    EXPECT_EQ(rows(persistent(), "SELECT count(*) FROM t"), "count_star()\n200000\n");
  }
}

TEST_F(Loading, ReadsSqliteFiles) {
  const std::string path = directory_ / "project/old.db";
  {
    auto database = store::Database::open(path, {});
    ASSERT_TRUE(database->execute(
        "CREATE TABLE people(id INTEGER, code TEXT, score REAL, raw BLOB);"
        "INSERT INTO people VALUES(1, '007', 0.1, x'00ff'), (2, '', NULL, NULL);"));
  }
  must_load(persistent(), {{"old.db", path, {}}});
  EXPECT_EQ(rows(persistent(), "SELECT id, code, score, hex(raw) AS raw FROM t ORDER BY id"),
            "id,code,score,raw\n1,007,0.1,00FF\n2,\"\",,\n");
}

// SQLite takes a value of any kind in a column of any type.
TEST_F(Loading, ReadsBytesOfSqliteWhereverTheyAre) {
  const std::string path = directory_ / "project/old.db";
  {
    auto database = store::Database::open(path, {});
    ASSERT_TRUE(
        database->execute("CREATE TABLE t(id INTEGER, plain, named VARBINARY, note TEXT);"
                          "INSERT INTO t VALUES(1, x'00ff', x'89', x'fe'),"
                          "(2, 'é', NULL, 'text');"));
  }
  must_load(persistent(), {{"old.db", path, {}}});
  EXPECT_EQ(rows(persistent(),
                 "SELECT id, hex(plain) AS p, hex(named) AS n, hex(note) AS t FROM t "
                 "ORDER BY id"),
            "id,p,n,t\n1,00FF,89,FE\n2,C3A9,,74657874\n");
}

// As uncompressed ones.
TEST_F(Loading, LooksIntoCompressedFiles) {
  const auto packed = [&](const std::string& name, std::string_view bytes) {
    const std::string path = directory_ / ("project/" + name);
    gzFile to = ::gzopen(path.c_str(), "wb");
    ::gzwrite(to, bytes.data(), static_cast<unsigned>(bytes.size()));
    ::gzclose(to);
    return LoadFile{name, path, {}};
  };
  must_load(scratch(), {packed("empty.csv.gz", "i,note\n1,\"\"\n2,\n3,x\n")});
  EXPECT_EQ(rows(scratch()), "i,note\n1,\"\"\n2,\n3,x\n");
  std::string text = "i,note\n";
  for (int i = 0; i < 25'000; ++i) text += std::to_string(i) + ",x\n";
  must_load(scratch(), {packed("late.csv.gz", text + "-1,\"late, \"\"quoted\"\"\"\n")});
  EXPECT_EQ(rows(scratch(), "SELECT note FROM t WHERE i < 0"), "note\n\"late, \"\"quoted\"\"\"\n");
  const auto latin = load(persistent(), {packed("l.csv.gz", "name,v\nM\xFCller,1\n")});
  ASSERT_TRUE(latin) << latin.error().message;
  EXPECT_EQ(latin->files.at(0).kind.encoding, Encoding::latin1);
  EXPECT_EQ(rows(persistent()), "name,v\nMüller,1\n");
  must_load(persistent(), {packed("u.csv.gz", std::string_view("\xFE\xFF\0a\0,\0b\0\n\0"
                                                               "1\0,\0\xFC\0\n",
                                                               18))});
  EXPECT_EQ(rows(persistent()), "a,b\n1,ü\n");
}

TEST_F(Loading, TriesWithoutChangingAnything) {
  LoadRequest request{.is_dry_run = true};
  const auto report = load(persistent(), {file("a.csv", "a\n1\n2\n")}, request);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files.at(0).rows, 2);
  EXPECT_EQ(report->columns.at(0).type, "BIGINT");
  EXPECT_THAT(rows(persistent()), HasSubstr("does not exist"));
}

// What a load is refused for, a dry run is, too.
TEST_F(Loading, TriesAgainstTheTableThatIsThere) {
  execute(persistent(), "CREATE TABLE t (id INT PRIMARY KEY, v INT)");
  const auto tried = [&](LoadMode mode, std::string_view text, std::vector<std::string> key = {},
                         const std::string& name = "a.csv") {
    const auto done = load(persistent(), {file(name, text)},
                           {.mode = mode, .key = std::move(key), .is_dry_run = true});
    return done ? "fine" : done.error().message;
  };
  EXPECT_EQ(tried(LoadMode::append, "id,v\n1,2\n"), "fine");
  EXPECT_THAT(tried(LoadMode::append, "id,zzz\n1,2\n"), HasSubstr("no column \"zzz\""));
  EXPECT_THAT(tried(LoadMode::append, "id,v\n1,abc\n"), HasSubstr("line 2"));
  EXPECT_THAT(tried(LoadMode::append, "{\"id\":1,\"v\":\"abc\"}\n", {}, "a.jsonl"),
              HasSubstr("abc"));
  EXPECT_THAT(tried(LoadMode::merge, "id,v\n1,2\n", {"nope"}), HasSubstr("\"nope\""));
  EXPECT_THAT(tried(LoadMode::merge, "id,v\n1,2\n1,3\n", {"id"}), HasSubstr("the same key"));
  EXPECT_EQ(tried(LoadMode::merge, "id,v\n1,2\n2,3\n", {"id"}), "fine");
  EXPECT_EQ(tried(LoadMode::replace, "other\nabc\n"), "fine");
  EXPECT_EQ(rows(persistent(), "SELECT count(*) FROM t"), "count_star()\n0\n");
}

TEST_F(Loading, NamesTheTypesThatTheTableHas) {
  const std::vector<LoadFile> files{file("p1.csv", "a\n1\n"), file("p2.csv", "a\nfoo\n")};
  for (const bool is_dry_run : {true, false}) {
    const auto report = load(scratch(), files, {.is_dry_run = is_dry_run});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->columns.at(0).type, "VARCHAR");
  }
  execute(scratch(), "CREATE OR REPLACE TABLE t (a DOUBLE, b INT)");
  const auto report = load(scratch(), {file("a.json", "[{\"a\":1}]")}, {.mode = LoadMode::append});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->columns.at(0).type, "DOUBLE");
}

TEST_F(Loading, LoadsInlineData) {
  must_load(persistent(), {{"data", {}, "a,b\n1,x\n"}});
  EXPECT_EQ(rows(persistent()), "a,b\n1,x\n");
  must_load(scratch(), {{"data.jsonl", {}, "{\"a\":1,\"tags\":[\"x\"]}\n"}});
  EXPECT_EQ(rows(scratch()), "a,tags\n1,\"[\"\"x\"\"]\"\n");
}

// A row at the end that is longer than all others must not make DuckDB take it for the only one.
TEST_F(Loading, LeavesNoLinesOutUnsaid) {
  std::string text = "x,y\n";
  for (int i = 0; i < 100; ++i) text += "1,2\n";
  const auto loaded = load(persistent(), {file("b.csv", text + "3,4,5,6\n")});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("line 102: 2 columns were expected"));
  must_load(persistent(), {file("blank.csv", "\n\n" + text)});
  EXPECT_EQ(rows(persistent(), "SELECT count(*) FROM t"), "count_star()\n100\n");
}

TEST_F(Loading, NamesTheLineThatHasAFieldTooMany) {
  std::string text = "id,name,x\n";
  for (int i = 0; i < 50; ++i) text += std::to_string(i) + ",Smith, John,0\n";
  const auto loaded = load(scratch(), {file("comma.csv", text)});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message,
              HasSubstr("comma.csv, line 2: 3 columns were expected, 4 or more found"));
  // Where bad rows are left out, the header is not the only good one.
  const LoadRequest skipping{.options = {.skips_bad_rows = true}};
  const auto titled =
      load(scratch(), {file("titled.csv", "Report 2024\n\nid,name\n1,a\n2,b\n3,c\n")}, skipping);
  ASSERT_FALSE(titled);
  EXPECT_THAT(titled.error().suggestions, Contains(HasSubstr("read.skip_rows 2")));
}

TEST_F(Loading, ReadsLinesThatEndInBothWays) {
  std::string text = "id,name\r\n";
  for (int i = 0; i < 100; ++i)
    text +=
        std::to_string(i) + ",\"n\"\"" + std::to_string(i) + "\"" + (i % 7 == 0 ? "\n" : "\r\n");
  must_load(persistent(), {file("mixed.csv", text)});
  EXPECT_EQ(rows(persistent(), "SELECT count(*), max(id), max(name) FROM t"),
            "count_star(),max(id),\"max(\"\"name\"\")\"\n100,99,\"n\"\"99\"\n");
  const auto odd = load(scratch(), {file("odd.csv", "a,b\n1;2;3\n4|5\n\"x\n")});
  ASSERT_FALSE(odd);
  EXPECT_THAT(odd.error().message, testing::Not(HasSubstr("strict_mode")));
}

// As sql_export writes them. Others quote everything, and mean NULL by "" among numbers.
TEST_F(Loading, TellsAnEmptyTextFromNull) {
  const std::string all = "SELECT a IS NULL, b IS NULL FROM t ORDER BY ALL";
  must_load(scratch(), {file("ours.csv", "a,b\nx,\"\"\n\"\",\n")});
  EXPECT_EQ(rows(scratch(), all), "(a IS NULL),(b IS NULL)\nfalse,false\nfalse,true\n");
  must_load(scratch(), {file("theirs.csv", "a,b\n\"1\",\"\"\n\"\",\"x\"\n")});
  EXPECT_EQ(rows(scratch(), all), "(a IS NULL),(b IS NULL)\nfalse,true\ntrue,false\n");
  execute(scratch(), "CREATE OR REPLACE TABLE t (a INT, b VARCHAR)");
  must_load(scratch(), {file("theirs.csv", "a,b\n\"1\",\"\"\n\"\",\"x\"\n")},
            {.mode = LoadMode::append});
  EXPECT_EQ(rows(scratch(), all), "(a IS NULL),(b IS NULL)\nfalse,true\ntrue,false\n");
}

TEST_F(Loading, RefusesWhatIsEmpty) {
  for (const std::string name : {"empty.csv", "empty.json", "empty.jsonl"}) {
    const auto loaded = load(persistent(), {file(name, "\n")});
    ASSERT_FALSE(loaded) << name;
    EXPECT_THAT(loaded.error().message, HasSubstr("is empty: it has not even a header"));
  }
  must_load(persistent(), {file("header.csv", "a,b\n")});
  EXPECT_EQ(rows(persistent()), "a,b\n");
}

// Failure 13 of the peer: a name is pasted into the statement there.
TEST_F(Loading, TakesNamesForWhatTheyAre) {
  LoadRequest request{.table = {{}, "t\"; DROP TABLE t; --"}};
  must_load(persistent(), {file("a'b\".csv", "a;\"x\"\"; y\"\n1;2\n")}, request);
  EXPECT_EQ(rows(persistent(), "SELECT * FROM \"t\"\"; DROP TABLE t; --\""),
            "a,\"x\"\"; y\"\n1,2\n");
}

TEST_F(Loading, InspectsFiles) {
  const auto summary =
      inspect_file(connections_, scratch(),
                   file("a.csv", "n,s,at\n1,b,2024-01-01\n,a,2024-03-01\n3,a,\n"), {}, {});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->rows, 3);
  ASSERT_EQ(summary->columns.size(), 3);
  EXPECT_EQ(summary->columns[0].nulls, 1);
  EXPECT_EQ(summary->columns[0].least, "1");
  EXPECT_EQ(summary->columns[0].most, "3");
  EXPECT_EQ(summary->columns[1].distinct, 2);
  EXPECT_EQ(summary->columns[2].column.type, "DATE");
  EXPECT_EQ(summary->columns[2].most, "2024-03-01");
}

TEST_F(Loading, CopiesBetweenDatabases) {
  must_load(scratch(), {file("a.csv", "a,b\n1,x\n2,\n")});
  const Copier copier(connections_);
  const auto copy = [&](CopyMode mode, const std::string& sql) {
    bool may_be_done = false;
    return copier.copy(
        {.from = scratch(), .sql = sql, .to = persistent(), .table = {{}, "t"}, .mode = mode},
        {"once:" + std::to_string(++keys_), "copy"}, may_be_done, {});
  };
  const auto created = copy(CopyMode::create, "SELECT * FROM t;");
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->added, 2);
  EXPECT_EQ(copy(CopyMode::create, "SELECT * FROM t").error().code, Errc::conflict);
  EXPECT_TRUE(copy(CopyMode::append, "SELECT 3 AS a, 'z' AS b"));
  EXPECT_EQ(rows(persistent()), "a,b\n1,x\n2,\n3,z\n");
  EXPECT_TRUE(copy(CopyMode::replace, "SELECT 9 AS q"));
  EXPECT_EQ(rows(persistent()), "q\n9\n");
  for (const char* bad :
       {"DROP TABLE t", "SELECT 1) TO 'x'; SELECT (2", "SELECT 1; DROP TABLE t"}) {
    EXPECT_FALSE(copy(CopyMode::replace, bad)) << bad;
  }
  EXPECT_EQ(rows(persistent()), "q\n9\n");
}

TEST_F(Loading, ExportsWhatAQueryGives) {
  must_load(persistent(), {file("a.csv", "a,b\n1,x\n2,\n")});
  const auto write = [&](const std::string& name, FileFormat format, const std::string& sql,
                         bool replaces = false) {
    return export_rows(connections_,
                       {.from = persistent(),
                        .scratch = scratch(),
                        .sql = sql,
                        .path = directory_ / ("project/" + name),
                        .format = format,
                        .replaces = replaces},
                       {});
  };
  const auto csv = write("o.csv", FileFormat::csv, "SELECT * FROM t ORDER BY a;");
  ASSERT_TRUE(csv) << csv.error().message;
  EXPECT_EQ(csv->rows, 2);
  EXPECT_EQ(read(directory_ / "project/o.csv"), "a,b\n1,x\n2,\n");
  EXPECT_EQ(write("o.csv", FileFormat::csv, "SELECT 1").error().code, Errc::conflict);
  EXPECT_TRUE(write("o.csv", FileFormat::tsv, "SELECT 1 AS a, 2 AS b", true));
  EXPECT_EQ(read(directory_ / "project/o.csv"), "a\tb\n1\t2\n");
  EXPECT_TRUE(write("o.jsonl", FileFormat::json_lines, "SELECT * FROM t ORDER BY a"));
  EXPECT_EQ(read(directory_ / "project/o.jsonl"), "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":null}\n");
  EXPECT_TRUE(write("o.parquet", FileFormat::parquet, "SELECT * FROM t"));
  must_load(scratch(), {{"o.parquet", directory_ / "project/o.parquet", {}}});
  EXPECT_EQ(rows(scratch()), "a,b\n1,x\n2,\n");
  // Whole numbers stay whole, and JSON has no NaN.
  EXPECT_TRUE(write("o.parquet", FileFormat::parquet,
                    "SELECT 12345678901234567890123::HUGEINT AS n, 1 AS \"N\"", true));
  must_load(scratch(), {{"o.parquet", directory_ / "project/o.parquet", {}}});
  EXPECT_EQ(rows(scratch(), "SELECT n FROM t"), "n\n12345678901234567890123\n");
  EXPECT_TRUE(write("o.jsonl", FileFormat::json_lines,
                    "SELECT unnest(['nan'::DOUBLE, '-inf', 0.5]) AS f", true));
  EXPECT_EQ(read(directory_ / "project/o.jsonl"), "{\"f\":null}\n{\"f\":null}\n{\"f\":0.5}\n");
  for (const char* bad :
       {"DELETE FROM t", "SELECT 1) TO '/tmp/x'; COPY (SELECT 2", "COPY t TO 'x'"}) {
    EXPECT_FALSE(write("bad.csv", FileFormat::csv, bad)) << bad;
  }
  EXPECT_FALSE(fs::exists(directory_ / "project/bad.csv"));
  EXPECT_THAT(left_over(), IsEmpty());
}

}  // namespace
}  // namespace hearth::packs::sql
