// The floor of full-text search: the same kind of documents and queries as bench_load's, asked of
// SQLite's FTS5 in this process, without a daemon in between.
//
// usage: bench_search_floor DOCUMENTS QUERIES
//
// Prints {"name":"FTS5 in process","p50_us":…,"p99_us":…}.
#include <sqlite3.h>

#include <cstdio>

#include "support.hpp"

namespace hearth::bench {
namespace {

class Database final {
 public:
  Database() {
    if (::sqlite3_open(":memory:", &handle_) != SQLITE_OK) die("sqlite3_open");
  }
  ~Database() { ::sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql) {
    if (::sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
      die(::sqlite3_errmsg(handle_));
  }

  [[nodiscard]] sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (::sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) != SQLITE_OK)
      die(::sqlite3_errmsg(handle_));
    return statement;
  }

 private:
  sqlite3* handle_ = nullptr;
};

void bind(sqlite3_stmt* statement, int index, const std::string& text) {
  ::sqlite3_bind_text(statement, index, text.c_str(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
}

void fill(Database& database, Words& words, int documents) {
  database.execute("CREATE VIRTUAL TABLE note USING fts5(title, text); BEGIN");
  sqlite3_stmt* insert = database.prepare("INSERT INTO note VALUES (?, ?)");
  for (int i = 0; i < documents; ++i) {
    bind(insert, 1, words.text(4));
    bind(insert, 2, words.text(60));
    if (::sqlite3_step(insert) != SQLITE_DONE) die("insert");
    ::sqlite3_reset(insert);
  }
  ::sqlite3_finalize(insert);
  database.execute("COMMIT");
}

void run(int documents, int queries) {
  Database database;
  Words words(1);
  fill(database, words, documents);
  sqlite3_stmt* search = database.prepare(
      "SELECT rowid, title, snippet(note, 1, '[', ']', '...', 24), bm25(note) FROM note "
      "WHERE note MATCH ? ORDER BY rank LIMIT 10");
  std::vector<float> latencies;
  for (int i = 0; i < queries; ++i) {
    const std::string query = words.text(2);
    const auto began = Clock::now();
    bind(search, 1, query);
    while (::sqlite3_step(search) == SQLITE_ROW) {
    }
    ::sqlite3_reset(search);
    latencies.push_back(static_cast<float>(microseconds_since(began)));
  }
  ::sqlite3_finalize(search);
  const double p50 = percentile(latencies, 0.50);
  const double p99 = percentile(latencies, 0.99);
  std::printf("{\"name\":\"FTS5 in process\",\"p50_us\":%.2f,\"p99_us\":%.2f}\n", p50, p99);
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  if (argc != 3) die("usage: bench_search_floor DOCUMENTS QUERIES");
  run(number_argument(argc, argv, 1, "number of documents"),
      number_argument(argc, argv, 2, "number of queries"));
}
