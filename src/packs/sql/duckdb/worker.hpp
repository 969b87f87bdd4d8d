// One connection of the daemon, served by a thread of its own that is confined like its database.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/unique_fd.hpp"
#include "packs/sql/duckdb/cells.hpp"
#include "packs/sql/duckdb/foreign_scan.hpp"
#include "packs/sql/duckdb/gate.hpp"
#include "packs/sql/duckdb/handles.hpp"
#include "packs/sql/duckdb/instances.hpp"
#include "packs/sql/engine/duckdb_protocol.hpp"

namespace hearth::packs::sql::duckdb {

class Worker final {
 public:
  // `open` is the control message that brought `socket`. `instances` outlives it.
  Worker(Instances& instances, Control open, UniqueFd socket);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Serves until the daemon closes the socket. Called once, on an unconfined thread.
  void run();
  // The request of that number, counted from 1, ends soon with `cancelled` if it is the one that
  // runs. Any thread.
  void interrupt(std::uint64_t request);
  // Sends how far the running query is, if one runs and the socket is free. Any thread.
  void tell_progress();

 private:
  // A prepared statement and what was found out about it.
  struct Known {
    std::string sql;
    Prepared prepared;
  };
  // A result that is being read.
  struct Reading {
    QueryResult result;
    Prepared prepared = {};  // the result's, unless known_ has it
    std::vector<Type> types = {};
    std::vector<Column> columns = {};
    Chunk chunk = {};
    std::uint64_t row = 0;  // the next of `chunk`
    bool in_transaction = false;
    Checkpoints::Use use = {};  // while in a transaction
  };

  [[nodiscard]] Result<void> set_up();
  void serve();
  // The next request; memory that was freed goes back to the system when none comes for a while.
  [[nodiscard]] Result<std::optional<std::string>> next_frame();
  [[nodiscard]] Response handle(const Request& request);
  [[nodiscard]] Result<Response> query(const Request& request);
  [[nodiscard]] Result<Response> fetch(const Request& request, bool with_columns);
  [[nodiscard]] Result<Response> execute(const Request& request);
  [[nodiscard]] Result<Response> explain(const Request& request);

  [[nodiscard]] Result<Prepared> prepare_at(const Extracted& all, std::uint64_t index);
  [[nodiscard]] Result<void> start(duckdb_prepared_statement prepared,
                                   const std::vector<Parameter>& parameters);
  [[nodiscard]] Result<void> check_explained(duckdb_prepared_statement prepared,
                                             const std::string& sql);
  [[nodiscard]] Result<void> start_anew(const std::string& sql,
                                        const std::vector<Parameter>& parameters);
  [[nodiscard]] Result<bool> fill(Batch& batch, std::uint64_t most_rows, std::uint64_t most_bytes);
  void stop_reading();
  [[nodiscard]] Result<void> run_uninterrupted(const char* sql);
  void roll_back();
  [[nodiscard]] Result<Executed> run_all(const Request& request);
  [[nodiscard]] Result<void> run_text(const Request& request,
                                      const Statement& statement,
                                      Executed& to);
  [[nodiscard]] Error advised(Error why, std::string_view sql) const;
  [[nodiscard]] Result<std::optional<Executed>> find_key(const Key& key);
  [[nodiscard]] Result<void> keep_key(const Key& key, const Executed& executed);
  void send(const Response& response);

  Instances& instances_;
  const Control open_;
  const UniqueFd socket_;
  Guarded<bool> sending_;  // the lock is what counts: frames leave whole
  SessionView view_;
  std::shared_ptr<Instance> instance_;
  Link link_;
  struct Running {
    duckdb_connection link = nullptr;  // what may be interrupted
    std::uint64_t request = 0;         // the number of the latest
  };
  Guarded<Running> running_;
  bool is_spent_ = false;  // its transaction could not be ended
  std::atomic<bool> is_busy_ = false;
  std::list<Known> known_;  // the latest first
  std::optional<Reading> reading_;
  bool has_freed_ = false;  // the last request may have left much to the allocator
};

}  // namespace hearth::packs::sql::duckdb
