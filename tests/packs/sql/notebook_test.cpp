// The notebook, the record of imports, and the rows of a chart.
#include "packs/sql/notebook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "packs/sql/chart_data.hpp"
#include "packs/sql/imports.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class NotebookFile : public testing::Test {
 protected:
  NotebookFile() { open(); }
  void open(bool is_read_only = false) {
    notebook_.reset();
    auto opened =
        Notebook::open(directory_ / "notebook.db", clock_, {.is_read_only = is_read_only});
    ASSERT_TRUE(opened) << opened.error().message;
    notebook_ = std::move(*opened);
  }
  // Runs `change` on the writer, and waits for it.
  Result<std::string> write(std::function<Result<void>(store::Database&)> change) {
    std::promise<Result<std::string>> done;
    store::WriteJob job;
    job.run = [change](store::Database& database) -> Result<std::string> {
      auto made = change(database);
      if (!made) return std::unexpected(made.error());
      return std::string("done");
    };
    job.done = [&done](Result<store::WriteOutcome> outcome) {
      if (outcome) {
        done.set_value(outcome->reply);
      } else {
        done.set_value(std::unexpected(outcome.error()));
      }
    };
    notebook_->write(std::move(job));
    return done.get_future().get();
  }
  template <typename Read>
  auto read(Read read) {
    auto reader = notebook_->reader({});
    EXPECT_TRUE(reader);
    return read(**reader);
  }
  const SystemClock clock_;
  const test::ScratchDirectory directory_{"notebook"};
  std::unique_ptr<Notebook> notebook_;
};

TEST_F(NotebookFile, KeepsValuesByStoreAndName) {
  ASSERT_TRUE(write([](store::Database& to) -> Result<void> {
    for (const char* key : {"b/2", "a", "b/1", "c"}) {
      if (auto set = set_value(to, "s", {key, "{\"v\":1}", 7}); !set) return set;
    }
    return set_value(to, "other", {"a", "2", 7});
  }));
  open();  // it is on disk
  read([](store::Database& from) {
    EXPECT_EQ(get_value(from, "s", "a").value()->value, "{\"v\":1}");
    EXPECT_EQ(get_value(from, "s", "none").value(), std::nullopt);
    const KeyPage page = list_values(from, "s", "b/", "", 1).value();
    EXPECT_EQ(page.size, 2);
    EXPECT_TRUE(page.is_truncated);
    EXPECT_EQ(page.items.at(0).key, "b/1");
    EXPECT_EQ(list_values(from, "s", "b/", "b/1", 5).value().items.at(0).key, "b/2");
    EXPECT_EQ(list_stores(from).value().size(), 2);
  });
  ASSERT_TRUE(write([](store::Database& to) -> Result<void> {
    EXPECT_EQ(delete_value(to, "s", "a").value()->value, "{\"v\":1}");
    EXPECT_EQ(clear_store(to, "s").value(), 3);
    return {};
  }));
}

TEST_F(NotebookFile, KeepsQueriesAndWhereTablesComeFrom) {
  ASSERT_TRUE(write([](store::Database& to) -> Result<void> {
    EXPECT_FALSE(save_query(to, {"q", "SELECT 1", "persistent", "one", 1}).value());
    EXPECT_TRUE(save_query(to, {"q", "SELECT 2", "persistent", "two", 2}).value());
    EXPECT_TRUE(
        put_entry(to, {.database = "persistent", .table = "t", .source = "web", .rows = 5}));
    const auto entry = put_entry(to, {.database = "persistent", .table = "t", .purpose = "tests"});
    EXPECT_EQ(entry.value().source, "web");
    EXPECT_EQ(entry.value().purpose, "tests");
    EXPECT_EQ(entry.value().rows, 5);
    EXPECT_TRUE(put_entry(to, {.database = "persistent",
                               .table = "inline",
                               .load_parameters = std::string(100'000, 'x')}));
    EXPECT_TRUE(put_attachment(to, {"s1", "mine", "duckdb", "/p/x.duckdb", true}));
    EXPECT_TRUE(put_attachment(to, {"s1", "other", "hyper", "/p/x.hyper", false}));
    EXPECT_TRUE(put_attachment(to, {"s2", "mine", "duckdb", "/p/y.duckdb", false}));
    EXPECT_TRUE(delete_attachment(to, "s1", "other"));
    EXPECT_TRUE(delete_attachments(to, "s2"));
    return put_watch(to, {"/in", "{}", 3});
  }));
  read([](store::Database& from) {
    EXPECT_EQ(read_queries(from, "q").value().at(0).sql, "SELECT 2");
    EXPECT_TRUE(read_queries(from, "none").value().empty());
    const auto entries = read_entries(from, "persistent", std::nullopt).value();
    ASSERT_EQ(entries.size(), 2);
    EXPECT_EQ(entries[0].table, "inline");
    EXPECT_EQ(entries[0].load_parameters, std::nullopt);  // too much for a list
    EXPECT_EQ(read_watches(from).value().at(0).path, "/in");
    const auto attached = read_attachments(from).value();
    ASSERT_EQ(attached.size(), 1);
    EXPECT_EQ(attached[0].location, "/p/x.duckdb");
    EXPECT_TRUE(attached[0].is_read_only);
  });
}

TEST_F(NotebookFile, OfAnotherProcessIsRead) {
  open(true);
  const auto refused = write([](store::Database&) -> Result<void> { return {}; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::read_only);
}

TEST(Imports, TellHowFarTheyAre) {
  Imports imports;
  const SystemClock clock;
  const SessionRef mine{.id = "s1", .name_space = "default", .roots = {}};
  const SessionRef others{.id = "s1", .name_space = "other", .roots = {}};
  const std::string one = imports.begin(mine, "t", "persistent", clock.wall());
  const std::string two = imports.begin(others, "t", "persistent", clock.wall());
  imports.progress(one, 0.5);
  EXPECT_EQ(imports.list(mine, one).value().at(0).done, 0.5);
  EXPECT_EQ(imports.list(mine, std::nullopt).value().size(), 1);
  // A scratch is its session's alone.
  const SessionRef neighbour{.id = "s2", .name_space = "default", .roots = {}};
  EXPECT_EQ(imports.list(neighbour, one).value().size(), 1);
  const std::string own = imports.begin(mine, "t", "scratch", clock.wall());
  EXPECT_EQ(imports.list(neighbour, own).error().code, Errc::not_found);
  EXPECT_EQ(imports.list(mine, own).value().size(), 1);
  imports.finish(own, std::string("{}"), clock.wall());
  EXPECT_EQ(imports.list(mine, two).error().code, Errc::not_found);
  imports.finish(one, std::string("{}"), clock.wall());
  imports.finish(two, fail(Errc::io, "disk"), clock.wall());
  EXPECT_EQ(imports.list(mine, one).value().at(0).state, ImportState::done);
  EXPECT_EQ(imports.list(others, two).value().at(0).error, "disk");
  EXPECT_FALSE(imports.is_running());
}

TEST(ChartData, TakesTimesNumbersAndCategories) {
  EXPECT_EQ(seconds_of("1970-01-02"), 86'400);
  EXPECT_EQ(seconds_of("1970-01-01T01:00:00.5"), 3'600.5);
  EXPECT_EQ(seconds_of("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(seconds_of("1970-01-01T00:00:00Z"), 0);
  for (const char* bad : {"", "10:00", "1970-13-01", "1970-01-01T", "yesterday"}) {
    EXPECT_EQ(seconds_of(bad), std::nullopt) << bad;
  }
  Batch rows(3);
  for (const char* day : {"2024-01-01", "2024-01-02"}) {
    rows.add(CellKind::text, day);
    rows.add(CellKind::text, "1.50");
    rows.add(CellKind::null, "");
  }
  const std::vector<Column> header{
      {"day", "DATE"}, {"price", "DECIMAL(10,2)"}, {"kind", "VARCHAR"}};
  const auto data = chart_data(chart::Mark::line, {}, header, rows);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->x->name, "day");
  EXPECT_EQ(data->x->kind, chart::FieldKind::time);
  EXPECT_THAT(data->y.at(0).numbers, ElementsAre(1.5, 1.5));
  EXPECT_THAT(data->group->texts, ElementsAre("(null)", "(null)"));
  EXPECT_EQ(chart_data(chart::Mark::line, {.x = "dya"}, header, rows).error().code,
            Errc::not_found);
  // What is infinite or no number has no place on an axis: a gap, as NULL is.
  Batch odd(2);
  for (const char* value : {"inf", "-Infinity", "nan", "2.5"}) {
    odd.add(CellKind::text, "a");
    odd.add(std::string_view(value) == "2.5" ? CellKind::real : CellKind::text, value);
  }
  const auto bars =
      chart_data(chart::Mark::bar, {}, {{"name", "VARCHAR"}, {"size", "DOUBLE"}}, odd);
  ASSERT_TRUE(bars);
  EXPECT_THAT(bars->y.at(0).numbers,
              ElementsAre(testing::IsNan(), testing::IsNan(), testing::IsNan(), 2.5));
}

}  // namespace
}  // namespace hearth::packs::sql
