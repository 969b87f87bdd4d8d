// Loads that run, and the last ones that have run: what sql_import_status tells. Kept in memory
// only: what a load has done is in its table.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/sql/engine/engine.hpp"

namespace hearth::packs::sql {

enum class ImportState : std::uint8_t { running, done, failed };

struct Import {
  std::string id;
  std::string name_space;
  std::string session;
  std::string table;
  std::string database;
  ImportState state = ImportState::running;
  WallTime started;
  std::optional<WallTime> finished = {};
  std::optional<double> done = {};  // 0..1, while it runs
  std::string result = {};          // the answer's JSON text
  std::string error = {};
};

// Any thread.
class Imports final {
 public:
  [[nodiscard]] std::string begin(const SessionRef& session,
                                  const std::string& table,
                                  const std::string& database,
                                  WallTime now);
  void progress(const std::string& id, double done);
  // `outcome`: the answer's JSON text.
  void finish(const std::string& id, const Result<std::string>& outcome, WallTime now);
  // Those of the session, and of others in its namespace those into persistent. The latest first;
  // only that one if `id` is given, `not_found` when it is not known here.
  [[nodiscard]] Result<std::vector<Import>> list(const SessionRef& session,
                                                 const std::optional<std::string>& id) const;
  // Ends what runs without a caller, when the pack leaves.
  [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }
  void stop() { stop_.request_stop(); }
  [[nodiscard]] bool is_running() const;

 private:
  static constexpr std::size_t most_kept = 200;
  mutable Guarded<std::deque<Import>> all_;
  std::stop_source stop_;
};

}  // namespace hearth::packs::sql
