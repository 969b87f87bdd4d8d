#include "packs/sql/table_text.hpp"

#include <gtest/gtest.h>

namespace hearth::packs::sql {
namespace {

const std::vector<Column> columns{{"n", "INTEGER"}, {"a|b", "VARCHAR"}};

Batch rows() {
  Batch batch(2);
  batch.add(CellKind::integer, "1");
  batch.add(CellKind::text, "x|y\nz");
  batch.add(CellKind::integer, "2");
  batch.add(CellKind::null, "");
  batch.add(CellKind::integer, "3");
  batch.add(CellKind::text, "");
  return batch;
}

TEST(TableText, EscapesWhatBreaksMarkdown) {
  EXPECT_EQ(markdown_table(columns, rows()),
            "| n | a\\|b |\n| ---: | --- |\n| 1 | x\\|y<br>z |\n| 2 | NULL |\n| 3 |  |\n");
}

TEST(TableText, QuotesAndTellsNullFromEmptyInCsv) {
  EXPECT_EQ(csv_text(columns, rows()), "n,a|b\n1,\"x|y\nz\"\n2,\n3,\"\"\n");
}

}  // namespace
}  // namespace hearth::packs::sql
