#include "packs/sql/runner.hpp"

#include <utility>

#include "packs/sql/transaction.hpp"

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
                                 bool& may_be_done,
                                 const Work& work) {
  return in_transaction(connections_, target, key, may_be_done, work, [&](Connection& connection) {
    return connection.execute(statements, key, work);
  });
}

}  // namespace hearth::packs::sql
