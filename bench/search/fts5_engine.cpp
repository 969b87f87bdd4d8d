// SQLite's FTS5, without a copy of the texts: what it costs is the index.
#include <sqlite3.h>

#include "search/engine.hpp"
#include "support.hpp"

namespace hearth::bench {
namespace {

class Fts5Engine final : public Engine {
 public:
  Fts5Engine() = default;
  ~Fts5Engine() override { close(); }
  Fts5Engine(const Fts5Engine&) = delete;
  Fts5Engine& operator=(const Fts5Engine&) = delete;

  void build(const std::string& directory, std::uint64_t documents) override {
    connect(directory);
    execute("PRAGMA journal_mode = OFF");
    execute("PRAGMA synchronous = OFF");
    execute("PRAGMA cache_size = -65536");
    execute("CREATE VIRTUAL TABLE documents USING fts5(title, text, content = '')");
    execute("BEGIN");
    sqlite3_stmt* insert = prepare("INSERT INTO documents (rowid, title, text) VALUES (?, ?, ?)");
    Corpus corpus(corpus_seed);
    Corpus::Document document;
    for (std::uint64_t key = 1; key <= documents; ++key) {
      corpus.next(document);
      ::sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(key));
      bind(insert, 2, document.title);
      bind(insert, 3, document.text);
      if (::sqlite3_step(insert) != SQLITE_DONE) die(::sqlite3_errmsg(database_));
      ::sqlite3_reset(insert);
    }
    ::sqlite3_finalize(insert);
    execute("COMMIT");
    close();
  }

  void open(const std::string& directory) override {
    close();
    connect(directory);
    execute("PRAGMA cache_size = -65536");
    execute("PRAGMA mmap_size = 1073741824");
    search_ = prepare("SELECT rowid FROM documents WHERE documents MATCH ? ORDER BY rank LIMIT 10");
  }

  std::vector<std::uint64_t> search(const std::vector<std::string>& words, bool all) override {
    std::string match;
    for (const std::string& word : words) {
      if (!match.empty()) match += all ? " AND " : " OR ";
      match += '"' + word + '"';
    }
    bind(search_, 1, match);
    std::vector<std::uint64_t> keys;
    while (::sqlite3_step(search_) == SQLITE_ROW) {
      keys.push_back(static_cast<std::uint64_t>(::sqlite3_column_int64(search_, 0)));
    }
    ::sqlite3_reset(search_);
    return keys;
  }

 private:
  void connect(const std::string& directory) {
    if (::sqlite3_open((directory + "/fts5.db").c_str(), &database_) != SQLITE_OK) {
      die(::sqlite3_errmsg(database_));
    }
  }
  void close() {
    ::sqlite3_finalize(search_);
    search_ = nullptr;
    ::sqlite3_close(database_);
    database_ = nullptr;
  }
  void execute(const char* sql) {
    if (::sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      die(::sqlite3_errmsg(database_));
    }
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (::sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) {
      die(::sqlite3_errmsg(database_));
    }
    return statement;
  }
  static void bind(sqlite3_stmt* statement, int index, const std::string& text) {
    ::sqlite3_bind_text(statement, index, text.c_str(), static_cast<int>(text.size()),
                        SQLITE_TRANSIENT);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* search_ = nullptr;
};

}  // namespace

std::unique_ptr<Engine> make_fts5_engine() {
  return std::make_unique<Fts5Engine>();
}

}  // namespace hearth::bench
