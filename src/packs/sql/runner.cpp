#include "packs/sql/runner.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace hearth::packs::sql {

Result<Page> Runner::page_of(
    const SessionRef& session, OpenQuery query, PageSize size, bool keeps_rest, const Work& work) {
  auto rows = query.rows->next(size.rows, size.bytes, work);
  if (!rows) return std::unexpected(std::move(rows.error()));
  Page page{.columns = query.rows->columns(), .rows = std::move(*rows)};
  page.is_truncated = !query.rows->is_at_end();
  if (page.is_truncated && keeps_rest) page.cursor = cursors_.keep(session, std::move(query));
  return page;
}

Result<Page> Runner::query(const Target& target,
                           const Statement& statement,
                           PageSize size,
                           bool keeps_rest,
                           const Work& work) {
  for (int life = 1;; ++life) {
    auto connection = connections_.lease(target, work);
    if (!connection) return std::unexpected(std::move(connection.error()));
    auto rows = (*connection)->query(statement, {.rows = size.rows, .bytes = size.bytes}, work);
    if (rows) {
      return page_of(target.session, {std::move(*connection), std::move(*rows)}, size, keeps_rest,
                     work);
    }
    const bool is_again = rows.error().code == Errc::engine_restarted && life < most_lives;
    if (!is_again) return std::unexpected(std::move(rows.error()));
  }
}

Result<Page> Runner::go_on(const SessionRef& session,
                           const std::string& cursor,
                           PageSize size,
                           const Work& work) {
  auto query = cursors_.take(session, cursor);
  if (!query) return std::unexpected(std::move(query.error()));
  return page_of(session, std::move(*query), size, true, work);
}

Result<Executed> Runner::execute(const Target& target,
                                 const std::vector<Statement>& statements,
                                 const Key& key,
                                 bool may_have_run,
                                 const Work& work) {
  int lives = 1;
  int conflicts = 1;
  for (;;) {
    auto connection = connections_.lease(target, work);
    if (!connection) return std::unexpected(std::move(connection.error()));
    if (may_have_run && !(*connection)->keeps_keys()) {
      return fail(Errc::outcome_unknown,
                  "this was sent before, and the database keeps no record of whether it was done",
                  {"look at the tables before you send it again"});
    }
    auto executed = (*connection)->execute(statements, key, work);
    if (executed) return executed;
    Error error = std::move(executed.error());
    if (error.code == Errc::engine_restarted && lives++ < most_lives) continue;
    const bool is_conflict = error.code == Errc::conflict && error.message.contains("onflict");
    if (!is_conflict || conflicts == most_conflicts) return std::unexpected(std::move(error));
    std::this_thread::sleep_for(std::chrono::milliseconds(1 << conflicts++));
  }
}

}  // namespace hearth::packs::sql
