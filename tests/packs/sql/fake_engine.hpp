// An engine without a database, which fails as it is told.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "packs/sql/engine/engine.hpp"

namespace hearth::packs::sql::test {

struct FakeState {
  std::deque<Errc> failures;  // of the next queries and writes
  int connections = 0;        // made
  int executed = 0;
  bool keeps_keys = true;
  std::vector<std::string> keys;  // of the writes that were tried
};

class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(FakeState& state) : state_(state) {}
  [[nodiscard]] std::string_view kind() const override { return "fake"; }
  [[nodiscard]] Capabilities capabilities() const override { return {}; }
  [[nodiscard]] Result<std::unique_ptr<Connection>> connect(const DatabaseRef&,
                                                            const SessionRef&,
                                                            const Work&) override {
    ++state_.connections;
    return std::make_unique<FakeConnection>(state_);
  }
  void stop() override {}
  [[nodiscard]] EngineStatus status() const override { return {}; }

 private:
  // Ten rows of one number.
  class FakeRows final : public Rows {
   public:
    [[nodiscard]] const std::vector<Column>& columns() const override { return columns_; }
    [[nodiscard]] Result<Batch> next(std::size_t most_rows, std::size_t, const Work&) override {
      Batch batch(1);
      for (; next_ < 10 && batch.rows() < most_rows; ++next_) {
        batch.add(CellKind::integer, std::to_string(next_));
      }
      return batch;
    }
    [[nodiscard]] bool is_at_end() const override { return next_ == 10; }

   private:
    std::vector<Column> columns_{{"n", "INTEGER"}};
    int next_ = 0;
  };

  class FakeConnection final : public Connection {
   public:
    explicit FakeConnection(FakeState& state) : state_(state) {}
    [[nodiscard]] Result<std::unique_ptr<Rows>> query(const Statement&,
                                                      const Prefetch&,
                                                      const Work&) override {
      if (auto failed = next_failure(); !failed) return std::unexpected(failed.error());
      return std::make_unique<FakeRows>();
    }
    [[nodiscard]] Result<Executed> execute(const std::vector<Statement>&,
                                           const std::optional<Key>& key,
                                           const Work&) override {
      state_.keys.push_back(key ? key->id : "");
      if (auto failed = next_failure(); !failed) return std::unexpected(failed.error());
      ++state_.executed;
      return Executed{.rows_affected = {1}};
    }
    [[nodiscard]] Result<std::string> explain(const Statement&, bool, const Work&) override {
      return "plan";
    }
    [[nodiscard]] Result<std::vector<TableInfo>> tables(const Work&) override {
      return std::vector<TableInfo>();
    }
    [[nodiscard]] Result<TableDetail> describe(const std::string&, const Work&) override {
      return TableDetail();
    }
    [[nodiscard]] bool keeps_keys() const override { return state_.keeps_keys; }
    [[nodiscard]] bool is_alive() const override { return is_alive_; }

   private:
    Result<void> next_failure() {
      if (state_.failures.empty()) return {};
      const Errc code = state_.failures.front();
      state_.failures.pop_front();
      if (code == Errc::engine_restarted) is_alive_ = false;
      return fail(code, "Conflict, or so");
    }
    FakeState& state_;
    bool is_alive_ = true;
  };

  FakeState& state_;
};

}  // namespace hearth::packs::sql::test
