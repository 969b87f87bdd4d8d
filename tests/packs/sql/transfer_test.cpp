// The pure parts of loading and exporting: what a file is, how it is read, what is said of a bad
// row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packs/sql/transfer/changed_values.hpp"
#include "packs/sql/transfer/column_types.hpp"
#include "packs/sql/transfer/load_plan.hpp"
#include "packs/sql/transfer/row_error.hpp"
#include "packs/sql/transfer/rows_text.hpp"
#include "packs/sql/transfer/source.hpp"
#include "packs/sql/transfer/sql_text.hpp"

namespace hearth::packs::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SqlText, QuotesWhatCallersName) {
  EXPECT_EQ(quoted_name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quoted_text("it's"), "'it''s'");
  EXPECT_EQ(parse_table_name("sales").value().quoted(), "\"sales\"");
  EXPECT_EQ(parse_table_name("main.sales").value().quoted(), "\"main\".\"sales\"");
  EXPECT_EQ(parse_table_name("\"a.b\"").value().name, "a.b");
  EXPECT_EQ(parse_table_name("x; DROP TABLE y").value().quoted(), "\"x; DROP TABLE y\"");
  for (const std::string_view bad : std::initializer_list<std::string_view>{
           "", "a.", ".a", "a.b.c", "\"a", std::string_view("a\0b", 3)}) {
    EXPECT_EQ(parse_table_name(bad).error().code, Errc::invalid_args) << bad;
  }
  EXPECT_EQ(without_semicolon("SELECT 1 ;\n"), "SELECT 1");
}

TEST(SqlText, LetsOnlyTypesThrough) {
  EXPECT_TRUE(checked_type("DECIMAL(10,2)"));
  EXPECT_TRUE(checked_type("STRUCT(\"a b\" INTEGER, c VARCHAR[])"));
  for (const std::string_view bad : {"", "INT) AS x, (SELECT 1", "INT;", "INT--", "VARCHAR'"}) {
    EXPECT_FALSE(checked_type(bad)) << bad;
  }
}

TEST(Encoding, IsGuessedFromTheFirstBytes) {
  EXPECT_EQ(guess_encoding("a,b\n1,\xC3\xBC\n"), Encoding::utf8);
  EXPECT_EQ(guess_encoding("a,b\n1,\xC3"), Encoding::utf8);  // cut within a character
  EXPECT_EQ(guess_encoding("a,b\n1,\xFC\n"), Encoding::latin1);
  EXPECT_EQ(guess_encoding("\xFF\xFE\x61"), Encoding::utf16le);
  EXPECT_EQ(guess_encoding("\xFE\xFF"), Encoding::utf16be);
  EXPECT_EQ(guess_encoding(std::string_view("a\0,\0b\0", 6)), Encoding::utf16le);
  EXPECT_EQ(guess_encoding(std::string_view("\0a\0,\0b", 6)), Encoding::utf16be);
  EXPECT_EQ(guess_encoding(""), Encoding::utf8);
  EXPECT_EQ(encoding_from_name("ISO-8859-1"), Encoding::latin1);
  EXPECT_EQ(encoding_from_name("klingon"), std::nullopt);
}

TEST(Encoding, ReadsUtf16PieceByPiece) {
  const std::string_view text("\xFE\xFF\0a\0\xFC\xD8\x3D\xDE\0\xD8\x3D\0z\0", 15);
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Utf16Reader reader(true);
    std::string utf8;
    for (std::size_t at = 0; at < text.size(); at += piece)
      reader.add(text.substr(at, piece), utf8);
    reader.finish(utf8);
    EXPECT_EQ(utf8, "aü😀\uFFFDz\uFFFD") << piece;
  }
}

SourceKind kind(std::string_view path, std::string_view head, const SourceOptions& options = {}) {
  const auto found = kind_of(path, head, options);
  EXPECT_TRUE(found) << path;
  return found.value_or(SourceKind{});
}

TEST(SourceKind, IsFoundByNameAndContent) {
  EXPECT_EQ(kind("a.csv", "a,b\n").format, FileFormat::csv);
  EXPECT_EQ(kind("a.TSV.gz", "\x1F\x8B\x08").format, FileFormat::tsv);
  EXPECT_EQ(kind("a.TSV.gz", "\x1F\x8B\x08").compression, Compression::gzip);
  EXPECT_EQ(kind("a.jsonl.zst", "\x28\xB5\x2F\xFD").compression, Compression::zstd);
  EXPECT_EQ(kind("a.csv", "PAR1…").format, FileFormat::parquet);
  EXPECT_EQ(kind("a", std::string_view("SQLite format 3\0", 16)).format, FileFormat::sqlite);
  EXPECT_EQ(kind("data", " [{\"a\":1}]").format, FileFormat::json);
  EXPECT_EQ(kind("data", "{\"a\":1}\n{\"a\":2}\n").format, FileFormat::json_lines);
  EXPECT_EQ(kind("data", "a;b\n").format, FileFormat::csv);
  EXPECT_EQ(kind("a.csv", "x,\xFC\n").encoding, Encoding::latin1);
}

TEST(SourceKind, SaysWhyAFileIsNotRead) {
  for (const auto& [path, head] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"a.xlsx", "PK\x03\x04"},
           {"a", "ARROW1"},
           {"a.arrow", ""},
           {"a.xls", ""},
           {"a", "%PDF-1"}}) {
    const auto refused = kind_of(path, head, {});
    ASSERT_FALSE(refused) << path;
    EXPECT_EQ(refused.error().code, Errc::unsupported);
    EXPECT_FALSE(refused.error().suggestions.empty());
  }
}

TEST(ReaderSql, QuotesEveryOption) {
  SourceOptions options;
  options.delimiter = "'; DROP TABLE t; --";
  options.header = true;
  options.null_texts = {"NA", "it's"};
  options.types = {{"a'b", "DECIMAL(10,2)"}};
  EXPECT_EQ(reader_sql("o'f.csv", {}, options).value(),
            "system.main.read_csv('o''f.csv', buffer_size = 8388608, delim = '''; DROP TABLE t; "
            "--', header = true, "
            "nullstr = ['NA', "
            "'it''s'], types = {'a''b': 'DECIMAL(10,2)'})");
  EXPECT_EQ(
      reader_sql("x", {.format = FileFormat::parquet}, {.types = {{"n", "BIGINT"}}}).value(),
      "(SELECT * REPLACE (CAST(\"n\" AS BIGINT) AS \"n\") FROM system.main.read_parquet('x'))");
  EXPECT_FALSE(reader_sql("x", {}, {.types = {{"n", "INT); DROP"}}}));
  EXPECT_EQ(reader_sql("x", {}, {.quote = "", .columns = {{"a'b", "DATE"}}}).value(),
            "system.main.read_csv('x', buffer_size = 8388608, quote = '', auto_detect = false, "
            "columns = {'a''b': "
            "'DATE'})");
  EXPECT_FALSE(reader_sql("x", {}, {.columns = {{"n", "INT); DROP"}}}));
  EXPECT_THAT(
      sniffer_sql("o'f.csv", {}, {.types = {{"a'b", "DATE"}}}).value(),
      testing::HasSubstr("sniff_csv('o''f.csv', buffer_size = 8388608, types = {'a''b': 'DATE'})"));
  EXPECT_FALSE(sniffer_sql("x", {}, {.types = {{"n", "INT); DROP"}}}));
}

TEST(LoadPlan, ReplacesInOneStatement) {
  const auto plan = statements_of({.table = {"", "t"}, .sources = {"a", "b"}});
  EXPECT_THAT(
      plan.value().sql,
      ElementsAre(
          "CREATE OR REPLACE TABLE \"t\" AS SELECT * FROM a UNION ALL BY NAME SELECT * FROM b"));
}

TEST(LoadPlan, MergesByKey) {
  LoadPlan plan{.table = {"", "t"},
                .mode = LoadMode::merge,
                .exists = true,
                .sources = {"a"},
                .columns = {"id", "v"},
                .key = {"id"},
                .stage = "s1"};
  const auto statements = statements_of(plan);
  ASSERT_EQ(statements.value().sql.size(), 5);
  EXPECT_THAT(statements->sql[*statements->updated], HasSubstr("SET \"v\" = s.\"v\""));
  EXPECT_THAT(statements->sql[statements->added], HasSubstr("NOT EXISTS"));
  plan.key = {"nope"};
  EXPECT_THAT(statements_of(plan).error().message, HasSubstr("\"nope\""));
  plan.key = {};
  EXPECT_FALSE(statements_of(plan));
}

TEST(BadRow, NamesLineColumnAndValue) {
  const Error error = file_error(
      {.code = Errc::invalid_args,
       .message =
           "CSV Error on Line: 3 Original Line: 3,x Error when converting column \"b\". Could "
           "not convert string \"x\" to 'BIGINT' Column b is being converted"},
      "data/bad.csv", "/exchange/0a.csv");
  EXPECT_EQ(error.message, "data/bad.csv, line 3, column \"b\": \"x\" is no BIGINT");
  EXPECT_THAT(error.suggestions, testing::Contains(HasSubstr("\"b\": \"VARCHAR\"")));
  EXPECT_EQ(bad_row(4, {}, "Expected Number of Columns: 2 Found: 3").problem,
            "2 columns were expected, 3 or more found");
  EXPECT_EQ(
      file_error({.code = Errc::io, .message = "cannot open \"/x/0a\""}, "a.csv", "/x/0a").message,
      "cannot open \"a.csv\"");
}

TEST(RowsText, KeepsNullApartFromEmpty) {
  Batch rows(3);
  rows.add(CellKind::null, "");
  rows.add(CellKind::text, "");
  rows.add(CellKind::text, "say \"hi\",\nyou");
  std::string csv;
  append_separated(rows, ',', csv);
  EXPECT_EQ(csv, ",\"\",\"say \"\"hi\"\",\nyou\"\n");
  std::string lines;
  append_json_lines({"a", "b", "c"}, rows, lines);
  EXPECT_EQ(lines, "{\"a\":null,\"b\":\"\",\"c\":\"say \\\"hi\\\",\\u000ayou\"}\n");
  EXPECT_THAT(distinct_names({{"a", ""}, {"a", ""}, {"a_1", ""}}),
              ElementsAre("a", "a_1", "a_1_1"));
}

bool may_be_changed(std::string_view csv, const std::vector<std::string_view>& types) {
  std::vector<Exactness> columns;
  for (const std::string_view type : types) columns.push_back(exactness_of(type));
  std::vector<bool> found;
  for (const std::size_t size : {csv.size(), std::size_t{1}}) {  // in pieces of any size
    ChangedValueSearch search(',', '"', 1, columns);
    for (std::size_t at = 0; at < csv.size(); at += size) search.add(csv.substr(at, size));
    found.push_back(search.has_found());
  }
  EXPECT_EQ(found[0], found[1]) << csv;
  return found[0];
}

TEST(BadRows, AdviseNoOptionsOfTheReader) {
  const Error error = file_error(
      {.code = Errc::invalid_args,
       .message = "\"maximum_object_size\" of 16777216 bytes exceeded while reading file "
                  "\"/x/0a\" (>33554428 bytes). Try increasing \"maximum_object_size\"."},
      "a.json", "/x/0a");
  EXPECT_THAT(error.message, testing::Not(HasSubstr("increasing")));
  EXPECT_THAT(error.suggestions, testing::Contains(HasSubstr("json_path")));
}

TEST(ChangedValues, AreSearchedForInTheirColumnsOnly) {
  const std::vector<std::string_view> types{"BIGINT", "VARCHAR", "timestamp", "TIME"};
  const std::string head = "whole,e.e,+-,:\n";
  EXPECT_FALSE(
      may_be_changed(head + "1,\"1.5,\n1.7\",2024-01-01T10:00:00.5,10:00\r\n-2,e,,\n", types));
  EXPECT_TRUE(may_be_changed(head + "1,a,,\n1.7,a,,\n", types));
  EXPECT_TRUE(may_be_changed(head + "\"15e-1\",a,,\n", types));
  EXPECT_TRUE(may_be_changed(head + "1,\"a\"\"\n,\",2024-01-01 10:00-05,\n", types));
  EXPECT_TRUE(may_be_changed(head + "1,a,0044-03-15 BC,\n", types));
  EXPECT_TRUE(may_be_changed(head + "1,a,,10:00:00+05\n", types));
  EXPECT_EQ(exactness_of("DECIMAL(9,2)"), Exactness::other);
}

TEST(ChangedValues, KnowTheirLines) {
  const auto line = [](std::int64_t row) {
    LineOfRow search('"', 1, row);
    search.add("a,b\n\r\n1,\"x\n\n");
    search.add("y\"\n\n2,z\n3,z\n");
    return search.line().value_or(0);
  };
  EXPECT_EQ(line(1), 3);
  EXPECT_EQ(line(2), 7);
  EXPECT_EQ(line(3), 8);
  EXPECT_EQ(line(4), 0);
}

TEST(ColumnTypes, FindTheirCounterparts) {
  EXPECT_EQ(postgres_type("DECIMAL(18,2)"), "numeric(18,2)");
  EXPECT_EQ(postgres_type("VARCHAR"), "text");
  EXPECT_EQ(postgres_type("STRUCT(a INTEGER)[]"), "jsonb");
  EXPECT_EQ(postgres_type("numeric"), "numeric");
  EXPECT_EQ(hyper_type("INTEGER[]"), "text");
  EXPECT_EQ(hyper_type("HUGEINT"), "numeric(38)");
  EXPECT_EQ(hyper_type("FLOAT"), "double precision");
  EXPECT_EQ(hyper_type("JSON"), "text");
  EXPECT_EQ(hyper_type("numeric"), "text");
  EXPECT_EQ(hyper_type("DECIMAL(18,2)"), "numeric(18,2)");
  EXPECT_EQ(duckdb_type("postgres", "numeric(39,0)"), "VARCHAR");
  EXPECT_EQ(duckdb_type("postgres", "numeric(1000,2)"), "VARCHAR");
  EXPECT_EQ(duckdb_type("postgres", "numeric(5,-2)"), "DECIMAL(7,0)");
  EXPECT_EQ(duckdb_type("postgres", "numeric(2,5)"), "DECIMAL(5,5)");
  EXPECT_EQ(duckdb_type("postgres", "timestamp(3) with time zone"), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(duckdb_type("postgres", "numeric(10,2)"), "DECIMAL(10,2)");
  EXPECT_EQ(duckdb_type("postgres", "numeric"), "VARCHAR");
  EXPECT_EQ(duckdb_type("duckdb", "INTEGER[]"), "JSON");
  EXPECT_TRUE(is_bytes_type("bytea"));
}

}  // namespace
}  // namespace hearth::packs::sql
