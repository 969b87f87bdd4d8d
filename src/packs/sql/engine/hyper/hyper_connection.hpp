// A connection to one .hyper file, as the pack uses it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packs/sql/engine/engine.hpp"
#include "packs/sql/engine/hyper/hyper_database.hpp"
#include "packs/sql/engine/hyper/hyper_server.hpp"
#include "packs/sql/engine/pg/cells.hpp"
#include "packs/sql/engine/pg/link.hpp"
#include "packs/sql/engine/pg/row_buffer.hpp"

namespace hearth::packs::sql::hyper {

class HyperConnection final : public sql::Connection, private Holder {
 public:
  // `database` exists; `alias` is its name in SQL.
  [[nodiscard]] static Result<std::unique_ptr<HyperConnection>> open(
      HyperServer& server,
      std::shared_ptr<HyperDatabase> database,
      std::string alias,
      Access access,
      const Work& work);
  ~HyperConnection() override;

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
  [[nodiscard]] bool keeps_keys() const override { return true; }
  [[nodiscard]] bool is_alive() const override { return link_->is_alive(); }

 private:
  class ResultRows;

  HyperConnection(HyperServer& server,
                  std::shared_ptr<HyperDatabase> database,
                  std::string alias,
                  Access access,
                  std::unique_ptr<pg::Link> link);
  void let_go() override;
  [[nodiscard]] Result<void> attach(const Work& work);
  [[nodiscard]] Result<void> attach_file(const std::string& path, const Work& work);
  [[nodiscard]] Result<void> detach();
  void roll_back();
  // Inside: rolls back, and adds to `error` what only the catalog knows.
  [[nodiscard]] Error failed(Error error, const Work& work);
  [[nodiscard]] Result<std::vector<TableInfo>> list_tables(const Work& work);
  [[nodiscard]] Result<void> describe_columns(TableDetail& detail, const Work& work);

  // What is done with the turn (hyper_writes.cpp).
  using Change = std::function<Result<Executed>()>;  // what the caller wants, on link_
  [[nodiscard]] Result<Executed> change(const std::vector<Statement>& statements,
                                        const std::optional<Key>& key,
                                        const Change& change,
                                        const Work& work);
  [[nodiscard]] Result<Executed> change_in_place(const Change& change,
                                                 const std::optional<Key>& key,
                                                 HyperDatabase::Turn& turn,
                                                 const Work& work);
  [[nodiscard]] Result<Executed> change_a_copy(const Change& change,
                                               const std::optional<Key>& key,
                                               HyperDatabase::Turn& turn,
                                               const Work& work);
  // To the row that names `commit`. A transaction is rolled back when it fails or was done before.
  [[nodiscard]] Result<Executed> run(const Change& change,
                                     const std::optional<Key>& key,
                                     const std::string& commit,
                                     const Work& work);
  [[nodiscard]] Result<void> run_all(const std::vector<Statement>& statements,
                                     Executed& executed,
                                     const Work& work);
  [[nodiscard]] Result<std::int64_t> run_to_end(const std::string& text, const Work& work);
  [[nodiscard]] Result<void> prepare(const Work& work);
  [[nodiscard]] Result<std::optional<Executed>> find_key(const Key& key, const Work& work);
  [[nodiscard]] Result<void> mark(const std::string& commit,
                                  const std::optional<Key>& key,
                                  const Executed& executed,
                                  const Work& work);
  [[nodiscard]] Result<void> commit_to_disk(const std::string& path, const std::string& commit);
  [[nodiscard]] Result<bool> is_on_disk(const std::string& path,
                                        const std::string& commit,
                                        const Work& work);

  HyperServer& server_;
  const HyperServer::Lease lease_;
  const std::shared_ptr<HyperDatabase> database_;
  const std::string alias_;
  const Access access_;
  std::unique_ptr<pg::Link> link_;
  const pg::TypeBook types_;
  bool is_attached_ = false;
  ResultRows* open_rows_ = nullptr;  // a result that is not read to its end
};

}  // namespace hearth::packs::sql::hyper
