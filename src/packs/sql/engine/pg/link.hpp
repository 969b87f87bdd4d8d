// A connection that speaks PostgreSQL's protocol, with deadlines and cancellation.
//
// libpq's blocking calls cannot be interrupted, so that this one uses the asynchronous ones and
// waits itself, for the socket and the stop token together. When the token or the deadline says so,
// it sends a cancel request and goes on reading until the server has answered that: the connection
// stays good. A server that does not even answer a cancel is given up after a moment, and the
// connection with it.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "packs/sql/engine/engine.hpp"
#include "packs/sql/engine/pg/libpq.hpp"

namespace hearth::packs::sql::pg {

// What the server answered to one statement, or one row of it.
class Answer final {
 public:
  Answer() = default;
  Answer(const Libpq& pq, PGresult* result) : pq_(&pq), result_(result, pq.clear) {}

  explicit operator bool() const { return result_ != nullptr; }
  [[nodiscard]] ExecStatusType status() const { return pq_->result_status(result_.get()); }
  [[nodiscard]] int rows() const { return pq_->ntuples(result_.get()); }
  [[nodiscard]] int columns() const { return pq_->nfields(result_.get()); }
  [[nodiscard]] std::string name(int column) const;
  [[nodiscard]] Oid type(int column) const { return pq_->ftype(result_.get(), column); }
  [[nodiscard]] int modifier(int column) const { return pq_->fmod(result_.get(), column); }
  [[nodiscard]] bool is_null(int row, int column) const {
    return pq_->getisnull(result_.get(), row, column) != 0;
  }
  [[nodiscard]] std::string_view text(int row, int column) const {
    return {pq_->getvalue(result_.get(), row, column),
            static_cast<std::size_t>(pq_->getlength(result_.get(), row, column))};
  }
  [[nodiscard]] std::string_view tag() const { return pq_->cmd_status(result_.get()); }
  // Rows that a statement changed, inserted or copied; 0 where there is no such number.
  [[nodiscard]] std::int64_t affected() const;
  // A field of an error, empty when the server did not send it.
  [[nodiscard]] std::string_view error_field(int code) const;
  [[nodiscard]] std::string_view error_message() const;

 private:
  const Libpq* pq_ = nullptr;
  std::unique_ptr<PGresult, decltype(&::PQclear)> result_{nullptr, nullptr};
};

using Options = std::vector<std::pair<std::string, std::string>>;  // libpq's keywords
using Values = std::vector<std::optional<std::string>>;            // of parameters, as text

// One thread at a time. Errors: what the server says, by its SQLSTATE (errors.hpp); `cancelled`,
// `timed_out`; `engine_restarted` once the connection has broken.
class Link final {
 public:
  // `unavailable`, `permission` or `timed_out` when there is no connection to be had;
  // `engine_restarted` while the server starts, which it never does once it has the password.
  [[nodiscard]] static Result<std::unique_ptr<Link>> connect(const Options& options,
                                                             const Work& work);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  // One statement, of anybody: the extended protocol refuses a second one behind it.
  [[nodiscard]] Result<Answer> run(const std::string& sql, const Values& values, const Work& work);
  // Statements of our own, separated by semicolons; the last one's answer.
  [[nodiscard]] Result<Answer> run_ours(const std::string& sql, const Work& work);
  // What columns the rows of an open cursor have.
  [[nodiscard]] Result<Answer> describe(const std::string& cursor, const Work& work);

  // `sql` is a COPY … FROM STDIN. `next` gives its data, a piece at a time; an empty one is the
  // end. An error of it is the outcome, and nothing was copied.
  [[nodiscard]] Result<Answer> copy_in(const std::string& sql,
                                       const std::function<Result<std::string>()>& next,
                                       const Work& work);

  // A result row by row: start() once, then next() until it gives an answer that is no single row
  // (its status is not PGRES_SINGLE_TUPLE; then it holds the columns and the tag), or an error.
  [[nodiscard]] Result<void> start(const std::string& sql, const Values& values, const Work& work);
  [[nodiscard]] Result<Answer> next(const Work& work);
  // Ends such a result before its end.
  void abandon();

  [[nodiscard]] bool is_alive() const { return connection_ != nullptr && !is_broken_; }
  [[nodiscard]] bool is_streaming() const { return is_streaming_; }
  [[nodiscard]] PGTransactionStatusType transaction() const {
    return pq_.transaction_status(connection_.get());
  }
  [[nodiscard]] int server_version() const { return pq_.server_version(connection_.get()); }
  [[nodiscard]] std::string parameter(const char* name) const;
  // Of the last error that the server reported: "42P01".
  [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }
  // That error in the server's own words.
  [[nodiscard]] const std::string& server_message() const { return server_message_; }

 private:
  enum class Ending : std::uint8_t { none, cancelled, timed_out };
  using Connection = std::unique_ptr<PGconn, decltype(&::PQfinish)>;

  Link(const Libpq& pq, Connection connection, UniqueFd waker);
  [[nodiscard]] static Result<void> establish(const Libpq& pq,
                                              PGconn* connection,
                                              int waker,
                                              const Work& work);
  [[nodiscard]] Result<void> prepare(const Work& work);
  [[nodiscard]] Result<void> send(const std::string& sql, const Values& values, const Work& work);
  [[nodiscard]] Result<void> sent(int success);
  [[nodiscard]] Result<Answer> receive(const Work& work);  // empty at the end of a request
  [[nodiscard]] Result<Answer> last_answer(const Work& work);
  [[nodiscard]] Result<void> put(const std::string& data, const Work& work);
  [[nodiscard]] Result<void> await_room(const Work& work);
  [[nodiscard]] Result<void> await_input(const Work& work);
  void look_at(const Work& work);
  void request_cancel(Ending why);
  void send_cancel();
  [[nodiscard]] Error broken();
  [[nodiscard]] Error server_error(const Answer& answer);

  const Libpq& pq_;
  Connection connection_;
  UniqueFd waker_;  // an eventfd: the stop token has been told
  bool is_broken_ = false;
  bool is_streaming_ = false;
  bool is_copying_ = false;       // the server waits for data
  Ending ending_ = Ending::none;  // why a cancel request went out for what runs
  MonotonicTime give_up_;         // when its answer is waited for no longer
  MonotonicTime cancel_again_;    // one that comes before the statement has begun is ignored
  std::future<void> cancel_;      // the cancel request is on its way until this is ready
  std::string sqlstate_;
  std::string server_message_;
};

}  // namespace hearth::packs::sql::pg
