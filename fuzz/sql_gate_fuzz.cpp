// SQL text through the gate of sql_query: whatever it is, a query never changes the database.
//
// The worker of the engine's process runs here, in threads of the fuzzer, on a database in memory
// with a table, a sequence, and a macro and a view that would write.
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "packs/sql/duckdb/worker.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::sql;
using namespace hearth::packs::sql::duckdb;

void require(bool holds) {
  if (!holds) std::abort();
}

class Connection {
 public:
  Connection(Instances& instances, bool is_read_only) {
    int fds[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    socket_.reset(fds[0]);
    Control open{.kind = ControlKind::open, .is_read_only = is_read_only};
    open.home.path = ":memory:";
    open.home.memory_limit = std::uint64_t{256} << 20;
    open.home.threads = 1;
    worker_ = std::make_shared<Worker>(instances, std::move(open), UniqueFd(fds[1]));
    std::thread([worker = worker_] { worker->run(); }).detach();
  }
  Response ask(RequestKind kind, std::string sql) {
    Request request{.kind = kind,
                    .statements = {{.sql = std::move(sql)}},
                    .most_rows = 100,
                    .most_bytes = 1 << 20};
    require(send_frame(socket_.get(), encode(request)).has_value());
    ++asked_;
    for (;;) {
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(2000);
      const auto frame = receive_frame(socket_.get(), deadline);
      require(frame.has_value());
      if (*frame) return read(**frame);
      worker_->interrupt(asked_);  // a query without end
    }
  }

 private:
  static Response read(std::string_view frame) {
    auto response = decode_response(frame);
    require(response.has_value());
    return std::move(*response);
  }

  UniqueFd socket_;
  std::shared_ptr<Worker> worker_;
  std::uint64_t asked_ = 0;
};

struct Setting {
  Spawner spawner;
  Instances instances{spawner};
  Connection writer{instances, false};
  Connection reader{instances, true};
  std::string before;

  Setting() {
    const auto made =
        writer.ask(RequestKind::execute,
                   "CREATE TABLE t(i INT); INSERT INTO t VALUES (1); CREATE SEQUENCE sq; "
                   "CREATE MACRO m() AS nextval('sq'); CREATE VIEW v AS SELECT nextval('sq') AS n");
    if (made.kind != ResponseKind::executed) std::fputs(made.error.message.c_str(), stderr);
    require(made.kind == ResponseKind::executed);
    before = state();
  }
  std::string state() {
    const auto seen = writer.ask(
        RequestKind::query,
        "SELECT (SELECT string_agg(i, ',') FROM t), (SELECT last_value FROM duckdb_sequences()), "
        "(SELECT count(*) FROM duckdb_tables()), (SELECT count(*) FROM duckdb_views()), "
        "(SELECT count(*) FROM duckdb_databases()), current_setting('threads'), "
        "current_setting('memory_limit'), (SELECT count(*) FROM duckdb_logs())");
    require(seen.kind == ResponseKind::rows);
    return std::string(seen.batch.text());
  }
};

bool is_loaded() {
  const auto version = load_api();
  if (!version) std::fprintf(stderr, "skipped: %s\n", version.error().message.c_str());
  return version.has_value();
}

}  // namespace

// DuckDB keeps things from one statement to the next, so libFuzzer suspects a leak after nearly
// every input, runs it again and searches the whole process: 40 ms each. Leaks show at the end all
// the same.
extern "C" int LLVMFuzzerInitialize(int* count, char*** words) {
  static std::vector<char*> all(*words, *words + *count);
  static char no_search[] = "-detect_leaks=0";
  all.insert(all.begin() + 1, no_search);
  all.push_back(nullptr);
  *count += 1;
  *words = all.data();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool has_duckdb = is_loaded();
  if (!has_duckdb || size > 4096) return 0;
  static Setting& setting = *new Setting;  // its threads live as long as the process
  const std::string sql(reinterpret_cast<const char*>(data), size);
  const Response response = setting.reader.ask(RequestKind::query, sql);
  require(response.kind == ResponseKind::rows || response.kind == ResponseKind::failure);
  (void)setting.reader.ask(RequestKind::close_rows, "");
  require(setting.state() == setting.before);
  return 0;
}
