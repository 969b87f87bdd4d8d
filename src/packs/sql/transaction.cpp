#include "packs/sql/transaction.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace hearth::packs::sql {
namespace {

constexpr int most_lives = 6;  // of an engine for one call
constexpr int most_conflicts = 6;

// Errors that say nothing of the request itself: the engine may not even have seen it.
bool is_about_engine(Errc code) {
  static constexpr std::array codes{Errc::engine_restarted, Errc::unavailable, Errc::timed_out,
                                    Errc::cancelled,        Errc::busy,        Errc::io,
                                    Errc::internal,         Errc::draining};
  return std::ranges::find(codes, code) != codes.end();
}

}  // namespace

Error in_doubt(Error error, bool may_be_done) {
  if (!may_be_done || error.code == Errc::outcome_unknown) return error;
  return {Errc::outcome_unknown,
          "this was sent before, and whether it was done could not be found out: " + error.message,
          {"look at what is there before you send it again"}};
}

Result<Executed> in_transaction(Connections& connections,
                                const Target& target,
                                const std::optional<Key>& key,
                                bool& may_be_done,
                                const Work& work,
                                const std::function<Result<Executed>(Connection&)>& attempt) {
  int lives = 1;
  int conflicts = 1;
  for (;;) {
    auto connection = connections.lease(target, work);
    if (connection && key && key->is_callers && !(*connection)->keeps_keys()) {
      return fail(Errc::unsupported,
                  "params.key: database " + target.database.alias +
                      " keeps no keys, so that a repetition would be applied again",
                  {"leave key out, and look at what is there before you send it again",
                   "scratch, persistent and Hyper files keep keys"});
    }
    if (connection && may_be_done && !(*connection)->keeps_keys())
      return fail(Errc::outcome_unknown, "this server keeps no keys of what it has done");
    auto executed = connection ? attempt(**connection)
                               : Result<Executed>(std::unexpected(std::move(connection.error())));
    if (executed) return executed;
    const Error& error = executed.error();
    if (error.code == Errc::engine_restarted) {
      may_be_done = may_be_done || (connection && (*connection)->keeps_keys());
      if (lives++ < most_lives) continue;
      return executed;
    }
    // The engine has looked for the key before it refused what it was asked for.
    if (connection && !is_about_engine(error.code)) may_be_done = false;
    const bool is_conflict = error.code == Errc::conflict && error.message.contains("onflict");
    if (!is_conflict || conflicts == most_conflicts) return executed;
    std::this_thread::sleep_for(std::chrono::milliseconds(1 << conflicts++));
  }
}

}  // namespace hearth::packs::sql
