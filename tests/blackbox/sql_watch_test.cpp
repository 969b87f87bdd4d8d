// kill -9 of the daemon and of DuckDB's process while a watched folder is being loaded: each file
// is loaded once.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "support/mcp_stdio_client.hpp"
#include "support/scratch_directory.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

namespace fs = std::filesystem;

constexpr int files = 8;
constexpr int rows = 100'000;  // of a file: long enough to be met in the middle

// A client in a project of its own; says what it is asked until it is answered, since the daemon is
// killed meanwhile.
class Watcher {
 public:
  Watcher() : client_(plan()) { EXPECT_TRUE(client_.initialize(patience)); }

  json::Value call(const std::string& tool, const json::Object& arguments) {
    Result<json::Value> answer = fail(Errc::unavailable, "not asked yet");
    EXPECT_TRUE(eventually(
        [&] {
          answer = client_.call(tool, arguments, patience);
          return answer.has_value();
        },
        patience))
        << answer.error().message;
    return answer.value_or(json::Value(json::Object()));
  }
  void drop(int number) const {
    std::string text = "file,row\n";
    for (int row = 0; row < rows; ++row) {
      text += std::to_string(number) + "," + std::to_string(row) + "\n";
    }
    std::ofstream(file(number)) << text;
    std::ofstream(file(number) + ".ready") << "";
  }
  // Once somebody works on it, or has done so; and any moment after that. Whether it was too early
  // for the file to be done.
  bool kill_during(int number, const char* victim, std::mt19937& random) {
    const std::string running = R"("state":"running")";
    EXPECT_TRUE(eventually(
        [&] {
          return json::dump(call("sql_import_status", {})).contains(running) || is_taken(number);
        },
        patience));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 120'000));
    for (const pid_t each : home_.processes(victim)) ::kill(each, SIGKILL);
    return !is_taken(number);
  }
  // Its sentinel goes last.
  [[nodiscard]] bool is_taken(int number) const { return !fs::exists(file(number) + ".ready"); }
  [[nodiscard]] std::string folder() const { return project_ / "in"; }
  [[nodiscard]] std::string file(int number) const {
    return folder() + "/f" + std::to_string(number) + ".csv";
  }

 private:
  Plan plan() const {
    fs::create_directory(folder());
    Plan plan = home_.plan({"mcp"});
    plan.cwd = project_.path();
    plan.has_input = plan.pipes_output = true;
    return plan;
  }

  const TempHome home_;
  const ScratchDirectory project_{"watched"};
  McpStdioClient client_;
};

TEST(SqlWatch, LoadsEachFileOnceWhateverIsKilled) {
  const bool has_duckdb = std::getenv("CI") != nullptr ||
                          fs::exists(binary_directory() + "/../lib/hearth/libduckdb.so");
  if (!has_duckdb) GTEST_SKIP() << "DuckDB is missing";
  Watcher watcher;
  watcher.call("sql_watch", {{"path", "in"}, {"table", "t"}});
  std::mt19937 random(1);
  int broken_off = 0;
  for (int number = 0; number < files; ++number) {
    watcher.drop(number);
    const char* const victim = number % 3 == 2 ? "hearth-duckdb" : "hearthd";
    if (watcher.kill_during(number, victim, random)) ++broken_off;
    watcher.call("sql_query", {{"sql", "SELECT 1"}});
    EXPECT_TRUE(eventually([&] { return watcher.is_taken(number); }, patience)) << number;
  }
  std::printf("%d of %d kills broke off a load\n", broken_off, files);
  const json::Value counted =
      watcher.call("sql_query", {{"sql",
                                  "SELECT file, count(*), count(DISTINCT row) FROM t "
                                  "GROUP BY file ORDER BY file"},
                                 {"database", "persistent"}});
  std::string expected;
  for (int number = 0; number < files; ++number) {
    expected += (number == 0 ? "[[" : ",[") + std::to_string(number) + ",100000,100000]";
    EXPECT_TRUE(fs::exists(watcher.folder() + "/loaded/f" + std::to_string(number) + ".csv"));
  }
  const json::Value* const found = json::find(counted, "rows");
  EXPECT_EQ(found == nullptr ? "" : json::dump(*found), expected + "]");
  EXPECT_FALSE(fs::exists(watcher.folder() + "/failed"));
}

}  // namespace
}  // namespace hearth::test
