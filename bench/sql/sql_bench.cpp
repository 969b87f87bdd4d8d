// The SQL pack as its clients see it, through `hearth mcp`, beside the same work in this process:
// DuckDB by its C API with the same threads and memory limit, libpq for PostgreSQL. Both take turns
// within each round.
//
// usage, with HEARTH_HOME set:
//   bench_sql calls HEARTH ROUNDS COUNT                  SELECT 1, one client
//   bench_sql rate HEARTH CLIENTS SECONDS ROUNDS         the same by several, in lock step
//   bench_sql load HEARTH CSV DIRECTORY ROUNDS           into scratch, persistent, and a file
//   bench_sql heavy HEARTH CSV DIRECTORY ROUNDS          queries over what was loaded
//   bench_sql footprint HEARTH CSV CLIENTS               memory of all processes together
//   bench_sql recovery HEARTH ENGINE ROUNDS              after kill -9 of duckdb's or hyper's
//   process bench_sql postgres HEARTH SOCKET_DIRECTORY ROUNDS COUNT
//
// "One client" works for 20 µs between an answer and the next call, as in bench_round_trip.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "json/json.hpp"
#include "sql/bridge.hpp"
#include "sql/in_process.hpp"

namespace hearth::bench {
namespace {

// As bench/sql_pack.py writes it into config.toml: a scratch has half of what persistent has.
constexpr int threads = 2;
constexpr std::uint64_t scratch_memory = std::uint64_t{1} << 30;

using Figures = std::vector<double>;
using Exchange = std::function<void()>;

struct Query {
  const char* name;
  const char* sql;
};
// Each works on all of the million rows and answers few.
constexpr std::array heavy_queries{
    Query{"group by",
          "SELECT category, count(*), sum(price * qty), max(ts) FROM sales GROUP BY category "
          "ORDER BY category LIMIT 50"},
    Query{"join",
          "SELECT a.category, count(*) FROM sales a JOIN sales b ON a.id = b.id + 1 WHERE a.price "
          "< b.price GROUP BY a.category ORDER BY a.category LIMIT 50"},
    Query{"window",
          "SELECT id, category, price FROM (SELECT *, row_number() OVER (PARTITION BY category "
          "ORDER BY price DESC, id) AS place FROM sales) WHERE place = 1 ORDER BY id LIMIT 50"},
    Query{"sort",
          "SELECT id, note, price FROM sales ORDER BY note, price, id LIMIT 50 OFFSET 500000"},
    Query{"distinct", "SELECT count(DISTINCT note), count(DISTINCT ts) FROM sales"}};

void think() {
  const auto end = Clock::now() + std::chrono::microseconds(20);
  while (Clock::now() < end) continue;
}

// The time of each of `count` exchanges.
std::vector<float> latencies(int count, const Exchange& exchange) {
  for (int i = 0; i < count / 20 + 1; ++i) exchange();
  std::vector<float> all;
  for (int i = 0; i < count; ++i) {
    think();
    const auto start = Clock::now();
    exchange();
    all.push_back(static_cast<float>(microseconds_since(start)));
  }
  return all;
}

// Both shares of each round of all kinds in turn, as series.
void print_latencies(int rounds,
                     int count,
                     const std::vector<std::pair<std::string, Exchange>>& kinds) {
  std::vector<Figures> p50(kinds.size());
  std::vector<Figures> p99(kinds.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      auto found = latencies(count, kinds[i].second);
      p50[i].push_back(percentile(found, 0.50));
      p99[i].push_back(percentile(found, 0.99));
    }
  }
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    print_series(kinds[i].first + " p50", "µs", p50[i]);
    print_series(kinds[i].first + " p99", "µs", p99[i]);
  }
}

double milliseconds(const Exchange& exchange) {
  const auto start = Clock::now();
  exchange();
  return milliseconds_since(start);
}

struct Subject {
  std::string name;
  Exchange run;
  Figures took = {};
};

// Each comes first as often as the others: what one leaves behind, the next has to bear.
template <std::size_t size>
void in_turn(std::array<Subject, size> subjects, int rounds) {
  for (const Subject& each : subjects) each.run();  // warms up
  for (int round = 0; round < rounds; ++round) {
    for (Subject& each : subjects) each.took.push_back(milliseconds(each.run));
    std::ranges::rotate(subjects, subjects.begin() + 1);
  }
  for (const Subject& each : subjects) print_series(each.name, "ms", each.took);
}

void calls(const std::string& hearth, int rounds, int count) {
  const Bridge bridge(hearth);
  const DuckDb duckdb(":memory:", threads, scratch_memory);
  const std::string ping = std::string(mcp_ping_message) + "\n";
  const std::string call = sql_query("SELECT 1", "scratch");
  (void)bridge.ask(call);
  print_latencies(rounds, count,
                  {{"ping",
                    [&] {
                      write_all(bridge.in(), ping);
                      skip_line(bridge.out());
                    }},
                   {"duckdb", [&] { duckdb.run("SELECT 1"); }},
                   {"select", [&] {
                      write_all(bridge.in(), call);
                      skip_line(bridge.out());
                    }}});
}

// As many threads as clients, each with a connection of its own.
double duckdb_rate(const DuckDb& duckdb, int clients, double seconds) {
  std::atomic<std::size_t> answers = 0;
  const auto began = Clock::now();
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < clients; ++i) {
      askers.emplace_back([&](const std::stop_token& stop) {
        const auto link = duckdb.connect();
        for (; !stop.stop_requested(); ++answers) run(link, "SELECT 1");
      });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
  return 1000 * static_cast<double>(answers) / milliseconds_since(began);
}

void rate(const std::string& hearth, int clients, double seconds, int rounds) {
  std::deque<Bridge> bridges;

  const std::string call = sql_query("SELECT 1", "scratch");
  for (int i = 0; i < clients; ++i) (void)bridges.emplace_back(hearth).ask(call);
  const DuckDb duckdb(":memory:", threads, scratch_memory);
  Figures ping;
  Figures floor;
  Figures select;
  for (int round = 0; round < rounds; ++round) {
    ping.push_back(lock_step_rate(bridges, std::string(mcp_ping_message) + "\n", seconds));
    floor.push_back(duckdb_rate(duckdb, clients, seconds));
    select.push_back(lock_step_rate(bridges, call, seconds));
  }
  print_series("ping rate", "/s", ping);
  print_series("duckdb rate", "/s", floor);
  print_series("select rate", "/s", select);
}

void load(const std::string& hearth,
          const std::string& csv,
          const std::string& directory,
          int rounds) {
  const Bridge bridge(hearth);
  const DuckDb duckdb(directory + "/load.duckdb", threads, scratch_memory);
  const std::string copy = "CREATE OR REPLACE TABLE sales AS SELECT * FROM read_csv('" + csv + "')";
  in_turn(std::array{Subject{"duckdb load", [&] { duckdb.run(copy); }},
                     Subject{"scratch load", [&] { (void)bridge.ask(sql_load(csv, "scratch")); }},
                     Subject{"persistent load",
                             [&] { (void)bridge.ask(sql_load(csv, "persistent")); }}},
          rounds);
}

void heavy(const std::string& hearth,
           const std::string& csv,
           const std::string& directory,
           int rounds) {
  const Bridge bridge(hearth);
  const DuckDb duckdb(directory + "/heavy.duckdb", threads, scratch_memory);
  duckdb.run("CREATE TABLE sales AS SELECT * FROM read_csv('" + csv + "')");
  duckdb.run("CHECKPOINT");
  (void)bridge.ask(sql_load(csv, "scratch"));
  for (const Query& query : heavy_queries) {
    const std::string call = sql_query(query.sql, "scratch");
    in_turn(std::array{Subject{std::string("duckdb ") + query.name, [&] { duckdb.run(query.sql); }},
                       Subject{query.name, [&] { (void)bridge.ask(call); }}},
            rounds);
  }
  Figures page;
  for (int round = 0; round < rounds; ++round) {
    page.push_back(
        milliseconds([&] { (void)bridge.ask(sql_query("SELECT * FROM sales", "scratch", 100)); }));
  }
  print_series("first page", "ms", page);
}

// Of all a process's pages, those it shares counted by its part.
double proportional_megabytes(pid_t pid) {
  std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    if (line.starts_with("Pss:")) return std::stod(line.substr(4)) * 1024 / 1e6;
  }
  die("no memory of process " + std::to_string(pid));
}

// What DuckDB itself says of one database: its buffer pool and what else it has charged to it.
double buffers(const Bridge& bridge, std::string_view database) {
  const std::string answer = bridge.ask(
      sql_query("SELECT CAST(sum(memory_usage_bytes) AS DOUBLE) FROM duckdb_memory()", database));
  const std::size_t at = answer.find(R"("rows":[[)");
  if (at == std::string::npos) die("memory: " + answer);
  return std::atof(answer.c_str() + at + 9) / 1e6;
}

pid_t engine_pid(const Bridge& bridge, const std::string& kind) {
  const std::string answer = bridge.ask(tool_call("sql_databases", "{}"));
  const std::size_t engine = answer.find(R"("kind":")" + kind + '"');
  const std::size_t at = answer.find(R"("pid":)", engine);
  if (engine == std::string::npos || at == std::string::npos) die("databases: " + answer);
  return std::atoi(answer.c_str() + at + 6);
}

void footprint(const std::string& hearth, const std::string& csv, int clients) {
  std::deque<Bridge> bridges;

  for (int i = 0; i < clients; ++i) bridges.emplace_back(hearth);
  (void)bridges.front().ask(sql_load(csv, "persistent"));
  for (const Bridge& bridge : bridges) {
    for (const Query& query : heavy_queries) (void)bridge.ask(sql_query(query.sql, "persistent"));
    (void)bridge.ask(sql_query("SELECT count(*) FROM persistent.sales", "scratch"));
  }
  // DuckDB gives memory back some seconds after it was freed.
  std::this_thread::sleep_for(std::chrono::seconds(5));
  double pool = buffers(bridges.front(), "persistent");
  for (const Bridge& bridge : bridges) pool += buffers(bridge, "scratch");
  const double engine = proportional_megabytes(engine_pid(bridges.front(), "duckdb"));
  const double daemon = proportional_megabytes(daemon_pid());
  double all_bridges = 0;
  for (const Bridge& bridge : bridges) all_bridges += proportional_megabytes(bridge.pid());
  print_series("engine", "MB", {engine});
  print_series("daemon", "MB", {daemon});
  print_series("bridges", "MB", {all_bridges});
  print_series("buffers", "MB", {pool});
}

// From the kill to the first good answer of a query that is sent again while it is refused.
void recovery(const std::string& hearth, const std::string& kind, int rounds) {
  const Bridge bridge(hearth);
  std::string database = "persistent";
  if (kind == "hyper") {
    database = "h";
    (void)bridge.ask(tool_call("sql_attach", R"({"alias":"h","location":"recovery.hyper",)"
                                             R"("engine":"hyper"})"));
  }
  (void)bridge.ask(tool_call(
      "sql_execute",
      R"({"sql":"CREATE TABLE t AS SELECT 1 AS i","database":)" + json::quoted(database) + "}"));
  const std::string call = sql_query("SELECT i FROM t", database);
  Figures took;
  for (int round = 0; round < rounds; ++round) {
    (void)bridge.ask(call);
    const pid_t engine = engine_pid(bridge, kind);
    const auto began = Clock::now();
    if (::kill(engine, SIGKILL) != 0) die("kill", errno);
    while (!bridge.is_answered(call)) continue;
    took.push_back(milliseconds_since(began));
  }
  print_series(kind + " recovery", "ms", took);
}

void postgres(const std::string& hearth, const std::string& directory, int rounds, int count) {
  const Bridge bridge(hearth);
  const Postgres peer(directory);
  const std::string heavy_sql =
      "SELECT n % 1000 AS part, count(*), sum(n), max(md5(n::text)) FROM numbers GROUP BY part "
      "ORDER BY part LIMIT 50";
  peer.run("CREATE TABLE numbers AS SELECT generate_series(1, 300000) AS n");
  (void)bridge.ask(tool_call(
      "sql_attach", R"({"alias":"pg","location":)" +
                        json::quoted("host=" + directory + " user=postgres dbname=postgres") +
                        R"(,"engine":"postgres"})"));
  const std::string call = sql_query("SELECT 1", "pg");
  (void)bridge.ask(call);
  print_latencies(
      rounds, count,
      {{"libpq", [&] { peer.run("SELECT 1"); }}, {"postgres", [&] { (void)bridge.ask(call); }}});
  Figures floor;
  Figures found;
  for (int round = 0; round < rounds; ++round) {
    floor.push_back(milliseconds([&] { peer.run(heavy_sql); }));
    found.push_back(milliseconds([&] { (void)bridge.ask(sql_query(heavy_sql, "pg")); }));
  }
  print_series("libpq heavy", "ms", floor);
  print_series("postgres heavy", "ms", found);
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  const std::string what = argc > 2 ? argv[1] : "";
  const auto number = [&](int index) { return number_argument(argc, argv, index, "number"); };
  if (argc == 5 && what == "calls") {
    calls(argv[2], number(3), number(4));
  } else if (argc == 6 && what == "rate") {
    rate(argv[2], number(3), std::atof(argv[4]), number(5));
  } else if (argc == 6 && what == "load") {
    load(argv[2], argv[3], argv[4], number(5));
  } else if (argc == 6 && what == "heavy") {
    heavy(argv[2], argv[3], argv[4], number(5));
  } else if (argc == 5 && what == "footprint") {
    footprint(argv[2], argv[3], number(4));
  } else if (argc == 5 && what == "recovery") {
    recovery(argv[2], argv[3], number(4));
  } else if (argc == 6 && what == "postgres") {
    postgres(argv[2], argv[3], number(4), number(5));
  } else {
    die("usage: bench_sql calls|rate|load|heavy|footprint|recovery|postgres …, see "
        "bench/sql/sql_bench.cpp");
  }
}
