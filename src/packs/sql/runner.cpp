#include "packs/sql/runner.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace hearth::packs::sql {
namespace {

std::unexpected<Error> unknown_outcome() {
  return fail(Errc::outcome_unknown,
              "this was sent before, and nobody can tell whether it was done",
              {"look at the tables before you send it again"});
}

}  // namespace

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
  auto query = read(target, work, [&](Connections::Lease& connection) -> Result<OpenQuery> {
    auto rows = connection->query(statement, {.rows = size.rows, .bytes = size.bytes}, work);
    if (!rows) return std::unexpected(std::move(rows.error()));
    return OpenQuery{std::move(connection), std::move(*rows)};
  });
  if (!query) return std::unexpected(std::move(query.error()));
  return page_of(target.session, std::move(*query), size, keeps_rest, work);
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
  bool may_be_done = false;  // the engine ended while it worked on it
  for (;;) {
    auto connection = connections_.lease(target, work);
    if (connection && may_have_run && !(*connection)->keeps_keys()) return unknown_outcome();
    auto executed = connection ? (*connection)->execute(statements, key, work)
                               : std::unexpected(std::move(connection.error()));
    if (executed) return executed;
    Error error = std::move(executed.error());
    if (error.code == Errc::engine_restarted) {
      may_be_done = may_be_done || connection.has_value();
      if (lives++ < most_lives) continue;
      if (may_be_done) return unknown_outcome();
    }
    const bool is_conflict = error.code == Errc::conflict && error.message.contains("onflict");
    if (!is_conflict || conflicts == most_conflicts) return std::unexpected(std::move(error));
    std::this_thread::sleep_for(std::chrono::milliseconds(1 << conflicts++));
  }
}

}  // namespace hearth::packs::sql
