#include "packs/sql/engine/duckdb_connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds progress_every{1000};
// An interrupt may come between two statements of the same request, where DuckDB forgets it.
constexpr milliseconds interrupt_every{50};
// How long it may take to notice. Then the caller is let go, and the process has to show that it
// is alive.
constexpr milliseconds interrupt_grace{2000};

}  // namespace

class SocketConnection::SocketRows final : public Rows {
 public:
  SocketRows(SocketConnection& connection, Response first)
      : connection_(connection),
        columns_(std::move(first.columns)),
        first_(std::move(first.batch)),
        is_done_(first.is_at_end) {}
  ~SocketRows() override {
    if (is_done_ || !connection_.is_alive_) return;
    (void)connection_.exchange({.kind = RequestKind::close_rows}, {});
  }

  [[nodiscard]] const std::vector<Column>& columns() const override { return columns_; }
  [[nodiscard]] bool is_at_end() const override { return is_done_ && taken_ == first_.rows(); }
  [[nodiscard]] Result<Batch> next(std::size_t most_rows,
                                   std::size_t most_bytes,
                                   const Work& work) override;

 private:
  SocketConnection& connection_;
  const std::vector<Column> columns_;
  Batch first_;            // came with the answer to the query
  std::size_t taken_ = 0;  // rows of it
  bool is_done_;           // the other end has no more
};

Result<Batch> SocketConnection::SocketRows::next(std::size_t most_rows,
                                                 std::size_t most_bytes,
                                                 const Work& work) {
  if (taken_ == 0 && first_.rows() <= most_rows && first_.rows() > 0) {
    taken_ = 0;
    return std::exchange(first_, Batch(columns_.size()));
  }
  if (taken_ < first_.rows()) {
    Batch some(columns_.size());
    for (; taken_ < first_.rows() && some.rows() < most_rows; ++taken_) {
      if (some.rows() > 0 && some.bytes() >= most_bytes) break;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Batch::View cell = first_.at(taken_, i);
        some.add(cell.kind, cell.text);
      }
    }
    return some;
  }
  if (is_done_) return Batch(columns_.size());
  auto response = connection_.exchange(
      {.kind = RequestKind::fetch, .most_rows = most_rows, .most_bytes = most_bytes}, work);
  if (!response) {
    is_done_ = true;
    return std::unexpected(std::move(response.error()));
  }
  is_done_ = response->is_at_end;
  return std::move(response->batch);
}

SocketConnection::SocketConnection(std::shared_ptr<Child> child,
                                   std::shared_ptr<Crashes> crashes,
                                   Child::Opened opened,
                                   const InstanceSpec& home)
    : child_(std::move(child)),
      crashes_(std::move(crashes)),
      socket_(std::move(opened.socket)),
      id_(opened.connection),
      keeps_keys_(home.keeps_keys),
      attached_(home.keeps_keys ? "" : home.path) {}

Error SocketConnection::lost() const {
  return {.code = Errc::engine_restarted,
          .message = "the DuckDB process ended while it worked on this; nothing was changed",
          .suggestions = {"send it again"}};
}

// What ends it each time would end it for all others each time, too.
Error SocketConnection::ended(const Request& request, Error error) {
  child_->expect_end();
  if (request.statements.empty() || !child_->has_crashed()) return error;
  std::string what;
  for (const Statement& each : request.statements) what += each.sql + ";";
  if (!crashes_->is_repeated(fingerprint_hex(what))) return error;
  return {.code = Errc::internal,
          .message = "the DuckDB process ends each time it works on this: " + error.message,
          .suggestions = {"write it in another way, or leave out what it reads"}};
}

Result<Response> SocketConnection::exchange(const Request& request, const Work& work) {
  if (work.stop.stop_requested()) return fail(Errc::cancelled, "cancelled before it began");
  ++requests_;
  const std::stop_callback stopped(work.stop, [this] { interrupt(); });
  auto response = send_frame(socket_.get(), encode(request)) ? wait(work) : std::unexpected(lost());
  if (!response) {
    is_alive_ = false;
    if (response.error().code == Errc::engine_restarted)
      return std::unexpected(ended(request, std::move(response.error())));
    return response;
  }
  if (response->kind != ResponseKind::failure) {
    has_served_ = true;
    if (!file_ && !attached_.empty()) file_ = identity_at(attached_);
    return response;
  }
  Error error = std::move(response->error);
  if (error.code == Errc::engine_restarted) {
    is_alive_ = false;
    error = ended(request, std::move(error));
  }
  const bool is_late = work.deadline && std::chrono::steady_clock::now() >= *work.deadline;
  if (error.code == Errc::cancelled && !work.stop.stop_requested() && is_late) {
    error = {Errc::timed_out,
             "it took longer than its time limit and was interrupted; nothing was changed",
             {"give a longer timeout, or make it smaller"}};
  }
  return std::unexpected(std::move(error));
}

void SocketConnection::interrupt() const {
  child_->send({.kind = ControlKind::interrupt, .connection = id_, .request = requests_});
}

// Where the database cannot be opened, the other end says so once and closes.
bool SocketConnection::is_alive() const {
  if (!is_alive_ || has_served_) return is_alive_;
  char next = 0;
  return ::recv(socket_.get(), &next, sizeof next, MSG_PEEK | MSG_DONTWAIT) != 0;
}

Result<Response> SocketConnection::wait(const Work& work) {
  std::optional<MonotonicTime> interrupted;
  auto next_look = std::chrono::steady_clock::now() + progress_every;
  for (;;) {
    auto frame = receive_frame(socket_.get(), work.deadline && !interrupted
                                                  ? std::min(next_look, *work.deadline)
                                                  : next_look);
    if (!frame) return std::unexpected(lost());
    if (*frame) {
      auto response = decode_response(**frame);
      if (!response || response->kind != ResponseKind::progress) return response;
      if (work.progress) work.progress(response->done);
      continue;
    }
    const auto now = std::chrono::steady_clock::now();
    const bool is_late = work.deadline && now >= *work.deadline;
    if (!is_late && !work.stop.stop_requested()) {
      child_->send({.kind = ControlKind::ask_progress, .connection = id_});
      next_look = now + progress_every;
      continue;
    }
    if (!interrupted) interrupted = now;
    interrupt();
    next_look = now + interrupt_every;
    if (now - *interrupted < interrupt_grace) continue;
    (void)child_->check(interrupt_grace);
    return fail(is_late ? Errc::timed_out : Errc::cancelled,
                "it could not be interrupted in time; its connection was given up");
  }
}

Result<void> SocketConnection::check_file() {
  if (!file_ || identity_at(attached_) == file_) return {};
  is_alive_ = false;  // the next connection sees what is there now
  return fail(Errc::not_found,
              "the file " + attached_ + " was moved, removed or replaced; nothing was changed",
              {"sql_detach it, and sql_attach the file where it is now"});
}

Result<std::unique_ptr<Rows>> SocketConnection::query(const Statement& statement,
                                                      const Prefetch& prefetch,
                                                      const Work& work) {
  auto response = exchange({.kind = RequestKind::query,
                            .statements = {statement},
                            .most_rows = prefetch.rows,
                            .most_bytes = prefetch.bytes},
                           work);
  if (!response) return std::unexpected(with_suggestions(std::move(response.error()), work));
  return std::make_unique<SocketRows>(*this, std::move(*response));
}

Result<Executed> SocketConnection::execute(const std::vector<Statement>& statements,
                                           const std::optional<Key>& key,
                                           const Work& work) {
  if (auto same = check_file(); !same) return std::unexpected(std::move(same.error()));
  auto response =
      exchange({.kind = RequestKind::execute, .statements = statements, .key = key}, work);
  if (response) return std::move(response->executed);
  // Who repeats it under its key learns whether it was committed; whoever has no more time does
  // not.
  const bool is_given_up = response.error().code != Errc::engine_restarted;
  const bool is_unclear = !is_alive_ && (is_given_up || !(key && keeps_keys_));
  if (!is_unclear) return std::unexpected(with_suggestions(std::move(response.error()), work));
  return fail(Errc::outcome_unknown,
              is_given_up ? "the engine did not stop in time; it may or may not commit this"
                          : "the engine ended while it worked on this; it may or may not have been "
                            "committed",
              {"look at the tables before you send it again"});
}

Result<std::string> SocketConnection::explain(const Statement& statement,
                                              bool analyze,
                                              const Work& work) {
  auto response =
      exchange({.kind = RequestKind::explain, .statements = {statement}, .analyze = analyze}, work);
  if (!response) return std::unexpected(std::move(response.error()));
  std::string plan;
  const Batch& rows = response->batch;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    plan += rows.at(i, rows.columns() - 1).text;
    if (!plan.ends_with('\n')) plan.push_back('\n');
  }
  return plan;
}

Result<Batch> SocketConnection::rows_of(Statement statement, const Work& work) {
  auto response = exchange({.kind = RequestKind::query,
                            .statements = {std::move(statement)},
                            .most_rows = 100'000,
                            .most_bytes = std::size_t{16} << 20,
                            .is_trusted = true},
                           work);
  if (!response) return std::unexpected(std::move(response.error()));
  return std::move(response->batch);
}

}  // namespace hearth::packs::sql::duckdb
