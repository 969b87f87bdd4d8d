#include "packs/sql/transaction.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace hearth::packs::sql {
namespace {

constexpr int most_lives = 6;  // of an engine for one call
constexpr int most_conflicts = 6;

std::unexpected<Error> unknown_outcome() {
  return fail(Errc::outcome_unknown,
              "this was sent before, and nobody can tell whether it was done",
              {"look at the tables before you send it again"});
}

}  // namespace

Result<Executed> in_transaction(Connections& connections,
                                const Target& target,
                                bool may_have_run,
                                const Work& work,
                                const std::function<Result<Executed>(Connection&)>& attempt) {
  int lives = 1;
  int conflicts = 1;
  bool may_be_done = false;  // the engine ended while it worked on it
  for (;;) {
    auto connection = connections.lease(target, work);
    if (connection && may_have_run && !(*connection)->keeps_keys()) return unknown_outcome();
    auto executed = connection ? attempt(**connection)
                               : Result<Executed>(std::unexpected(std::move(connection.error())));
    if (executed) return executed;
    const Error& error = executed.error();
    if (error.code == Errc::engine_restarted) {
      may_be_done = may_be_done || connection.has_value();
      if (lives++ < most_lives) continue;
      if (may_be_done) return unknown_outcome();
    }
    const bool is_conflict = error.code == Errc::conflict && error.message.contains("onflict");
    if (!is_conflict || conflicts == most_conflicts) return executed;
    std::this_thread::sleep_for(std::chrono::milliseconds(1 << conflicts++));
  }
}

}  // namespace hearth::packs::sql
