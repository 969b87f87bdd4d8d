// Queries and writes as the tools ask for them: leases a connection, repeats what an engine's end
// or a conflict has undone, keeps cursors. No JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "packs/sql/connections.hpp"
#include "packs/sql/databases.hpp"

namespace hearth::packs::sql {

// What one call of sql_query gives.
struct Page {
  std::vector<Column> columns;
  Batch rows;
  bool is_truncated = false;
  std::string cursor;  // for the rest; empty: there is none
};

struct PageSize {
  std::size_t rows = 1000;
  std::size_t bytes = std::size_t{1} << 20;
};

// Blocks: on the pack's pool. Any thread.
class Runner final {
 public:
  Runner(Connections& connections, Cursors& cursors)
      : connections_(connections), cursors_(cursors) {}

  // Never holds more than a page. What is left stays open as a cursor, if `keeps_rest`.
  [[nodiscard]] Result<Page> query(const Target& target,
                                   const Statement& statement,
                                   PageSize size,
                                   bool keeps_rest,
                                   const Work& work);
  [[nodiscard]] Result<Page> go_on(const SessionRef& session,
                                   const std::string& cursor,
                                   PageSize size,
                                   const Work& work);
  // Repeats conflicts, a bounded number of times; and what an engine's end has undone, if the
  // database keeps the key.
  [[nodiscard]] Result<Executed> execute(const Target& target,
                                         const std::vector<Statement>& statements,
                                         const Key& key,
                                         bool& may_be_done,
                                         const Work& work);
  // Runs `ask`, Result<T>(Connections::Lease&), which changes nothing, again after an engine's end.
  template <typename Ask>
  [[nodiscard]] auto read(const Target& target, const Work& work, Ask ask)
      -> decltype(ask(std::declval<Connections::Lease&>()));

 private:
  static constexpr int most_lives = 6;  // of an engine for one call

  [[nodiscard]] Result<Page> page_of(
      const SessionRef& session, OpenQuery query, PageSize size, bool keeps_rest, const Work& work);

  Connections& connections_;
  Cursors& cursors_;
};

// ---- Implementation ---------------------------------------------------------------------------

template <typename Ask>
auto Runner::read(const Target& target, const Work& work, Ask ask)
    -> decltype(ask(std::declval<Connections::Lease&>())) {
  for (int life = 1;; ++life) {
    auto connection = connections_.lease(target, work);
    decltype(ask(std::declval<Connections::Lease&>())) answer =
        connection ? ask(*connection) : std::unexpected(std::move(connection.error()));
    const bool is_again =
        !answer && answer.error().code == Errc::engine_restarted && life < most_lives;
    if (!is_again) return answer;
  }
}

}  // namespace hearth::packs::sql
