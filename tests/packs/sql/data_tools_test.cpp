// The tools that move, draw and remember data, called as a session calls them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "json/json.hpp"
#include "packs/sql/engine/duckdb_engine.hpp"
#include "packs/sql/tools.hpp"
#include "support/test_context.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The pack's tools on an engine of this build.
class ToolsOfData final : public pack::Pack {
 public:
  [[nodiscard]] std::string_view name() const override { return "sql"; }
  void declare(pack::Binder& tools) override {
    declare_query_tools(tools, runner_);
    declare_data_tools(tools, runner_);
    declare_chart_tools(tools, runner_);
    declare_notebook_tools(tools, runner_);
    declare_resources(tools, runner_);
    declare_watch_tools(tools, runner_);
  }
  void start(pack::PackContext& context) override {
    DuckDbSettings settings;
    settings.command = {std::string(HEARTH_BIN_DIR) + "/hearthd", "--engine", "duckdb"};
    settings.directory = [&context](const std::string& name_space) -> Result<std::string> {
      return context.data_directory(name_space)->string();
    };
    settings.threads = 2;
    settings.memory_limit = std::uint64_t{512} << 20;
    runner_.databases().add_engine(make_duckdb_engine(std::move(settings)));
    runner_.start(context);
    start_watches(runner_);
    resume_watches(runner_, "default");
  }
  void stop() override { runner_.stop(); }
  [[nodiscard]] pack::PackStatus status() const override { return {}; }

 private:
  ToolRunner runner_;
};

class DataTools : public testing::Test {
 protected:
  DataTools() : harness_(std::make_unique<test::PackHarness>(std::make_unique<ToolsOfData>())) {
    options_.caller.session = "s1";
    options_.caller.cwd = options_.caller.project_root = project_.path();
    harness_->start();
  }
  Result<pack::Reply> call(const std::string& verb, std::string_view arguments) {
    return harness_->call(verb, arguments, options_);
  }
  std::string good(const std::string& verb, std::string_view arguments) {
    auto reply = call(verb, arguments);
    EXPECT_TRUE(reply) << verb << ": " << reply.error().message;
    return reply ? reply->structured : "";
  }
  Error bad(const std::string& verb, std::string_view arguments) {
    auto reply = call(verb, arguments);
    EXPECT_FALSE(reply) << verb << ": " << reply->structured;
    return reply ? Error() : reply.error();
  }
  void skip_without_duckdb() {
    const auto reply = call("query", R"({"sql":"SELECT 1"})");
    if (!reply && reply.error().code == Errc::unavailable) GTEST_SKIP() << reply.error().message;
  }
  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream(project_ / name) << bytes;
  }

  const test::ScratchDirectory project_{"project"};
  test::CallOptions options_;
  std::unique_ptr<test::PackHarness> harness_;
};

TEST_F(DataTools, AreDescribedInLittleSpace) {
  std::size_t descriptions = 0;
  for (const auto& [verb, spec] : harness_->specs()) {
    descriptions += spec.description.size();
    EXPECT_NE(spec.resend, pack::ResendRule::refuse) << verb;
    EXPECT_TRUE(json::parse(spec.input_schema)) << verb;
    EXPECT_TRUE(json::parse(spec.output_schema)) << verb;
  }
  EXPECT_LT(descriptions, 20'000U);
}

TEST_F(DataTools, KeepValuesUnderNames) {
  good("kv_set", R"({"name":"a","value":{"n":1}})");
  good("kv_set", R"({"items":{"b":2,"c":"x"}})");
  good("kv_set", R"({"items":{"nothing":null}})");
  EXPECT_THAT(good("kv_get", R"({"names":["nothing"]})"), HasSubstr(R"("value":null)"));
  good("kv_delete", R"({"names":["nothing"]})");
  EXPECT_THAT(good("kv_get", R"({"names":["a","nope"]})"), HasSubstr(R"("value":{"n":1})"));
  EXPECT_THAT(good("kv_list", R"({"store":"default"})"), HasSubstr(R"("size":3)"));
  EXPECT_THAT(good("kv_list", "{}"), HasSubstr(R"({"store":"default","size":3})"));
  EXPECT_THAT(good("kv_delete", R"({"first":1})"), HasSubstr(R"("name":"a","value":{"n":1})"));
  EXPECT_THAT(good("kv_delete", R"({"all":true})"), HasSubstr(R"("deleted":2)"));
  EXPECT_EQ(bad("kv_set", R"({"name":"a"})").code, Errc::invalid_args);
  EXPECT_EQ(bad("kv_delete", "{}").code, Errc::invalid_args);
  options_.caller.read_only = true;
  EXPECT_EQ(bad("kv_set", R"({"name":"a","value":1})").code, Errc::read_only);
}

TEST_F(DataTools, ApplyAResendOnce) {
  options_.key = "k1";
  good("kv_set", R"({"name":"a","value":1})");
  options_.is_resend = true;
  const auto again = call("kv_set", R"({"name":"a","value":1})");
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
}

TEST_F(DataTools, SaveQueriesAndSayWhereTablesComeFrom) {
  EXPECT_THAT(good("save_query", R"({"name":"q-1","sql":"SELECT 1","description":"one"})"),
              HasSubstr("saved"));
  EXPECT_THAT(good("queries", R"({"name":"q-1"})"), HasSubstr("SELECT 1"));
  EXPECT_THAT(good("save_query", R"({"name":"q-1"})"), HasSubstr("deleted"));
  EXPECT_EQ(bad("queries", R"({"name":"q-1"})").code, Errc::not_found);
  EXPECT_EQ(bad("save_query", R"({"name":"a/b","sql":"SELECT 1"})").code, Errc::invalid_args);
  good("catalog", R"({"table":"t","source":"https://example.org","licence":"CC0"})");
  good("catalog", R"({"table":"t","purpose":"tests"})");
  EXPECT_THAT(good("catalog", R"({"table":"t"})"), HasSubstr(R"("licence":"CC0")"));
  good("catalog", R"({"table":"t","remove":true})");
  EXPECT_EQ(bad("catalog", R"({"purpose":"of what?"})").code, Errc::invalid_args);
  options_.caller.read_only = true;
  EXPECT_EQ(good("catalog", "{}"), R"({"tables":[]})");
  EXPECT_EQ(bad("catalog", R"({"table":"t","purpose":"tests"})").code, Errc::read_only);
}

TEST_F(DataTools, LoadExportCopyAndDraw) {
  skip_without_duckdb();
  write("sales.csv",
        "region;at;amount\nNorth;2024-01-01 10:00:00;1.5\nSouth;2024-01-02 11:00:00;2.5\n");
  EXPECT_THAT(good("load", R"({"table":"sales","path":"sales.csv"})"),
              HasSubstr(R"("rows_added":2)"));
  EXPECT_EQ(bad("load", R"({"table":"big","data":[{"a":[12345678901234567890123]}]})").code,
            Errc::invalid_args);
  good("load", R"({"table":"big","data":[{"a":6.02214076e23}]})");
  EXPECT_THAT(good("catalog", R"({"table":"sales"})"), HasSubstr("sql_load"));
  EXPECT_THAT(good("import_status", "{}"), HasSubstr(R"("state":"done")"));
  EXPECT_THAT(good("inspect_file", R"({"path":"sales.csv"})"), HasSubstr("TIMESTAMP"));
  EXPECT_THAT(good("load", R"({"table":"in","data":[{"a":1},{"a":2,"b":"x"}]})"),
              HasSubstr(R"("rows_added":2)"));
  EXPECT_THAT(good("catalog", R"({"table":"in"})"), Not(HasSubstr(R"("data")")));
  EXPECT_THAT(good("export", R"({"table":"sales","path":"out.jsonl"})"), HasSubstr(R"("rows":2)"));
  EXPECT_EQ(bad("export", R"({"table":"sales","path":"out.jsonl"})").code, Errc::conflict);
  EXPECT_EQ(bad("export", R"({"table":"sales","path":"../out.csv"})").code, Errc::permission);
  EXPECT_EQ(bad("load", R"({"table":"x","path":"/etc/passwd"})").code, Errc::permission);
  EXPECT_THAT(good("copy", R"({"sql":"SELECT * FROM sales","table":"mine","to":"scratch"})"),
              HasSubstr(R"("rows_added":2)"));
  const auto chart =
      call("chart", R"({"sql":"SELECT region, amount FROM sales","kind":"bar","path":"c.png"})");
  ASSERT_TRUE(chart) << chart.error().message;
  ASSERT_EQ(chart->content.size(), 2U);
  EXPECT_THAT(chart->content[1].bytes, StartsWith("\x89PNG"));
  EXPECT_TRUE(fs::exists(project_ / "c.png"));
  options_.caller.read_only = true;
  EXPECT_EQ(bad("export", R"({"table":"sales","path":"o2.csv"})").code, Errc::read_only);
  EXPECT_EQ(bad("load", R"({"table":"sales","path":"sales.csv"})").code, Errc::read_only);
}

// What is said and would do nothing is refused, and names what it is for.
TEST_F(DataTools, RefuseWhatDoesNotApply) {
  skip_without_duckdb();
  write("a.csv", "a\n1\n");
  write("a.json", R"([{"a":1}])");
  const auto says = [&](const std::string& verb, std::string_view arguments) {
    const Error error = bad(verb, arguments);
    EXPECT_EQ(error.code, Errc::invalid_args) << arguments;
    return error.message;
  };
  EXPECT_THAT(says("load", R"({"table":"t","path":"a.csv","sqlite_table":"x"})"),
              HasSubstr("for SQLite files, and this is csv"));
  EXPECT_THAT(says("load", R"({"table":"t","path":"a.json","read":{"delimiter":";"}})"),
              HasSubstr("read.delimiter is for CSV, and this is json"));
  EXPECT_THAT(says("inspect_file", R"({"path":"a.csv","json_path":"$"})"),
              HasSubstr("for JSON, and this is csv"));
  for (const char* each : {R"({"sql":"SELECT 1","path":"o.parquet","compression":"gzip"})",
                           R"({"sql":"SELECT 1","path":"o.parquet","compression":"none"})",
                           R"({"sql":"SELECT 1","path":"o.parquet.gz"})"})
    EXPECT_THAT(says("export", each), HasSubstr("Parquet"));
  good("export", R"({"sql":"SELECT 1","path":"o.parquet","compression":"zstd"})");
  EXPECT_THAT(says("load", R"({"table":"t","path":"a.csv","mode":"merge"})"),
              HasSubstr("merge_on"));
  EXPECT_THAT(says("watch", R"({"path":".","mode":"merge"})"), HasSubstr("merge_on"));
  EXPECT_THAT(says("query", R"({"sql":"SELECT $1","params":[12345678901234567890123]})"),
              HasSubstr("lost digits"));
}

TEST_F(DataTools, NameTheFilesThatMayBeMeant) {
  fs::create_directory(project_ / "data");
  write("data/sales.csv", "a\n1\n");
  const Error error = bad("load", R"({"table":"t","path":"data/slaes.csv"})");
  EXPECT_EQ(error.code, Errc::not_found);
  EXPECT_THAT(error.suggestions, testing::Contains("did you mean data/sales.csv?"));
  EXPECT_THAT(bad("inspect_file", R"({"path":"data/sale.csv"})").suggestions,
              testing::Contains("did you mean data/sales.csv?"));
}

TEST_F(DataTools, LeaveMissingFilesOutWhereToldTo) {
  skip_without_duckdb();
  write("a.csv", "a\n1\n");
  EXPECT_EQ(bad("load", R"({"table":"t","paths":["a.csv","none.csv"]})").code, Errc::not_found);
  const std::string loaded =
      good("load", R"({"table":"t","paths":["a.csv","none.csv"],"on_error":"skip"})");
  EXPECT_THAT(loaded, HasSubstr(R"("rows_added":1)"));
  EXPECT_THAT(loaded, HasSubstr("none.csv"));
  EXPECT_EQ(bad("load", R"({"table":"t","paths":["none.csv"],"on_error":"skip"})").code,
            Errc::not_found);
}

TEST_F(DataTools, LeaveWhatIsHearthsAlone) {
  skip_without_duckdb();
  for (const std::string table :
       {"hearth_internal.calls", "HEARTH_Internal.x", "hearth_internal"}) {
    const std::string name = json::quoted(table);
    EXPECT_EQ(bad("load", R"({"data":[{"id":1}],"table":)" + name + "}").code, Errc::unsupported);
    EXPECT_EQ(bad("copy", R"({"sql":"SELECT 1 AS id","to":"scratch","table":)" + name + "}").code,
              Errc::unsupported);
  }
  EXPECT_EQ(bad("load", R"({"table":"t","data":[{"id":1}],"merge_on":["id"]})").code,
            Errc::invalid_args);
}

TEST_F(DataTools, LoadNothingThroughLinks) {
  skip_without_duckdb();
  fs::create_directories(project_ / "in");
  fs::create_directories(project_ / "elsewhere");
  fs::create_symlink(project_ / "elsewhere", project_ / "in/loaded");
  write("elsewhere/real.csv", "a\n1\n");
  fs::create_symlink(project_ / "elsewhere/real.csv", project_ / "in/link.csv");
  write("in/link.csv.ready", "");
  write("in/t.csv", "a\n1\n");
  write("in/t.csv.ready", "");
  good("watch", R"({"path":"in"})");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (fs::exists(project_ / "in/t.csv.ready") && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
  EXPECT_FALSE(fs::exists(project_ / "elsewhere/t.csv"));
  EXPECT_TRUE(fs::exists(project_ / "in/t.csv"));
  EXPECT_TRUE(fs::exists(project_ / "in/failed/link.csv.reason.txt"));
  EXPECT_TRUE(fs::exists(project_ / "elsewhere/real.csv"));
}

TEST_F(DataTools, LoadWhatIsDroppedIntoAFolder) {
  skip_without_duckdb();
  fs::create_directory(project_ / "in");
  write("in/sales.csv", "a,b\n1,x\n");
  write("in/sales.csv.ready", "");
  good("watch", R"({"path":"in"})");
  // The sentinel goes last.
  const auto wait_for = [this](const std::string& file) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (fs::exists(project_ / (file + ".ready")) && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    EXPECT_FALSE(fs::exists(project_ / (file + ".ready"))) << file;
  };
  wait_for("in/sales.csv");
  EXPECT_TRUE(fs::exists(project_ / "in/loaded/sales.csv"));
  EXPECT_THAT(good("catalog", R"({"table":"sales"})"), HasSubstr("sql_watch"));
  write("in/book.xlsx", "PK\x03\x04");
  write("in/book.xlsx.ready", "");
  wait_for("in/book.xlsx");
  EXPECT_TRUE(fs::exists(project_ / "in/failed/book.xlsx"));
  EXPECT_TRUE(fs::exists(project_ / "in/failed/book.xlsx.reason.txt"));
  // A folder that is made again is another one to the kernel.
  fs::remove_all(project_ / "in");
  fs::create_directory(project_ / "in");
  write("in/again.csv", "a\n1\n");
  write("in/again.csv.ready", "");
  wait_for("in/again.csv");
  EXPECT_THAT(good("query", R"({"sql":"SELECT * FROM sales"})"), HasSubstr(R"([[1,"x"]])"));
  EXPECT_THAT(good("unwatch", R"({"path":"in"})"), HasSubstr(R"("was_watched":true)"));
  EXPECT_EQ(good("watch", "{}"), R"({"folders":[]})");
}

TEST_F(DataTools, WatchAFolderOnceHoweverOftenItIsSaid) {
  fs::create_directory(project_ / "in");
  write("in/late.csv.ready", "");
  good("watch", R"({"path":"in"})");
  // A daemon that was killed has left it: the next late.csv is not taken while it is written.
  EXPECT_FALSE(fs::exists(project_ / "in/late.csv.ready"));
  const std::string again = good("watch", R"({"path":"in","table":"all"})");
  EXPECT_THAT(again, HasSubstr(R"("table":"all")"));
  EXPECT_EQ(json::parse(again).value().at("folders").as_array().size(), 1U);
  options_.caller.name_space = "other";
  EXPECT_EQ(bad("watch", R"({"path":"in"})").code, Errc::conflict);
  EXPECT_EQ(good("watch", "{}"), R"({"folders":[]})");
  options_.caller.name_space = "default";
  good("unwatch", R"({"path":"in"})");
  options_.caller.name_space = "other";
  good("watch", R"({"path":"in"})");
}

}  // namespace
}  // namespace hearth::packs::sql
