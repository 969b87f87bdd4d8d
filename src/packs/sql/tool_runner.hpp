// How the tools of the pack run: on threads of the pack's own, with the caller's limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/guarded.hpp"
#include "io/pool.hpp"
#include "mcp/binder.hpp"
#include "packs/sql/connections.hpp"
#include "packs/sql/databases.hpp"
#include "packs/sql/drop_folders.hpp"
#include "packs/sql/imports.hpp"
#include "packs/sql/notebook.hpp"
#include "packs/sql/runner.hpp"
#include "packs/sql/session_shares.hpp"
#include "packs/sql/transaction.hpp"
#include "packs/sql/transfer/sql_text.hpp"
#include "packs/sql/writer_lanes.hpp"

namespace hearth::packs::sql {

// Whose scratch and attachments a caller uses. A command is a session of its own each time, so all
// that are given in one directory share theirs.
[[nodiscard]] std::string session_id(const pack::Caller& caller);

// How a table was loaded, for the catalog.
struct LoadCall {
  std::string_view tool;
  std::string parameters;  // JSON
};

// How long a call may take. It begins when this is made, so that a call waits within its time, too.
struct TimeLimit {
  // 0 or less: none.
  explicit TimeLimit(std::int64_t seconds)
      : ends(seconds > 0
                 ? std::optional(std::chrono::steady_clock::now() + std::chrono::seconds(seconds))
                 : std::nullopt) {}
  std::optional<MonotonicTime> ends;
};

// `start` before the first call. Members are for the loop thread unless they say otherwise.
class ToolRunner final {
 public:
  ToolRunner() = default;
  void start(pack::PackContext& context);
  // Finishes what runs. Any thread.
  void stop();

  [[nodiscard]] Databases& databases() { return databases_; }
  [[nodiscard]] const Databases& databases() const { return databases_; }
  [[nodiscard]] Connections& connections() { return connections_; }
  [[nodiscard]] Cursors& cursors() { return cursors_; }
  [[nodiscard]] Runner& runner() { return runner_; }  // its members: any thread
  [[nodiscard]] const Imports& imports() const { return imports_; }
  [[nodiscard]] const DropFolders& drop_folders() const { return drop_folders_; }
  [[nodiscard]] Imports& imports() { return imports_; }                // its members: any thread
  [[nodiscard]] Notebooks& notebooks() { return notebooks_; }          // its members: any thread
  [[nodiscard]] DropFolders& drop_folders() { return drop_folders_; }  // its members: any thread
  [[nodiscard]] WallTime now() const { return context_->clock().wall(); }  // any thread
  // Attaches and detaches, also for the session after an end of hearthd. Block; on the pool.
  [[nodiscard]] Result<void> attach(const SessionRef& session, const Attachment& attachment);
  [[nodiscard]] Result<void> detach(const SessionRef& session, const std::string& alias);
  // The session does not use it, any more or after all: closes what it has open of it, and the
  // file itself with its last user. On the pool.
  void let_go(const SessionRef& session, const Attachment& attachment);
  // What sessions of a namespace had attached when hearthd ended; their ids. Before they come back.
  [[nodiscard]] std::vector<std::string> restore_attachments(const std::string& name_space);
  // The session has gone for good. Its calls, should it come back all the same, wait from the first
  // until the second is done, and find a new scratch. The second blocks. Any thread.
  void begin_forgetting(const SessionRef& session);
  void forget(const SessionRef& session);
  // Tells the clients that rows have changed there, or (`is_list`) tables come or gone. Any thread.
  void data_changed(const Target& target, bool is_list = true) const;
  // The same of saved queries and what else the notebook holds.
  void notes_changed(const std::string& name_space, bool is_list) const;
  // Keeps in the catalog how a table was last loaded. Blocks; on the pool, or the watcher's thread.
  void note_load(const Target& target,
                 const TableName& table,
                 const LoadCall& by,
                 std::int64_t rows);
  [[nodiscard]] const std::optional<std::string>& store_owner() const {
    return context_->store_owner();
  }

  [[nodiscard]] SessionRef session_of(const pack::Call& call) const;
  // A file that a call names, as a path that it may touch: to be read in the caller's project and
  // the roots of the configuration, to be written in the project; and a folder of it whose files
  // are moved.
  [[nodiscard]] Result<std::string> file_to_read(const pack::Call& call,
                                                 const std::string& asked) const;
  [[nodiscard]] Result<std::string> file_to_write(const pack::Call& call,
                                                  const std::string& asked) const;
  [[nodiscard]] Result<std::string> folder_to_change(const pack::Call& call,
                                                     const std::string& asked) const;
  // The database a call names; else scratch for a bridge's session, persistent for all others.
  [[nodiscard]] Result<Target> target_of(const pack::Call& call,
                                         const std::optional<std::string>& database,
                                         Access access) const;
  // With the call's stop token and progress. Any thread.
  [[nodiscard]] static Work work_of(const pack::Call& call, const TimeLimit& limit);
  // The key of a write: the caller's own, the transport's, or one that only serves repetitions.
  [[nodiscard]] static Key key_of(const pack::Call& call,
                                  const std::optional<std::string>& own,
                                  const std::string& request);
  // read_only, unless this call may write.
  [[nodiscard]] Result<void> check_writable(const pack::Call& call) const;

  // Runs job(call) on the pack's pool, a few of a session at once; `busy` when too many wait,
  // `timed_out` when its turn comes behind the limit.
  template <typename Job>
  void on_pool(pack::Call call, const TimeLimit& limit, Job job);
  template <typename Job>
  void on_pool(pack::Call call, Job job) {
    on_pool(std::move(call), TimeLimit(0), std::move(job));
  }
  // The same when those who write to `target` before have run.
  template <typename Job>
  void in_turn(const Target& target, pack::Call call, const TimeLimit& limit, Job job);

 private:
  // For this many sessions that run all they may at once, readers and writers.
  static constexpr std::size_t most_threads = 8 * 2 * SessionShares::most_running;
  static constexpr std::size_t most_queued = 1024;

  [[nodiscard]] static std::string share_of(const pack::Call& call) {
    return call.caller().name_space + "/" + session_id(call.caller());
  }
  [[nodiscard]] static Result<void> check_in_time(const TimeLimit& limit);
  void wait_until_forgotten(const pack::Call& call);
  void forget_attachments(const SessionRef& session);

  pack::PackContext* context_ = nullptr;
  Databases databases_;
  Connections connections_{databases_};
  Cursors cursors_;
  Imports imports_;
  Notebooks notebooks_;
  Runner runner_{connections_, cursors_};
  io::Pool pool_{"hearth-sql", most_threads, most_queued};
  WriterLanes lanes_{pool_};
  SessionShares shares_;
  Guarded<std::set<std::string>> forgetting_;  // "namespace/session"
  DropFolders drop_folders_;
};

// ---- Implementation ---------------------------------------------------------------------------

template <typename Job>
void ToolRunner::on_pool(pack::Call call, const TimeLimit& limit, Job job) {
  const std::string share = share_of(call) + "/readers";
  shares_.submit(
      share,
      [this, call = std::move(call), limit, job = std::move(job)](Result<void> runs) mutable {
        if (runs) runs = check_in_time(limit);
        if (!runs) return call.answer(std::unexpected(std::move(runs.error())));
        wait_until_forgotten(call);
        job(std::move(call));
      },
      [this](std::move_only_function<void()> run) { return pool_.submit(std::move(run)); });
}

template <typename Job>
void ToolRunner::in_turn(const Target& target, pack::Call call, const TimeLimit& limit, Job job) {
  const DatabaseRef& database = target.database;
  const std::string owner = database.alias == "scratch" ? target.session.id : std::string();
  const std::string lane = target.session.name_space + "/" + owner + "/" +
                           (database.location.empty() ? database.alias : database.location);
  // Apart from the readers: they do not wait for who holds the database.
  const std::string share = share_of(call) + "/writers";
  shares_.submit(
      share,
      [this, call = std::move(call), limit, job = std::move(job)](Result<void> runs) mutable {
        if (runs) runs = check_in_time(limit);
        if (runs) {
          wait_until_forgotten(call);
          return job(std::move(call));
        }
        const bool is_resend = call.is_resend();
        call.answer(std::unexpected(in_doubt(std::move(runs.error()), is_resend)));
      },
      [this, lane](std::move_only_function<void()> run) {
        return lanes_.submit(lane, std::move(run));
      });
}

}  // namespace hearth::packs::sql
