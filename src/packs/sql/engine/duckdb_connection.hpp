// A connection to the DuckDB process.
#pragma once

#include <memory>
#include <string>

#include "packs/sql/engine/duckdb_child.hpp"
#include "packs/sql/engine/engine.hpp"
#include "packs/sql/engine/file_identity.hpp"

namespace hearth::packs::sql::duckdb {

class SocketConnection final : public Connection {
 public:
  // `home` is the database it was opened for.
  SocketConnection(std::shared_ptr<Child> child,
                   std::shared_ptr<Crashes> crashes,
                   Child::Opened opened,
                   const InstanceSpec& home);

  [[nodiscard]] Result<std::unique_ptr<Rows>> query(const Statement& statement,
                                                    const Prefetch& prefetch,
                                                    const Work& work) override;
  [[nodiscard]] Result<Executed> execute(const std::vector<Statement>& statements,
                                         const std::optional<Key>& key,
                                         const Work& work) override;
  [[nodiscard]] Result<std::string> explain(const Statement& statement,
                                            bool analyze,
                                            const Work& work) override;
  [[nodiscard]] Result<std::vector<TableInfo>> tables(const Work& work) override;
  [[nodiscard]] Result<TableDetail> describe(const std::string& name, const Work& work) override;
  [[nodiscard]] bool keeps_keys() const override { return keeps_keys_; }
  [[nodiscard]] bool is_alive() const override;

 private:
  class SocketRows;
  // Sends a request and waits for its answer; a failure comes back as the error it is.
  [[nodiscard]] Result<Response> exchange(const Request& request, const Work& work);
  [[nodiscard]] Result<Response> wait(const Work& work);
  void interrupt() const;  // the latest request, if it still runs. Any thread.
  [[nodiscard]] Error lost() const;
  // The error, with the nearest of the user's tables where one is missing: DuckDB's own guess may
  // be a table of its system.
  [[nodiscard]] Error with_suggestions(Error error, const Work& work);
  // All rows of a query of ours.
  [[nodiscard]] Result<Batch> rows_of(Statement statement, const Work& work);

  // What is said of a request that the process did not survive.
  [[nodiscard]] Error ended(const Request& request, Error error);

  const std::shared_ptr<Child> child_;
  const std::shared_ptr<Crashes> crashes_;
  const UniqueFd socket_;
  const std::uint64_t id_;
  // `not_found` when the path names another file than it did, or none: what is committed now would
  // go where nobody looks for it.
  [[nodiscard]] Result<void> check_file();

  const bool keeps_keys_;
  const std::string attached_;        // the file's path; empty: the database is hearth's own
  std::optional<FileIdentity> file_;  // once it is known
  std::uint64_t requests_ = 0;        // sent
  bool is_alive_ = true;
  bool has_served_ = false;  // else its database may be one that cannot be opened
};

}  // namespace hearth::packs::sql::duckdb
