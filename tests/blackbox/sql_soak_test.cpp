// Many sessions that read, write and load on every engine at once, while the daemon, DuckDB's
// process, hyperd and PostgreSQL's backends are killed: no acknowledged commit is lost, none is
// applied twice, and a kill costs a session one repetition at most.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "packs/sql/hyper_home.hpp"
#include "packs/sql/postgres_server.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// The databases that every session uses, and how to attach those that hearth does not have itself.
struct World {
  explicit World(TempHome& home) : home(home) {
    fs::create_directory(home.file("project"));
    const std::string hyperd = hyperd_program();
    std::string config = "[sql]\nmemory_limit = \"512MiB\"\n";
    if (!hyperd.empty()) {
      config += "[sql.hyper]\npath = \"" + hyperd + "\"\n";
      attached["extract"] = {{"alias", "extract"}, {"location", "all.hyper"}};
    }
    write_file(home.file("config.toml"), config);
    if (PostgresServer::is_installed()) {
      attached["server"] = {
          {"alias", "server"}, {"engine", "postgres"}, {"location", postgres_server().location()}};
    }
  }
  [[nodiscard]] Plan plan() const {
    Plan plan = home.plan({"mcp"});
    plan.cwd = home.file("project");
    plan.has_input = plan.pipes_output = true;
    return plan;
  }
  [[nodiscard]] std::vector<std::string> shared() const {  // what all sessions write to
    std::vector<std::string> names{"persistent"};
    for (const auto& [alias, arguments] : attached) names.push_back(alias);
    return names;
  }

  TempHome& home;
  std::map<std::string, json::Object> attached;
};

// A session, with an account of what it was told. Used by one thread.
class Session {
 public:
  Session(const World& world, int number)
      : world_(world), number_(number), random_(static_cast<unsigned>(number)) {}

  struct Told {
    std::set<int> committed;
    std::set<int> unknown;  // may be there or not
  };

  void begin() {
    bridge_.emplace(world_.plan());
    const auto answer = bridge_->initialize(patience);
    if (!answer) return complain("initialize", answer.error());
    // All at once, where there is nothing yet.
    make_table("persistent");
    make_table("scratch");
    for (const auto& [alias, arguments] : world_.attached) attach(alias);
  }
  void run(const std::atomic<bool>& is_over) {
    while (!is_over && complaints_.size() < 5) {
      const std::string database = pick_database();
      switch (random_() % 5) {
        case 0:
        case 1:
          insert(database);
          break;
        case 2:
          load(database);
          break;
        default:
          read(database);
      }
    }
    for (const std::string& database : world_.shared()) insert(database);
  }
  void finish() {
    audit("scratch", rows_of("scratch"));
    EXPECT_EQ(bridge_->finish().exit_code, 0);
  }

  void make_table(const std::string& database) {
    const auto made = bridge_->call(
        "sql_execute",
        {{"sql", "CREATE TABLE IF NOT EXISTS kept(client INT, n INT)"}, {"database", database}},
        patience);
    if (!made) complain("create in " + database, made.error());
  }
  void attach(const std::string& alias) {
    const auto done = bridge_->call("sql_attach", world_.attached.at(alias), patience);
    if (!done && !is_interruption(done.error())) complain("attach " + alias, done.error());
  }
  // The numbers that a client has in a database; -1: twice.
  std::map<int, std::vector<int>> rows_of(const std::string& database) {
    std::map<int, std::vector<int>> found;
    json::Object arguments{{"sql", "SELECT client, n FROM kept"}, {"database", database}};
    for (;;) {
      const auto page = bridge_->call("sql_query", arguments, patience);
      if (!page) {
        complain("audit of " + database, page.error());
        return found;
      }
      for (const json::Value& row : json::find(*page, "rows")->as_array()) {
        found[static_cast<int>(row.at(0).as_int64())].push_back(
            static_cast<int>(row.at(1).as_int64()));
      }
      const std::string cursor(json::string_or(*page, "cursor", ""));
      if (cursor.empty()) return found;
      arguments = {{"cursor", cursor}};
    }
  }
  void audit(const std::string& database, const std::map<int, std::vector<int>>& all) {
    const auto mine = all.find(number_);
    const auto there = mine == all.end() ? std::vector<int>() : mine->second;
    const std::set<int> once(there.begin(), there.end());
    const Told& told = told_[database];
    const std::string who = database + ", session " + std::to_string(number_);
    EXPECT_EQ(once.size(), there.size()) << who << ": applied twice";
    for (const int n : told.committed) EXPECT_TRUE(once.contains(n)) << who << ": lost " << n;
    for (const int n : once) {
      EXPECT_TRUE(told.committed.contains(n) || told.unknown.contains(n))
          << who << ": " << n << " was said not to have been done";
    }
  }

  [[nodiscard]] McpStdioClient& bridge() { return *bridge_; }
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  [[nodiscard]] int interruptions() const { return restarts_ + unknown_; }
  [[nodiscard]] int unknown() const { return unknown_; }
  [[nodiscard]] int reads() const { return reads_; }
  [[nodiscard]] std::size_t committed() const {
    std::size_t count = 0;
    for (const auto& [database, told] : told_) count += told.committed.size();
    return count;
  }

 private:
  std::string pick_database() {
    const auto shared = world_.shared();
    const auto at = random_() % (shared.size() + 1);
    return at == shared.size() ? "scratch" : shared[at];
  }
  void complain(const std::string& what, const Error& error) {
    complaints_.push_back(what + ": " + std::string(errc_name(error.code)) + ": " + error.message);
  }
  bool is_interruption(const Error& error) {
    if (error.code == Errc::engine_restarted) ++restarts_;
    if (error.code == Errc::outcome_unknown) ++unknown_;
    return error.code == Errc::engine_restarted || error.code == Errc::outcome_unknown;
  }
  // A call that writes `numbers`, all or none.
  void write(const char* tool,
             json::Object arguments,
             const std::string& database,
             const std::set<int>& numbers) {
    arguments["database"] = database;
    const auto answer = bridge_->call(tool, arguments, patience);
    Told& told = told_[database];
    if (answer) {
      told.committed.insert(numbers.begin(), numbers.end());
    } else if (!is_interruption(answer.error())) {
      complain(std::string(tool) + " on " + database, answer.error());
    } else if (answer.error().code == Errc::outcome_unknown) {
      told.unknown.insert(numbers.begin(), numbers.end());
    }
  }
  void insert(const std::string& database) {
    const int n = ++last_;
    write("sql_execute",
          {{"sql", "INSERT INTO kept VALUES (" + std::to_string(number_) + ", " +
                       std::to_string(n) + ")"}},
          database, {n});
  }
  void load(const std::string& database) {
    std::set<int> numbers;
    json::Array rows;
    for (int i = 0; i < 20; ++i) {
      numbers.insert(++last_);
      rows.push_back(json::Object{{"client", number_}, {"n", last_}});
    }
    write("sql_load", {{"table", "kept"}, {"mode", "append"}, {"data", rows}}, database, numbers);
  }
  // What was committed is seen at once.
  void read(const std::string& database) {
    const Told& told = told_[database];
    const auto answer = bridge_->call(
        "sql_query",
        {{"sql", "SELECT count(*) FROM kept WHERE client = " + std::to_string(number_)},
         {"database", database}},
        patience);
    if (!answer) {
      if (!is_interruption(answer.error())) complain("read on " + database, answer.error());
      return;
    }
    ++reads_;
    const auto count = json::find(*answer, "rows")->at(0).at(0).as_int64();
    const auto least = static_cast<std::int64_t>(told.committed.size());
    const auto most = least + static_cast<std::int64_t>(told.unknown.size());
    if (count < least || count > most) {
      complaints_.push_back(database + " has " + std::to_string(count) + " rows, not " +
                            std::to_string(least) + " to " + std::to_string(most));
    }
  }

  const World& world_;
  const int number_;
  std::mt19937 random_;
  std::optional<McpStdioClient> bridge_;
  int last_ = 0;
  std::map<std::string, Told> told_;  // by database
  std::vector<std::string> complaints_;
  int restarts_ = 0;
  int unknown_ = 0;
  int reads_ = 0;
};

// Processes whose command line says this.
std::vector<pid_t> processes_with(const std::string& words) {
  std::vector<pid_t> found;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc", gone)) {
    std::string command = read_file(entry.path().string() + "/cmdline");
    std::ranges::replace(command, '\0', ' ');
    if (command.find(words) == std::string::npos) continue;
    found.push_back(std::stoi(entry.path().filename().string()));
  }
  return found;
}

std::vector<pid_t> victims(const World& world, const std::string& kind) {
  if (kind == "hyperd")
    return processes_with("hyperd run --listen-connection tab.domain://" + world.home.path());
  if (kind != "postgres") return world.home.processes(kind);
  // Backends that serve clients of the tests' server.
  const std::string parent = "PPid:\t" + std::to_string(postgres_server().pid()) + "\n";
  auto backends = processes_with("postgres: postgres postgres");
  std::erase_if(backends, [&](pid_t pid) {
    return !read_file("/proc/" + std::to_string(pid) + "/status").contains(parent);
  });
  return backends;
}

// Kills of one kind, and how long it took until a query was answered again.
struct Kills {
  std::string victim;    // a program, or "postgres" for a backend
  std::string database;  // that is asked afterwards
  std::vector<milliseconds> outages = {};

  [[nodiscard]] milliseconds at(double part) const {
    if (outages.empty()) return milliseconds(0);
    auto sorted = outages;
    std::ranges::sort(sorted);
    return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
  }
};

// Kills one after another until time is up, and asks `prober` after each.
void kill_at_random(const World& world, Session& prober, std::vector<Kills>& kinds) {
  std::mt19937 random(6);
  const auto end = steady_clock::now() + sizes().sql_time;
  for (std::size_t round = 0; steady_clock::now() < end; ++round) {
    std::this_thread::sleep_for(milliseconds(100 + random() % 900));
    Kills& kind = kinds[round % kinds.size()];
    const auto found = victims(world, kind.victim);
    if (found.empty()) continue;
    ::kill(found[random() % found.size()], SIGKILL);
    const auto began = steady_clock::now();
    const bool is_back = eventually(
        [&] {
          return prober.bridge()
              .call("sql_query", {{"sql", "SELECT 1"}, {"database", kind.database}}, patience)
              .has_value();
        },
        patience);
    EXPECT_TRUE(is_back) << kind.victim;
    kind.outages.push_back(std::chrono::duration_cast<milliseconds>(steady_clock::now() - began));
  }
}

TEST(SqlSoak, SessionsOnAllEnginesLoseNothingToKills) {
  if (std::getenv("CI") == nullptr &&
      !fs::exists(binary_directory() + "/../lib/hearth/libduckdb.so"))
    GTEST_SKIP() << "DuckDB is missing";
  TempHome home;
  const World world(home);
  std::deque<Session> sessions;
  for (std::size_t i = 0; i <= sizes().sql_sessions; ++i)
    sessions.emplace_back(world, static_cast<int>(i));
  {
    std::vector<std::jthread> first;
    for (Session& each : sessions) first.emplace_back([&each] { each.begin(); });
  }
  Session& prober = sessions.back();
  for (const auto& [alias, arguments] : world.attached) prober.make_table(alias);

  std::vector<Kills> kinds{{"hearthd", "persistent"}, {"hearth-duckdb", "persistent"}};
  if (world.attached.contains("extract")) kinds.push_back({"hyperd", "extract"});
  if (world.attached.contains("server")) kinds.push_back({"postgres", "server"});
  std::atomic<bool> is_over{false};
  {
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < sizes().sql_sessions; ++i)
      running.emplace_back([&, i] { sessions[i].run(is_over); });
    kill_at_random(world, prober, kinds);
    is_over = true;
  }
  for (const std::string& database : world.shared()) {
    const auto rows = prober.rows_of(database);
    for (Session& each : sessions) each.audit(database, rows);
  }
  std::size_t kills = 0;
  for (const Kills& kind : kinds) {
    kills += kind.outages.size();
    std::printf("%zu kills of %s: answers again after %lld ms (median), %lld ms (longest)\n",
                kind.outages.size(), kind.victim.c_str(),
                static_cast<long long>(kind.at(0.5).count()),
                static_cast<long long>(kind.at(1).count()));
    EXPECT_LT(kind.at(1), patience);
  }
  std::size_t committed = 0;
  int reads = 0;
  int unknown = 0;
  int most = 0;
  for (Session& each : sessions) {
    each.finish();
    for (const std::string& complaint : each.complaints()) ADD_FAILURE() << complaint;
    EXPECT_LE(each.interruptions(), static_cast<int>(kills)) << "one for each kill at most";
    committed += each.committed();
    reads += each.reads();
    unknown += each.unknown();
    most = std::max(most, each.interruptions());
  }
  std::printf(
      "%zu sessions, %zu kills: %zu rows acknowledged, %d reads; a session was interrupted %d "
      "times "
      "at most; outcomes unknown %d\n",
      sessions.size(), kills, committed, reads, most, unknown);
}

}  // namespace
}  // namespace hearth::test
