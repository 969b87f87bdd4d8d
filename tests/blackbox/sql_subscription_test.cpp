// What a client that has subscribed to tables and saved queries hears of another one's changes.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

const std::string table_resource = "hearth://sql/persistent/t/sample";
const std::string result_resource = "hearth://sql/queries/total/result";
const std::string list_changed = "notifications/resources/list_changed";

class SqlSubscription : public testing::Test {
 protected:
  void SetUp() override {
    const bool has_duckdb =
        std::getenv("CI") != nullptr ||
        std::filesystem::exists(binary_directory() + "/../lib/hearth/libduckdb.so");
    if (!has_duckdb) GTEST_SKIP() << "DuckDB is missing";
    ASSERT_TRUE(reader_.initialize(patience));
    ASSERT_TRUE(writer_.initialize(patience));
    for (const std::string& uri : {table_resource, result_resource}) {
      const auto subscribed = reader_.request("resources/subscribe", {{"uri", uri}}, patience);
      ASSERT_TRUE(subscribed) << subscribed.error().message;
    }
  }
  void write(const std::string& tool, const json::Object& arguments) {
    const auto answer = writer_.call(tool, arguments, patience);
    EXPECT_TRUE(answer) << tool << ": " << answer.error().message;
  }
  void execute(const std::string& sql) {
    write("sql_execute", {{"sql", sql}, {"database", "persistent"}});
  }
  // That the resource has changed; and what it says now.
  std::string news_of(const std::string& uri) {
    EXPECT_TRUE(
        reader_.hears("notifications/resources/updated\",\"params\":{\"uri\":\"" + uri, patience))
        << uri;
    const auto answer = reader_.request("resources/read", {{"uri", uri}}, patience);
    return answer ? json::dump(*answer) : answer.error().message;
  }

  TempHome home_;
  McpStdioClient reader_{home_};
  McpStdioClient writer_{home_};
};

TEST_F(SqlSubscription, HearsOfTablesThatOthersChange) {
  execute("CREATE TABLE t AS SELECT 71 AS n");
  EXPECT_TRUE(reader_.hears(list_changed, patience));
  EXPECT_TRUE(news_of(table_resource).contains("71"));
  execute("INSERT INTO t VALUES (72)");
  EXPECT_TRUE(news_of(table_resource).contains("72"));
  EXPECT_FALSE(reader_.hears(list_changed, milliseconds(0)));  // there are the same tables
  write("sql_load",
        {{"table", "t"}, {"data", "n\n73\n"}, {"mode", "append"}, {"database", "persistent"}});
  EXPECT_TRUE(news_of(table_resource).contains("73"));
}

TEST_F(SqlSubscription, HearsOfSavedQueriesAndTheirResults) {
  execute("CREATE TABLE t AS SELECT 71 AS n");
  EXPECT_TRUE(reader_.hears(list_changed, patience));
  write("sql_save_query", {{"name", "total"},
                           {"sql", "SELECT sum(n) + 1000 AS total FROM t"},
                           {"database", "persistent"}});
  EXPECT_TRUE(reader_.hears(list_changed, patience));
  EXPECT_TRUE(news_of(result_resource).contains("1071"));
  execute("UPDATE t SET n = 72");
  EXPECT_TRUE(news_of(result_resource).contains("1072"));
}

}  // namespace
}  // namespace hearth::test
