#include "packs/sql/engine/pg/link.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <stop_token>
#include <thread>

#include "packs/sql/engine/pg/errors.hpp"

namespace hearth::packs::sql::pg {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_connect{10'000};
constexpr milliseconds cancel_grace{3'000};     // from the cancel request to the server's answer
constexpr milliseconds cancel_delivery{1'000};  // until the server has taken the request itself
constexpr milliseconds cancel_pause{250};       // between two requests for one statement
constexpr int most_cancels = 16;                // on their way at once, in the process

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

int left_until(MonotonicTime deadline) {
  if (deadline == MonotonicTime::max()) return -1;
  return static_cast<int>(
      std::clamp<std::int64_t>(std::chrono::ceil<milliseconds>(deadline - now()).count(), 0,
                               std::chrono::milliseconds(std::chrono::hours(1)).count()));
}

void tell(int waker) {
  const std::uint64_t one = 1;
  (void)!::write(waker, &one, sizeof one);
}

void hear(int waker) {
  std::uint64_t count = 0;
  (void)!::read(waker, &count, sizeof count);
}

void ignore_notice(void* /*unused*/, const PGresult* /*unused*/) {}

std::string one_line(std::string_view text) {
  std::string line(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\t', ' ');
  return line;
}

Error stopped(bool is_cancelled) {
  return is_cancelled ? Error{Errc::cancelled, "the statement was cancelled", {}}
                      : Error{Errc::timed_out,
                              "the statement did not end within the time limit of this call",
                              {"narrow it", "ask for more time"}};
}

// On a thread that nobody waits for: PQcancel() waits for the server without a limit, and can no
// more be interrupted than a look-up of names. It holds nothing of the connection.
std::future<void> cancel_in_background(const Libpq& pq, PGconn* connection) {
  static std::atomic<int> under_way = 0;
  PGcancel* const request = pq.get_cancel(connection);
  if (request == nullptr) return {};
  if (++under_way > most_cancels) {
    --under_way;
    pq.free_cancel(request);
    return {};
  }
  std::promise<void> done;
  auto future = done.get_future();
  std::thread([&pq, request, done = std::move(done)]() mutable {
    std::array<char, 256> message{};
    (void)pq.cancel(request, message.data(), static_cast<int>(message.size()));
    pq.free_cancel(request);
    --under_way;
    done.set_value();
  }).detach();
  return future;
}

}  // namespace

// ---- Answers ----------------------------------------------------------------------------------

std::string Answer::name(int column) const {
  const char* const name = pq_->fname(result_.get(), column);
  return name == nullptr ? "" : name;  // hyperd's answer to a COPY has none
}

std::int64_t Answer::affected() const {
  const std::string_view text = pq_->cmd_tuples(result_.get());
  std::int64_t count = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string_view Answer::error_field(int code) const {
  const char* const text = pq_->error_field(result_.get(), code);
  return text == nullptr ? std::string_view() : text;
}

std::string_view Answer::error_message() const {
  return pq_->result_error_message(result_.get());
}

// ---- Connecting -------------------------------------------------------------------------------

Result<std::unique_ptr<Link>> Link::connect(const Options& options, const Work& work) {
  const auto loaded = load_libpq();
  if (!loaded) return std::unexpected(loaded.error());
  const Libpq& pq = **loaded;
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : options) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  UniqueFd waker(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!waker.valid()) return fail_errno("connect", errno);
  Connection connection(pq.connect_start_params(names.data(), values.data(), 0), pq.finish);
  if (!connection) return fail(Errc::busy, "connect: out of memory");
  if (auto ready = establish(pq, connection.get(), waker.get(), work); !ready)
    return std::unexpected(std::move(ready.error()));
  return std::unique_ptr<Link>(new Link(pq, std::move(connection), std::move(waker)));
}

Result<void> Link::establish(const Libpq& pq, PGconn* connection, int waker, const Work& work) {
  const auto deadline =
      std::min(work.deadline.value_or(MonotonicTime::max()), now() + longest_connect);
  const std::stop_callback wake(work.stop, [waker] { tell(waker); });
  pq.set_error_verbosity(connection, PQERRORS_VERBOSE);  // which has the SQLSTATE of a refusal
  PostgresPollingStatusType state =
      pq.status(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
    const auto events = static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT);
    std::array<pollfd, 2> entries{pollfd{pq.socket(connection), events, 0},
                                  pollfd{waker, POLLIN, 0}};
    const int ready = ::poll(entries.data(), entries.size(), left_until(deadline));
    if (work.stop.stop_requested()) return std::unexpected(stopped(true));
    if (ready == 0 && now() >= deadline)
      return fail(Errc::timed_out, "connect: the server does not answer",
                  {"check that it runs and that host and port are right"});
    if (entries[0].revents != 0) state = pq.connect_poll(connection);
  }
  if (state == PGRES_POLLING_OK && pq.set_nonblocking(connection, 1) == 0) {
    pq.set_notice_receiver(connection, ignore_notice, nullptr);
    pq.set_error_verbosity(connection, PQERRORS_DEFAULT);
    return {};
  }
  const Refusal refusal = refusal_of(pq.error_message(connection));
  const std::string told = one_line(refusal.message);
  if (pq.needs_password(connection) != 0)
    return fail(Errc::permission, "connect: " + told, advice_for("28P01"));
  // It was not starting when it asked for the password: nobody gets that again and again.
  const bool is_closed =
      told.contains("closed the connection unexpectedly") || told.contains("Connection reset");
  const bool is_starting =
      refusal.sqlstate.empty() ? is_closed : code_of(refusal.sqlstate) == Errc::engine_restarted;
  if (is_starting && pq.used_password(connection) != 0)
    return fail(Errc::unavailable, "connect: after the password was sent: " + told,
                {"check that this is the right server, then try again"});
  if (!refusal.sqlstate.empty())
    return fail(code_of(refusal.sqlstate), "connect: " + told, advice_for(refusal.sqlstate));
  // A server that starts again ends connections in the middle of their greeting.
  if (is_closed) return fail(Errc::engine_restarted, "connect: " + told, advice_for("57P03"));
  const bool is_distrusted = told.contains("certificate") || told.contains("SSL");
  if (is_distrusted) {
    return fail(Errc::permission, "connect: " + told,
                {"put the certificate of who vouches for the server into ~/.postgresql/root.crt",
                 "or ask for what the server offers: sslmode in [sql.postgres] of config.toml"});
  }
  return fail(Errc::unavailable, "connect: " + told,
              {"check that the server runs and that host and port are right"});
}

Link::Link(const Libpq& pq, Connection connection, UniqueFd waker)
    : pq_(pq), connection_(std::move(connection)), waker_(std::move(waker)) {}

Link::~Link() {
  if (is_streaming_) abandon();
}

std::string Link::parameter(const char* name) const {
  const char* const value = pq_.parameter_status(connection_.get(), name);
  return value == nullptr ? "" : value;
}

// ---- Asking -----------------------------------------------------------------------------------

Result<Answer> Link::run(const std::string& sql, const Values& values, const Work& work) {
  if (auto out = send(sql, values, work); !out) return std::unexpected(std::move(out.error()));
  return last_answer(work);
}

Result<Answer> Link::run_ours(const std::string& sql, const Work& work) {
  if (auto ready = prepare(work); !ready) return std::unexpected(std::move(ready.error()));
  if (auto out = sent(pq_.send_query(connection_.get(), sql.c_str())); !out)
    return std::unexpected(std::move(out.error()));
  return last_answer(work);
}

Result<Answer> Link::describe(const std::string& cursor, const Work& work) {
  if (auto ready = prepare(work); !ready) return std::unexpected(std::move(ready.error()));
  if (auto out = sent(pq_.send_describe_portal(connection_.get(), cursor.c_str())); !out)
    return std::unexpected(std::move(out.error()));
  return last_answer(work);
}

Result<void> Link::start(const std::string& sql, const Values& values, const Work& work) {
  if (auto out = send(sql, values, work); !out) return out;
  if (pq_.set_single_row_mode(connection_.get()) == 0) return std::unexpected(broken());
  is_streaming_ = true;
  return {};
}

Result<void> Link::send(const std::string& sql, const Values& values, const Work& work) {
  if (auto ready = prepare(work); !ready) return ready;
  std::vector<const char*> texts;
  for (const auto& value : values) texts.push_back(value ? value->c_str() : nullptr);
  return sent(pq_.send_query_params(connection_.get(), sql.c_str(), static_cast<int>(texts.size()),
                                    nullptr, texts.data(), nullptr, nullptr, 0));
}

// For the next request.
Result<void> Link::prepare(const Work& work) {
  ending_ = Ending::none;
  if (!is_alive()) return std::unexpected(broken());
  // A cancel request that is still on its way could hit this one instead.
  if (cancel_.valid() && cancel_.wait_for(cancel_delivery) != std::future_status::ready)
    return std::unexpected(broken());
  cancel_ = {};
  sqlstate_.clear();
  server_message_.clear();
  look_at(work);
  if (ending_ == Ending::none) return {};
  return std::unexpected(stopped(ending_ == Ending::cancelled));
}

Result<void> Link::sent(int success) {
  return success == 1 ? Result<void>() : std::unexpected(broken());
}

Result<Answer> Link::next(const Work& work) {
  auto answer = receive(work);
  if (!answer) {
    is_streaming_ = false;
    return answer;
  }
  if (!*answer) {  // it had ended before
    is_streaming_ = false;
    return fail(Errc::internal, "read behind the end of a result");
  }
  if (answer->status() == PGRES_SINGLE_TUPLE) return answer;
  is_streaming_ = false;
  // What follows the last row is nothing, or that the transaction could not end.
  if (auto rest = last_answer(work); !rest) return rest;
  return answer;
}

Result<Answer> Link::copy_in(const std::string& sql,
                             const std::function<Result<std::string>()>& next,
                             const Work& work) {
  if (auto out = send(sql, {}, work); !out) return std::unexpected(std::move(out.error()));
  is_copying_ = true;
  auto begun = receive(work);
  is_copying_ = false;
  if (!begun) return begun;
  if (begun->status() != PGRES_COPY_IN) return last_answer(work);
  Result<void> given;
  while (given) {
    auto piece = next();
    if (piece && piece->empty()) break;
    given = piece ? put(*piece, work) : std::unexpected(std::move(piece.error()));
  }
  if (!is_alive()) return std::unexpected(std::move(given.error()));
  // With a reason the server throws away what it has got.
  int queued = 0;
  while ((queued = pq_.put_copy_end(connection_.get(), given ? nullptr : "cancelled")) == 0) {
    if (auto room = await_room(work); !room) return std::unexpected(std::move(room.error()));
  }
  if (queued < 0) return std::unexpected(broken());
  auto answer = last_answer(Work{.deadline = work.deadline});
  if (given || !is_alive()) return answer;
  return std::unexpected(std::move(given.error()));
}

Result<void> Link::put(const std::string& data, const Work& work) {
  int queued = 0;
  while ((queued = pq_.put_copy_data(connection_.get(), data.data(),
                                     static_cast<int>(data.size()))) == 0) {
    if (auto room = await_room(work); !room) return room;
  }
  if (queued < 0) return std::unexpected(broken());
  if (auto room = await_room(work); !room) return room;
  return {};
}

// Until what was queued is sent, so that no more than a piece is ever held.
Result<void> Link::await_room(const Work& work) {
  const std::stop_callback wake(work.stop, [waker = waker_.get()] { tell(waker); });
  while (true) {
    const int unsent = pq_.flush(connection_.get());
    if (unsent < 0) return std::unexpected(broken());
    if (unsent == 0) return {};
    if (work.stop.stop_requested()) return std::unexpected(stopped(true));
    if (work.deadline && now() >= *work.deadline) return std::unexpected(stopped(false));
    std::array<pollfd, 2> entries{pollfd{pq_.socket(connection_.get()), POLLIN | POLLOUT, 0},
                                  pollfd{waker_.get(), POLLIN, 0}};
    (void)::poll(entries.data(), entries.size(),
                 left_until(work.deadline.value_or(MonotonicTime::max())));
    if (entries[1].revents != 0) hear(waker_.get());
    // The server may say already that it does not like it.
    if ((entries[0].revents & ~POLLOUT) != 0 && pq_.consume_input(connection_.get()) == 0)
      return std::unexpected(broken());
  }
}

void Link::abandon() {
  is_streaming_ = false;
  if (!is_alive()) return;
  // Without a limit of the caller's: what it wants is over. The grace bounds it.
  const Work nothing;
  request_cancel(Ending::cancelled);
  while (true) {
    const auto answer = receive(nothing);
    if (!answer || !*answer) return;
  }
}

Result<Answer> Link::last_answer(const Work& work) {
  Answer last;
  while (true) {
    auto answer = receive(work);
    if (!answer) return answer;
    if (!*answer) return last;
    last = std::move(*answer);
  }
}

// After an error of the server nothing of the request is left to be read.
Result<Answer> Link::receive(const Work& work) {
  std::optional<Error> error;
  while (is_alive()) {
    if (pq_.flush(connection_.get()) < 0) return std::unexpected(broken());
    if (pq_.is_busy(connection_.get()) != 0) {
      if (auto input = await_input(work); !input) return std::unexpected(std::move(input.error()));
      continue;
    }
    if (work.stop.stop_requested()) look_at(work);
    Answer answer(pq_, pq_.get_result(connection_.get()));
    if (!answer) {
      if (error) return std::unexpected(std::move(*error));
      return answer;
    }
    switch (answer.status()) {
      case PGRES_FATAL_ERROR:
      case PGRES_BAD_RESPONSE:
        error = server_error(answer);
        continue;
      case PGRES_COPY_IN:
        if (is_copying_ && !error) return answer;
        [[fallthrough]];
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        is_broken_ = true;  // it waits for data that nobody will send
        return fail(Errc::unsupported, "COPY from or to the client is not done here");
      default:
        if (!error) return answer;
    }
  }
  return std::unexpected(error ? std::move(*error) : broken());
}

// Until something has arrived.
Result<void> Link::await_input(const Work& work) {
  const std::stop_callback wake(work.stop, [waker = waker_.get()] { tell(waker); });
  while (true) {
    look_at(work);
    auto deadline = work.deadline.value_or(MonotonicTime::max());
    if (ending_ != Ending::none) {
      if (now() >= cancel_again_) send_cancel();
      deadline = std::min(give_up_, cancel_again_);
      if (now() >= give_up_) {
        is_broken_ = true;
        return std::unexpected(stopped(ending_ == Ending::cancelled));
      }
    }
    const int unsent = pq_.flush(connection_.get());
    if (unsent < 0) return std::unexpected(broken());
    const auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
    std::array<pollfd, 2> entries{pollfd{pq_.socket(connection_.get()), events, 0},
                                  pollfd{waker_.get(), POLLIN, 0}};
    (void)::poll(entries.data(), entries.size(), left_until(deadline));
    if (entries[1].revents != 0) hear(waker_.get());
    if ((entries[0].revents & ~POLLOUT) == 0) continue;
    if (pq_.consume_input(connection_.get()) == 0) return std::unexpected(broken());
    return {};
  }
}

// ---- Ending -----------------------------------------------------------------------------------

void Link::look_at(const Work& work) {
  if (ending_ != Ending::none) return;
  if (work.stop.stop_requested()) {
    request_cancel(Ending::cancelled);
  } else if (work.deadline && now() >= *work.deadline) {
    request_cancel(Ending::timed_out);
  }
}

void Link::request_cancel(Ending why) {
  ending_ = why;
  give_up_ = now() + cancel_grace;
  send_cancel();
}

void Link::send_cancel() {
  cancel_again_ = now() + cancel_pause;
  if (pq_.transaction_status(connection_.get()) != PQTRANS_ACTIVE) return;
  // While one is on its way, the server has not heard that yet.
  if (cancel_.valid() && cancel_.wait_for(milliseconds(0)) != std::future_status::ready) return;
  cancel_ = cancel_in_background(pq_, connection_.get());
}

Error Link::broken() {
  is_broken_ = true;
  if (ending_ != Ending::none) return stopped(ending_ == Ending::cancelled);
  return {
      Errc::engine_restarted,
      "the connection to the server has ended: " + one_line(pq_.error_message(connection_.get())),
      {"run it again"}};
}

Error Link::server_error(const Answer& answer) {
  sqlstate_ = answer.error_field(PG_DIAG_SQLSTATE);
  server_message_ = answer.error_field(PG_DIAG_MESSAGE_PRIMARY);
  // libpq makes up an answer without a SQLSTATE when the connection ends.
  if (sqlstate_.empty() || pq_.status(connection_.get()) == CONNECTION_BAD) {
    if (sqlstate_.empty()) return broken();
    is_broken_ = true;
  }
  const Errc code = code_of(sqlstate_);
  if (code == Errc::cancelled || code == Errc::timed_out) {
    if (ending_ != Ending::none) return stopped(ending_ == Ending::cancelled);
    if (code == Errc::timed_out || server_message_.find("timeout") != std::string::npos)
      return stopped(false);
  }
  Error error{code, server_message_, advice_for(sqlstate_)};
  // hyperd's details draw the statement with a caret.
  const std::string_view detail = answer.error_field(PG_DIAG_MESSAGE_DETAIL);
  if (!detail.empty() && detail.find('^') == std::string_view::npos)
    error.message += " (" + one_line(detail) + ")";
  if (const auto hint = answer.error_field(PG_DIAG_MESSAGE_HINT); !hint.empty())
    error.suggestions.insert(error.suggestions.begin(), one_line(hint));
  return error;
}

}  // namespace hearth::packs::sql::pg
