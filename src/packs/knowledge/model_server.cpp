#include "packs/knowledge/model_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <thread>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/log.hpp"
#include "io/child_process.hpp"
#include "packs/knowledge/bounded_log.hpp"

namespace hearth::packs::knowledge {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_look{20};  // for its health; later ones wait longer
constexpr milliseconds longest_look{1000};
constexpr milliseconds longest_wait{30'000};  // before a start after crashes
constexpr milliseconds time_to_die{200};      // between closing its connections and its end

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

struct ModelServer::State {
  enum class Phase : std::uint8_t { stopped, starting, ready };
  struct Shared {
    Phase phase = Phase::stopped;
    int leases = 0;
    MonotonicTime last_used;
    int crashes = 0;             // quick ones in a row
    MonotonicTime not_before;    // of the next start
    std::optional<Error> error;  // why the last run did not get ready
    std::uint64_t runs = 0;
    int pidfd = -1;  // of the program, while it is ready
    std::jthread runner;
  };
  Guarded<Shared> shared;
};

// One life of the program, on a thread of its own.
class ModelServer::Run final {
 public:
  Run(ModelServer& server, std::stop_token stop)
      : server_(server),
        plan_(server.plan_),
        stop_(std::move(stop)),
        log_(plan_.log_path, plan_.log_size),
        stopped_(::eventfd(0, EFD_CLOEXEC)) {}

  void live();

 private:
  enum class Event : std::uint8_t { ended, stopped, time };

  [[nodiscard]] Result<void> start();
  [[nodiscard]] Result<void> await_health();
  void serve();
  [[nodiscard]] Event await(MonotonicTime deadline);
  void take_output();
  void stop_program();
  [[nodiscard]] Error crash_error(const io::ChildEnd& end) const;
  void finish(std::optional<Error> error, bool has_crashed);

  ModelServer& server_;
  const ModelServerPlan& plan_;
  const std::stop_token stop_;
  BoundedLog log_;
  const UniqueFd stopped_;
  UniqueFd output_;
  std::unique_ptr<io::ChildProcess> child_;
  MonotonicTime started_ = now();
};

// ---- A run ------------------------------------------------------------------------------------

void ModelServer::Run::live() {
  const std::stop_callback wake(stop_, [this] {
    const std::uint64_t one = 1;
    (void)!::write(stopped_.get(), &one, sizeof one);
  });
  if (auto begun = start(); !begun) return finish(std::move(begun.error()), false);
  if (auto healthy = await_health(); !healthy) {
    const bool has_crashed = child_->wait().has_value();
    stop_program();
    return finish(std::move(healthy.error()), has_crashed);
  }
  serve();
  server_.state_->shared.lock()->pidfd = -1;
  const auto end = child_->wait();
  stop_program();
  finish(end ? std::optional(crash_error(*end)) : std::nullopt, end.has_value());
}

Result<void> ModelServer::Run::start() {
  int ends[2];
  if (!stopped_.valid() || ::pipe2(ends, O_CLOEXEC) != 0)
    return fail_errno("start the model server", errno);
  output_.reset(ends[0]);
  const UniqueFd write_end(ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  io::ChildPlan child{.words = plan_.command, .environment = {}};
  child.output = child.errors = write_end.get();
  auto started = io::ChildProcess::start(child);
  if (!started) return std::unexpected(std::move(started.error()).within("start the model server"));
  child_ = std::move(*started);
  log::info("model server started",
            {log::kv("program", plan_.command.front()), log::kv("pid", child_->pid())});
  return {};
}

Result<void> ModelServer::Run::await_health() {
  const auto deadline = started_ + plan_.ready_timeout;
  http::Request request{.url = plan_.health_url, .headers = {}, .body = {}};
  request.socket = plan_.socket;
  request.timeout = milliseconds(2'000);
  std::string last;
  for (milliseconds look = first_look;; look = std::min(look * 2, longest_look)) {
    switch (await(std::min(now() + look, deadline))) {
      case Event::ended:
        return std::unexpected(crash_error(*child_->wait()));
      case Event::stopped:
        return fail(Errc::cancelled, "the model server was stopped");
      case Event::time:
        break;
    }
    const auto health = server_.client_.send(request, stop_);
    if (health && health->is_success()) return {};
    last = health ? "status " + std::to_string(health->status) : health.error().message;
    if (now() < deadline) continue;
    return fail(Errc::unavailable,
                plan_.command.front() + " is not ready after " +
                    std::to_string(plan_.ready_timeout / std::chrono::seconds(1)) + " s: " + last,
                {"look at " + plan_.log_path, "check `health` and `url` in [knowledge.embedder]"});
  }
}

// Until it has ended, is idle, or is to stop.
void ModelServer::Run::serve() {
  {
    auto shared = server_.state_->shared.lock();
    shared->phase = State::Phase::ready;
    shared->pidfd = child_->pidfd();
    shared->last_used = now();
    shared->error.reset();
    server_.state_->shared.notify_all();
  }
  log::info("model server is ready", {log::kv("ms", (now() - started_) / milliseconds(1))});
  for (auto deadline = now() + plan_.idle;;) {
    if (await(plan_.idle.count() == 0 ? MonotonicTime::max() : deadline) != Event::time) return;
    auto shared = server_.state_->shared.lock();
    deadline = (shared->leases > 0 ? now() : shared->last_used) + plan_.idle;
    if (deadline > now()) continue;
    shared->phase = State::Phase::starting;  // no new lease: whoever comes waits for the next run
    log::info("model server stops: nobody needs it");
    return;
  }
}

ModelServer::Run::Event ModelServer::Run::await(MonotonicTime deadline) {
  for (;;) {
    std::array<pollfd, 3> entries{pollfd{child_->pidfd(), POLLIN, 0},
                                  pollfd{stopped_.get(), POLLIN, 0},
                                  pollfd{output_.get(), POLLIN, 0}};
    milliseconds left = std::chrono::hours(1);
    if (deadline != MonotonicTime::max())
      left = std::clamp(std::chrono::ceil<milliseconds>(deadline - now()), milliseconds(0), left);
    (void)::poll(entries.data(), entries.size(), static_cast<int>(left.count()));
    if (entries[2].revents != 0) take_output();
    if (entries[0].revents != 0) return Event::ended;
    if (stop_.stop_requested()) return Event::stopped;
    if (now() >= deadline) return Event::time;
  }
}

void ModelServer::Run::take_output() {
  std::array<char, 16384> part{};
  ssize_t got = 1;
  for (int i = 0; i < 16 && got > 0; ++i) {  // one that never stops talking does not hold us
    got = ::read(output_.get(), part.data(), part.size());
    if (got > 0) log_.append({part.data(), static_cast<std::size_t>(got)});
  }
  if (got == 0) output_.reset();  // closed: poll(2) passes over it
}

void ModelServer::Run::stop_program() {
  child_->signal(SIGTERM);
  // Not by await(): it may be stopped already, and what it still says is wanted.
  for (const auto deadline = now() + plan_.stop_grace; now() < deadline && !child_->wait();) {
    std::array<pollfd, 2> entries{pollfd{child_->pidfd(), POLLIN, 0},
                                  pollfd{output_.get(), POLLIN, 0}};
    (void)::poll(entries.data(), entries.size(), 100);
    if (entries[1].revents != 0) take_output();
  }
  (void)child_->stop(milliseconds(0));
  if (output_.valid()) take_output();
}

Error ModelServer::Run::crash_error(const io::ChildEnd& end) const {
  return {Errc::unavailable,
          "the model server " + plan_.command.front() + " " + end.describe(),
          {"look at " + plan_.log_path, "run its command by hand"}};
}

void ModelServer::Run::finish(std::optional<Error> error, bool has_crashed) {
  auto shared = server_.state_->shared.lock();
  shared->phase = State::Phase::stopped;
  shared->pidfd = -1;
  shared->error = std::move(error);
  if (!has_crashed) {
    shared->crashes = 0;
    // What did not start or not get ready by itself is not tried by every caller again.
    shared->not_before = shared->error ? now() + plan_.first_wait : now();
  } else {
    shared->crashes = now() - started_ < plan_.quick ? shared->crashes + 1 : 1;
    const milliseconds wait = plan_.first_wait * (1 << std::min(shared->crashes - 1, 10));
    const bool must_rest = shared->crashes >= plan_.most_crashes;
    shared->not_before = now() + (must_rest ? plan_.rest : std::min(wait, longest_wait));
    log::warning("model server crashed",
                 {log::kv("why", shared->error->message), log::kv("crashes", shared->crashes),
                  log::kv("log", plan_.log_path)});
  }
  server_.state_->shared.notify_all();
}

// ---- Who needs it -----------------------------------------------------------------------------

ModelServer::ModelServer(ModelServerPlan plan, http::Client& client)
    : plan_(std::move(plan)), client_(client), state_(std::make_unique<State>()) {}

ModelServer::~ModelServer() {
  std::jthread runner = std::move(state_->shared.lock()->runner);
  // Its destructor stops and joins it.
}

Result<ModelServer::Lease> ModelServer::need(const std::stop_token& stop) {
  using Phase = State::Phase;
  const std::stop_callback wake(stop, [this] {
    (void)state_->shared.lock();  // whoever is about to wait does so before it is woken
    state_->shared.notify_all();
  });
  auto shared = state_->shared.lock();
  for (std::uint64_t own_run = 0;;) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "waiting for the model server");
    if (shared->phase == Phase::ready) {
      ++shared->leases;
      return Lease(*this);
    }
    if (shared->phase == Phase::stopped) {
      const bool is_resting = shared->crashes >= plan_.most_crashes && now() < shared->not_before;
      const bool has_failed = own_run == shared->runs && shared->error && shared->crashes == 0;
      if (is_resting || has_failed) {
        Error error = *shared->error;
        if (is_resting) error.message += ", " + std::to_string(shared->crashes) + " times in a row";
        return std::unexpected(std::move(error));
      }
      if (now() < shared->not_before) {
        (void)shared.wait_until(shared->not_before, [&](const State::Shared& state) {
          return stop.stop_requested() || state.phase != Phase::stopped;
        });
        continue;
      }
      shared->phase = Phase::starting;
      own_run = ++shared->runs;
      // The thread of the run before has let go of the lock for the last time.
      shared->runner =
          std::jthread([this](const std::stop_token& stopped) { Run(*this, stopped).live(); });
    } else if (own_run == 0) {
      own_run = shared->runs;
    }
    shared.wait([&](const State::Shared& state) {
      return stop.stop_requested() || state.phase != Phase::starting;
    });
  }
}

void ModelServer::suspect() {
  UniqueFd program;
  std::uint64_t run = 0;
  {
    auto shared = state_->shared.lock();
    if (shared->pidfd < 0) return;
    program.reset(::fcntl(shared->pidfd, F_DUPFD_CLOEXEC, 0));
    run = shared->runs;
  }
  pollfd entry{program.get(), POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(time_to_die.count())) != 1) return;
  auto shared = state_->shared.lock();
  // No new lease: its thread notices the end, too, and says that it has stopped.
  if (shared->runs == run && shared->phase == State::Phase::ready) {
    shared->phase = State::Phase::starting;
  }
}

void ModelServer::release() {
  auto shared = state_->shared.lock();
  --shared->leases;
  shared->last_used = now();
}

}  // namespace hearth::packs::knowledge
