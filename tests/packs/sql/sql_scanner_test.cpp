#include "packs/sql/engine/sql_scanner.hpp"

#include <gtest/gtest.h>

namespace hearth::packs::sql {
namespace {

using Words = std::vector<std::string>;

// The words and quoted names of a text.
Words names(std::string_view sql, Dialect dialect = Dialect::duckdb) {
  SqlScanner scanner(sql, dialect);
  Words found;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (std::string name = scanner.name(token); !name.empty()) found.push_back(std::move(name));
  }
  return found;
}

TEST(SqlScanner, FindsTheFirstWords) {
  const auto words = [](std::string_view sql, Dialect dialect = Dialect::postgres) {
    return leading_words(sql, dialect, 2);
  };
  EXPECT_EQ(words("select 1"), Words{"SELECT"});
  EXPECT_EQ(words("\n -- a\n /* b */ ((Create\tTABLE t"), (Words{"CREATE", "TABLE"}));
  EXPECT_EQ(words(""), Words{});
  EXPECT_EQ(words("-- only this"), Words{});
  EXPECT_EQ(words("'select'"), Words{});
  EXPECT_EQ(words("\"select\" 1"), Words{});
  EXPECT_EQ(words("; drop table t"), Words{});
}

TEST(SqlScanner, ReadsCommentsAsTheServerDoes) {
  constexpr std::string_view sql = "/* /* */ select 1 -- */ drop database d";
  EXPECT_EQ(leading_words(sql, Dialect::hyper, 1), Words{"SELECT"});
  EXPECT_EQ(leading_words(sql, Dialect::postgres, 1), Words{"DROP"});
}

TEST(SqlScanner, TellsNamesFromWhatOnlyLooksLikeThem) {
  EXPECT_EQ(names("a \"B\"\"c\" 'd' $$ e $$ $x$ f $$ g $x$ -- h\n i /* j /* k */ l */ m"),
            (Words{"a", "b\"c", "i", "m"}));
  EXPECT_EQ(names("E'\\' a' b e'' c x'' d"), (Words{"b", "c", "x", "d"}));
  EXPECT_EQ(names("1e5 2a $1 $n a$b$c"), (Words{"a$b$c"}));
  EXPECT_EQ(names("-- a\r b"), Words{"b"}) << "a line also ends there";
  EXPECT_EQ(names("1$a$ b $a$ c"), Words{"c"}) << "a dollar quote may follow a number";
}

TEST(SqlScanner, TakesTheSpacesOfUnicodeForBlanksAsDuckDbDoes) {
  EXPECT_EQ(names("a\u00a0b\u3000c\u200bd\ufeff"), (Words{"a", "b", "c", "d"}));
  EXPECT_EQ(names("1\u00a0from\u00a0query 2\u3000b"), (Words{"from", "query", "b"}));
  EXPECT_EQ(names("$a\u00a0b"), Words{"b"});
  EXPECT_EQ(names("a\u00a0b", Dialect::postgres), Words{"a\u00a0b"});
  EXPECT_EQ(names("\u00e9t\u00e9"), Words{"\u00e9t\u00e9"});
}

TEST(SqlScanner, EndsWhereABrokenTextDoes) {
  for (const std::string_view sql : {"\"a", "'a", "$a$ b", "/* a", "E'\\", "\"a\"\"", "\xe2\x80"})
    EXPECT_LE(names(sql).size(), 1U) << sql;
}

}  // namespace
}  // namespace hearth::packs::sql
