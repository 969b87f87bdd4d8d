// What needs no server: statements' texts, SQLSTATEs, and the spelling of values.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "packs/sql/engine/pg/cells.hpp"
#include "packs/sql/engine/pg/errors.hpp"
#include "packs/sql/engine/pg/location.hpp"
#include "packs/sql/engine/pg/sql_text.hpp"

namespace hearth::packs::sql::pg {
namespace {

TEST(SqlText, FindsWhatAStatementDoes) {
  const auto verb = [](std::string_view sql) { return main_verb(sql, Dialect::hyper); };
  EXPECT_EQ(verb("with x as (select 1) insert into t select * from x"), "INSERT");
  EXPECT_EQ(verb("with x as (delete from t) select 'insert' from x"), "SELECT");
  EXPECT_EQ(verb("select (1)"), "SELECT");
  EXPECT_EQ(verb("drop database d"), "");
}

TEST(SqlText, TellsATypoFromAWrite) {
  EXPECT_EQ(not_reading("SELEC").code, Errc::invalid_args);
  EXPECT_EQ(not_reading("COPY").code, Errc::unsupported);
  for (const char* each : {"INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "CREATE", "ALTER", "DROP",
                           "SET", "CALL", "DO", "LOCK", "TRUNCATE", "VACUUM", "UPSERT", "EXECUTE"})
    EXPECT_EQ(not_reading(each).code, Errc::read_only) << each;
}

TEST(SqlText, PartsStatements) {
  const auto parts = [](std::string sql) {
    std::string text;
    for (const Statement& part : parted({{std::move(sql)}}, Dialect::postgres))
      text += "[" + part.sql + "]";
    return text;
  };
  EXPECT_EQ(parts("select 1"), "[select 1]");
  EXPECT_EQ(parts("select ';'; -- a;\n delete from \"t;\" ;; "),
            "[select ';'][ -- a;\n delete from \"t;\" ]");
  EXPECT_EQ(parts("create rule r as on insert to t do (select 1; select 2)"),
            "[create rule r as on insert to t do (select 1; select 2)]");
  EXPECT_EQ(parts("do $$ begin; end $$; select 1"), "[do $$ begin; end $$][ select 1]");
  EXPECT_EQ(parts(" ; "), "[ ; ]");
}

TEST(SqlText, NumbersNamedParameters) {
  const Statement statement{
      "select $b, $a, $b, '$a', \"$a\", $$ $a $$, $x$ $a $x$, E'\\' $a', a$b -- $a",
      {{"a", {CellKind::integer, "1"}}, {"b", {CellKind::null, ""}}}};
  const auto bound = bind(statement, Dialect::postgres);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->sql,
            "select $2, $1, $2, '$a', \"$a\", $$ $a $$, $x$ $a $x$, E'\\' $a', a$b -- $a");
  ASSERT_EQ(bound->values.size(), 2U);
  EXPECT_EQ(bound->values[0], "1");
  EXPECT_EQ(bound->values[1], std::nullopt);
}

TEST(SqlText, SaysWhichParameterHasNoValue) {
  const auto bound = bind({"select $nmae", {{"name", {CellKind::text, "x"}}}}, Dialect::postgres);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().message, "there is no value for the parameter $nmae");
  EXPECT_EQ(bound.error().suggestions, std::vector<std::string>{"did you mean $name?"});
  EXPECT_FALSE(bind({"select $2", {{"", {CellKind::text, "x"}}}}, Dialect::hyper));
}

TEST(SqlText, WritesLiteralsThatStayLiterals) {
  const Statement statement{"select -$1, $2, $3, $4, $5, $6, $7",
                            {{"", {CellKind::integer, "-1"}},
                             {"", {CellKind::text, "it's; drop table t --"}},
                             {"", {CellKind::null, ""}},
                             {"", {CellKind::boolean, "true"}},
                             {"", {CellKind::real, "1e+300"}},
                             {"", {CellKind::integer, "12345678901234567890"}},
                             {"", {CellKind::integer, "1); drop table t; --"}}}};
  const auto bound = bind(statement, Dialect::hyper);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->sql,
            "select -(-1), 'it''s; drop table t --', NULL, TRUE, CAST('1e+300' AS double "
            "precision), CAST('12345678901234567890' AS numeric(38,0)), CAST('1); drop table t; "
            "--' AS numeric(38,0))");
  EXPECT_TRUE(bound->values.empty());
}

TEST(SqlStates, MeanCodes) {
  EXPECT_EQ(code_of("40001"), Errc::conflict);
  EXPECT_EQ(code_of("40P01"), Errc::conflict);
  EXPECT_EQ(code_of("57014"), Errc::cancelled);
  EXPECT_EQ(code_of("57P01"), Errc::engine_restarted);
  EXPECT_EQ(code_of("25006"), Errc::read_only);
  EXPECT_EQ(code_of("42P01"), Errc::not_found);
  EXPECT_EQ(code_of("42703"), Errc::not_found);
  EXPECT_EQ(code_of("42501"), Errc::permission);
  EXPECT_EQ(code_of("42601"), Errc::invalid_args);
  EXPECT_EQ(code_of("23505"), Errc::invalid_args);
  EXPECT_EQ(code_of("53300"), Errc::busy);
  EXPECT_EQ(quoted_name("relation \"a.b\" does not exist"), "a.b");
  EXPECT_EQ(quoted_name("nothing"), "");
}

TEST(SqlStates, StandInTheMessagesOfRefusals) {
  const auto refusal = refusal_of(
      "connection to server on socket \"/s\" failed: FATAL:  57P03: das System startet\n"
      "DETAIL:  5000: soon\nLOCATION:  ProcessStartupPacket, postmaster.c:2342\n");
  EXPECT_EQ(refusal.sqlstate, "57P03");
  EXPECT_EQ(refusal.message,
            "connection to server on socket \"/s\" failed: FATAL:  das System startet\n"
            "DETAIL:  5000: soon");
  const std::string own = "connection to server at \"::1\", port 1 failed: Connection refused\n";
  EXPECT_EQ(refusal_of(own).sqlstate, "");
  EXPECT_EQ(refusal_of(own).message + "\n", own);
  EXPECT_EQ(refusal_of("FATAL:  57P0: no").sqlstate, "");
  EXPECT_EQ(refusal_of(":  ").message, ":  ");
  EXPECT_EQ(refusal_of("").message, "");
}

std::string cell(Oid type, std::string_view text, const TypeBook& types = {}) {
  Batch batch(1);
  add_cell(batch, types, type, text);
  return std::to_string(static_cast<int>(batch.at(0, 0).kind)) + ":" +
         std::string(batch.at(0, 0).text);
}

TEST(Cells, AreCanonical) {
  EXPECT_EQ(cell(16, "t"), "1:true");
  EXPECT_EQ(cell(20, "-9223372036854775808"), "2:-9223372036854775808");
  EXPECT_EQ(cell(701, "0.1"), "3:0.1");
  EXPECT_EQ(cell(701, "NaN"), "4:NaN");
  EXPECT_EQ(cell(1700, "12.340000000"), "4:12.340000000");
  EXPECT_EQ(cell(1114, "2024-01-31 10:00:00.5"), "4:2024-01-31T10:00:00.5");
  EXPECT_EQ(cell(1114, "infinity"), "4:infinity");
  EXPECT_EQ(cell(1184, "2024-01-31 09:00:00+00"), "4:2024-01-31T09:00:00Z");
  EXPECT_EQ(cell(1184, "2024-01-31 09:00:00.25-03"), "4:2024-01-31T09:00:00.25-03:00");
  EXPECT_EQ(cell(1184, "2024-01-31 09:00:00+05:30"), "4:2024-01-31T09:00:00+05:30");
  EXPECT_EQ(cell(1266, "09:00:00+02"), "4:09:00:00+02:00");
  EXPECT_EQ(cell(1082, "2024-01-31"), "4:2024-01-31");
  EXPECT_EQ(cell(1082, "0044-03-15 BC"), "4:-0043-03-15");
  EXPECT_EQ(cell(1082, "0001-12-31 BC"), "4:0000-12-31");
  EXPECT_EQ(cell(1114, "0044-03-15 10:00:00.5 BC"), "4:-0043-03-15T10:00:00.5");
  EXPECT_EQ(cell(1184, "0044-03-15 10:00:00+00 BC"), "4:-0043-03-15T10:00:00Z");
  EXPECT_EQ(cell(17, "\\x00ff10"), "4:AP8Q");
  EXPECT_EQ(cell(17, "\\x6162"), "4:YWI=");
  EXPECT_EQ(cell(17, "\\x"), "4:");
  EXPECT_EQ(cell(17, "\\xgg"), "4:\\xgg");
  EXPECT_EQ(cell(99999, "?"), "4:?");
}

TEST(Cells, WriteArraysAsJson) {
  EXPECT_EQ(cell(1007, "{1,NULL,-3}"), "5:[1,null,-3]");
  EXPECT_EQ(cell(1007, "[1,NULL]"), "5:[1,null]");
  EXPECT_EQ(cell(1007, "{}"), "5:[]");
  EXPECT_EQ(cell(1007, "[]"), "5:[]");
  EXPECT_EQ(cell(1007, "{{1,2},{3,4}}"), "5:[[1,2],[3,4]]");
  EXPECT_EQ(cell(1007, "[0:1]={1,2}"), "5:[1,2]");
  EXPECT_EQ(cell(1009, R"({a,"b \"c\", d","NULL",NULL,"\\"})"),
            R"(5:["a","b \"c\", d","NULL",null,"\\"])");
  EXPECT_EQ(cell(1009, R"(["a","b\"c",NULL])"), R"(5:["a","b\"c",null])");
  EXPECT_EQ(cell(1231, "{1.50,NaN}"), R"(5:["1.50","NaN"])");
  EXPECT_EQ(cell(1022, "{0.5,Infinity}"), R"(5:[0.5,"Infinity"])");
  EXPECT_EQ(cell(1000, "{t,f}"), "5:[true,false]");
  EXPECT_EQ(cell(3807, R"({"{\"a\": 1}"})"), R"(5:[{"a": 1}])");
  EXPECT_EQ(cell(1009, "{\"a\nb\"}"), R"(5:["a\u000ab"])");
}

TEST(Cells, WriteCompositesAsJson) {
  TypeBook types;
  types.add(70000, {.name = "point3",
                    .shape = Shape::composite,
                    .fields = {{"x", 23}, {"label", 25}, {"list", 1007}, {"none", 25}}});
  constexpr const char* text = R"x((1,"a ""b"", (c)","{1,2}",))x";
  EXPECT_EQ(cell(70000, text, types),
            R"x(5:{"x":1,"label":"a \"b\", (c)","list":[1,2],"none":null})x");
}

TEST(Cells, NameTypesWithTheirModifiers) {
  const TypeBook types;
  EXPECT_EQ(types.name(1700, 2490381), "numeric(38,9)");
  EXPECT_EQ(types.name(1700, -1), "numeric");
  EXPECT_EQ(types.name(1231, 2490381), "numeric(38,9)[]");
  EXPECT_EQ(types.name(1043, 9), "character varying(5)");
  EXPECT_EQ(types.name(1184, 3), "timestamp(3) with time zone");
  EXPECT_EQ(types.name(20, -1), "bigint");
}

TEST(Locations, TakeNoSecrets) {
  for (const char* text : {"postgresql://me:hunter2@localhost/db", "host=h password=hunter2",
                           "host=h passfile=/tmp/x", "host=h sslpassword=hunter2", "service=s"}) {
    const auto options = parse_location(text);
    ASSERT_FALSE(options) << text;
    EXPECT_EQ(options.error().code, Errc::invalid_args);
    EXPECT_EQ(options.error().message.find("hunter2"), std::string::npos);
    EXPECT_NE(options.error().suggestions.front().find(".pgpass"), std::string::npos);
  }
  EXPECT_FALSE(parse_location("http://localhost"));
  const auto options = parse_location("postgresql://me@localhost:5433/db?sslmode=verify-full");
  ASSERT_TRUE(options);
  EXPECT_NE(std::ranges::find(*options, Options::value_type("sslmode", "verify-full")),
            options->end());
}

// Each would send the password of one machine to another, or choose a file of the user's.
TEST(Locations, NameOneServerAndNothingElse) {
  for (const char* text :
       {"postgresql://me@db.example.com/d?hostaddr=127.0.0.1", "postgresql://me@a:5432,b:5433/d",
        "host=a,b", "host=h port=5432,5433", "postgresql://me@h/d?sslkey=/k",
        "postgresql://me@h/d?sslcert=/c", "postgresql://me@h/d?sslrootcert=/r",
        "host=h gssencmode=prefer", "host=h krbsrvname=x", "host=h options=-csearch_path=x"}) {
    const auto options = parse_location(text);
    ASSERT_FALSE(options) << text;
    EXPECT_EQ(options.error().code, Errc::invalid_args);
  }
}

TEST(Locations, AreNoLessProtectedThanConfigured) {
  const auto mode = [](const char* text, const std::string& configured) {
    const auto options = with_ssl_mode(*parse_location(text), configured);
    if (!options) return std::string(errc_name(options.error().code));
    const auto found = std::ranges::find(*options, "sslmode", &Options::value_type::first);
    return found == options->end() ? "" : found->second;
  };
  EXPECT_EQ(mode("host=h sslmode=disable", "prefer"), errc_name(Errc::permission));
  EXPECT_EQ(mode("host=h sslmode=require", "verify-full"), errc_name(Errc::permission));
  EXPECT_EQ(mode("host=h sslmode=verify-full", "require"), "verify-full");
  EXPECT_EQ(mode("host=h sslmode=disable", "disable"), "disable");
  EXPECT_EQ(mode("host=h", "verify-full"), "verify-full");
  EXPECT_EQ(mode("host=/run/postgresql", "verify-full"), "");
}

TEST(Locations, KeepThePasswordOfTheEnvironmentForItsServer) {
  ::setenv("PGPASSWORD", "hunter2", 1);
  ::setenv("PGHOST", "db.example.com", 1);
  EXPECT_TRUE(with_password(*parse_location("postgresql://me@db.example.com/d"), {}, {}));
  EXPECT_TRUE(with_password(*parse_location("postgresql:///d"), {}, {}));
  EXPECT_EQ(with_password(*parse_location("postgresql://me@other/d"), {}, {}).error().code,
            Errc::permission);
  ::unsetenv("PGPASSWORD");
  ::unsetenv("PGHOST");
  EXPECT_TRUE(with_password(*parse_location("postgresql://me@other/d"), {}, {}));
}

TEST(Locations, AreNotSentElsewhereByTheEnvironment) {
  PasswordSource command;
  command.command = {"/bin/echo", "hunter2"};
  ::setenv("PGHOSTADDR", "192.0.2.1", 1);
  for (const PasswordSource& source : {PasswordSource{}, command}) {
    EXPECT_EQ(with_password(*parse_location("postgresql://me@other/d"), source, {}).error().code,
              Errc::permission);
    EXPECT_TRUE(with_password(*parse_location("postgresql:///d"), source, {}));
  }
  ::unsetenv("PGHOSTADDR");
}

TEST(Locations, AskACommandForThePassword) {
  PasswordSource source;
  source.command = {"/bin/sh", "-c", "echo \"$PGUSER@$PGHOST:$PGPORT/$PGDATABASE\"; echo more"};
  auto options = with_password(*parse_location("postgresql://me@h:5433/db"), source, {});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->back(), Options::value_type("password", "me@h:5433/db"));
  source.command = {"/bin/sh", "-c", "true"};
  EXPECT_EQ(with_password({}, source, {}).error().code, Errc::permission);
}

}  // namespace
}  // namespace hearth::packs::sql::pg
