// A connection to a PostgreSQL server, as the pack uses it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "packs/sql/engine/engine.hpp"
#include "packs/sql/engine/pg/cells.hpp"
#include "packs/sql/engine/pg/link.hpp"

namespace hearth::packs::sql::pg {

class PostgresConnection final : public sql::Connection {
 public:
  // `options` with a password, if one is needed.
  [[nodiscard]] static Result<std::unique_ptr<PostgresConnection>> open(Options options,
                                                                        Access access,
                                                                        const Work& work);

  [[nodiscard]] Result<std::unique_ptr<Rows>> query(const Statement& statement,
                                                    const Prefetch& prefetch,
                                                    const Work& work) override;
  [[nodiscard]] Result<Executed> execute(const std::vector<Statement>& statements,
                                         const std::optional<Key>& key,
                                         const Work& work) override;
  [[nodiscard]] Result<Executed> insert(const BulkInsert& rows, const Work& work) override;
  [[nodiscard]] Result<std::string> explain(const Statement& statement,
                                            bool analyze,
                                            const Work& work) override;
  [[nodiscard]] Result<std::vector<TableInfo>> tables(const Work& work) override;
  [[nodiscard]] Result<TableDetail> describe(const std::string& name, const Work& work) override;
  // The server is somebody's: hearth makes no tables of its own there.
  [[nodiscard]] bool keeps_keys() const override { return false; }
  [[nodiscard]] bool is_alive() const override { return link_->is_alive() && !is_spent_; }

  [[nodiscard]] std::string version() const;

 private:
  class CursorRows;

  PostgresConnection(Options options, Access access, std::unique_ptr<Link> link);
  [[nodiscard]] static Result<std::unique_ptr<Link>> open_link(const Options& options,
                                                               Access access,
                                                               const Work& work);
  // "READ ONLY" or "READ WRITE".
  [[nodiscard]] Result<void> begin(std::string_view mode, const Work& work);
  void roll_back();
  void wipe();
  // Rolls back, and adds to `error` what only the catalog knows.
  [[nodiscard]] Error failed(Error error, std::string_view first_word, const Work& work);
  [[nodiscard]] Result<std::unique_ptr<Rows>> show(const Statement& statement, const Work& work);
  [[nodiscard]] Result<void> learn_types(const Answer& description, const Work& work);
  [[nodiscard]] Result<std::set<Oid>> learn(const std::set<Oid>& unknown, const Work& work);
  [[nodiscard]] Result<std::vector<Type::Field>> fields_of(const std::string& relation,
                                                           const Work& work);

  [[nodiscard]] Result<void> check_writable(const std::vector<Statement>& statements) const;
  // Inside a transaction; rolls it back when one fails.
  [[nodiscard]] Result<void> run_all(const std::vector<Statement>& statements,
                                     Executed& executed,
                                     const Work& work);
  [[nodiscard]] Result<std::int64_t> run_to_end(const Statement& statement, const Work& work);
  [[nodiscard]] Result<void> commit(const Work& work);
  [[nodiscard]] Result<std::string> transaction_id(const Work& work);
  [[nodiscard]] static Result<std::string> incarnation_of(Link& link, const Work& work);
  [[nodiscard]] Result<void> find_outcome(const std::string& transaction, Error lost);

  [[nodiscard]] Result<void> describe_columns(TableDetail& detail,
                                              const std::string& oid,
                                              const Work& work);
  [[nodiscard]] Result<std::vector<std::string>> texts(const char* sql,
                                                       const std::string& oid,
                                                       const Work& work);

  const Options options_;
  const Access access_;
  std::unique_ptr<Link> link_;
  TypeBook types_;
  bool has_traces_ = false;  // the transaction at hand may change the server's session
  bool is_spent_ = false;    // it did, and nothing could undo it
  std::optional<std::string> incarnation_;  // of the server; empty: it cannot tell (see commit())
};

}  // namespace hearth::packs::sql::pg
