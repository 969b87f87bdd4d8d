#include "packs/sql/engine/hyper/hyper_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "io/child_process.hpp"

namespace hearth::packs::sql::hyper {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view announcement = "listening on ";
constexpr std::size_t most_output = 16'384;  // kept of what it prints, for messages
constexpr seconds quick{10};                 // a run that ends sooner is a quick crash
constexpr int free_crashes = 3;   // quick ones in a row without a wait before the next start
constexpr int most_crashes = 20;  // then it is a loop that only its cause ends
constexpr milliseconds first_wait{50};
constexpr milliseconds longest_wait{150};
constexpr milliseconds wait_in_loop{2'000};
constexpr milliseconds time_to_answer{2'000};  // for one that may hang
// What is left of a socket's name for its directory: sun_path has 108 bytes.
constexpr std::size_t longest_directory = 80;

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

// Each process of hearth has its own, named after it; those of processes that are gone go.
Result<std::string> make_directory(const std::string& parent) {
  namespace fs = std::filesystem;
  std::error_code failed;
  fs::create_directories(parent, failed);
  if (failed) return fail_errno("make " + parent, failed.value());
  ::chmod(parent.c_str(), 0700);
  for (const auto& entry : fs::directory_iterator(parent, failed)) {
    const std::string name = entry.path().filename();
    pid_t owner = 0;
    (void)std::from_chars(name.data(), name.data() + name.size(), owner);
    if (owner > 0 && owner != ::getpid() && ::kill(owner, 0) != 0 && errno == ESRCH)
      fs::remove_all(entry.path(), failed);
  }
  std::string directory = parent + "/" + std::to_string(::getpid());
  if (directory.size() > longest_directory) {
    directory = "/tmp/hearth-hyper-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) return fail_errno("make " + directory, errno);
  } else {
    fs::remove_all(directory, failed);
    if (::mkdir(directory.c_str(), 0700) != 0) return fail_errno("make " + directory, errno);
  }
  return directory;
}

}  // namespace

struct HyperServer::State {
  enum class Phase : std::uint8_t { stopped, starting, ready };
  struct Shared {
    Phase phase = Phase::stopped;
    Place place;
    pid_t pid = 0;
    int leases = 0;
    bool rests = false;        // the run is to end if nobody needs it
    bool is_stopped = false;   // for good
    MonotonicTime last_used;   //
    int crashes = 0;           // quick ones in a row
    MonotonicTime not_before;  // of the next start
    std::optional<Error> error;
    std::uint64_t failures = 0;  // starts that failed
    std::jthread runner;
    int waker = -1;  // of the run
  };
  mutable Guarded<Shared> shared;
};

// The lives of hyperd, one after another, on a thread of its own, until nobody needs it.
class HyperServer::Run final {
 public:
  Run(HyperServer& server, std::stop_token stop)
      : server_(server),
        plan_(server.plan_),
        stop_(std::move(stop)),
        waker_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Run() {
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void live();

 private:
  enum class Event : std::uint8_t { ended, stopped, announced, time };

  [[nodiscard]] Result<std::string> start();  // the port
  [[nodiscard]] Event await(MonotonicTime deadline);
  [[nodiscard]] std::string port() const;
  void take_output();
  void serve(const std::string& port);
  [[nodiscard]] bool is_over(bool has_started);
  [[nodiscard]] Error failed(const std::string& how) const;

  HyperServer& server_;
  const ServerPlan& plan_;
  const std::stop_token stop_;
  const UniqueFd waker_;
  std::string directory_;
  UniqueFd output_;
  std::string said_;
  std::unique_ptr<io::ChildProcess> child_;
  MonotonicTime started_;
};

// ---- A run ------------------------------------------------------------------------------------

void HyperServer::Run::live() {
  const std::stop_callback wake(stop_, [this] {
    const std::uint64_t one = 1;
    (void)!::write(waker_.get(), &one, sizeof one);
  });
  server_.state_->shared.lock()->waker = waker_.get();
  bool has_started = false;
  do {
    auto port = start();
    has_started = port.has_value();
    if (port) {
      serve(*port);
    } else {
      auto shared = server_.state_->shared.lock();
      shared->error = std::move(port.error());
      ++shared->failures;
    }
    if (child_) (void)child_->stop(plan_.stop_grace);
    child_.reset();
  } while (!is_over(has_started));
}

Result<std::string> HyperServer::Run::start() {
  if (directory_.empty()) {
    auto directory = make_directory(plan_.directory);
    if (!directory) return directory;
    directory_ = std::move(*directory);
  }
  std::error_code ignored;
  for (const auto& left : std::filesystem::directory_iterator(directory_, ignored))
    std::filesystem::remove_all(left.path(), ignored);  // a killed run's socket
  said_.clear();
  started_ = now();
  int ends[2];
  if (!waker_.valid() || ::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("start hyperd", errno);
  output_.reset(ends[0]);
  const UniqueFd write_end(ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  const std::string log = plan_.directory + "/log";
  std::filesystem::create_directories(log, ignored);
  io::ChildPlan child{
      .words = {plan_.program, "run", "--listen-connection",
                "tab.domain://" + directory_ + "/domain/auto", "--init-user=tableau_internal_user",
                "--no-password", "--skip-license", "--default-database-version=3",
                "--external-file-blacklist=/", "--log-dir=" + log,
                "--log-config=file,json,all,hyperd,0", "--log-file-max-count=2",
                "--log-file-size-limit=10M"},
      .environment = {}};
  if (plan_.threads > 0)
    child.words.push_back("--hard-concurrent-query-thread-limit=" + std::to_string(plan_.threads));
  if (!plan_.memory.empty()) child.words.push_back("--memory-limit=" + plan_.memory);
  child.directory = directory_;
  child.output = child.errors = write_end.get();
  auto process = io::ChildProcess::start(child);
  if (!process) {
    Error error = std::move(process.error()).within("start hyperd");
    error.suggestions = {"set HYPERD_PATH, or path in [sql.hyper]"};
    return std::unexpected(std::move(error));
  }
  child_ = std::move(*process);
  const auto deadline = started_ + plan_.ready_timeout;
  while (true) {
    const Event event = await(deadline);
    if (event == Event::announced) return port();
    if (event == Event::ended) return std::unexpected(failed(child_->wait()->describe()));
    if (event == Event::stopped) return fail(Errc::unavailable, "hyperd was stopped");
    if (now() >= deadline) return std::unexpected(failed("is not ready in time"));
  }
}

// Until it has ended, is to stop, or is idle.
void HyperServer::Run::serve(const std::string& port) {
  {
    auto shared = server_.state_->shared.lock();
    shared->phase = State::Phase::ready;
    shared->place = {directory_, port};
    shared->pid = child_->pid();
    shared->last_used = now();
    shared->error.reset();
    server_.state_->shared.notify_all();
  }
  log::info("hyperd is ready",
            {log::kv("pid", child_->pid()), log::kv("ms", (now() - started_) / milliseconds(1))});
  while (true) {
    MonotonicTime deadline = MonotonicTime::max();
    {
      auto shared = server_.state_->shared.lock();
      if (shared->leases == 0 && (plan_.idle.count() > 0 || shared->rests))
        deadline = shared->rests ? now() : shared->last_used + plan_.idle;
    }
    if (deadline <= now()) {
      log::info("hyperd stops: nobody needs it");
      break;
    }
    const Event event = await(deadline);
    if (event == Event::ended || event == Event::stopped) break;
  }
  auto shared = server_.state_->shared.lock();
  shared->phase = State::Phase::starting;
  shared->pid = 0;
}

// With the lock held between the decision and its consequence, nobody is left waiting for a run
// that has just ended.
bool HyperServer::Run::is_over(bool has_started) {
  auto shared = server_.state_->shared.lock();
  const bool is_needed = shared->leases > 0 && !stop_.stop_requested();
  // One that cannot even start is tried again by who needs it, after a while.
  if (!is_needed || !has_started) {
    shared->phase = State::Phase::stopped;
    shared->rests = false;
    shared->waker = -1;
    shared->not_before = has_started ? now() : now() + first_wait;
    server_.state_->shared.notify_all();
    return true;
  }
  shared->crashes = now() - started_ < quick ? shared->crashes + 1 : 1;
  milliseconds wait{0};
  if (shared->crashes > free_crashes)
    wait = std::min(first_wait * (shared->crashes - free_crashes), longest_wait);
  if (shared->crashes > most_crashes) wait = wait_in_loop;
  log::warning("hyperd ended and is started again",
               {log::kv("crashes", shared->crashes), log::kv("wait_ms", wait.count())});
  if (wait.count() > 0)
    (void)shared.wait_until(now() + wait, [&](const auto&) { return stop_.stop_requested(); });
  return false;
}

HyperServer::Run::Event HyperServer::Run::await(MonotonicTime deadline) {
  while (true) {
    std::array<pollfd, 3> entries{pollfd{child_->pidfd(), POLLIN, 0},
                                  pollfd{waker_.get(), POLLIN, 0},
                                  pollfd{output_.get(), POLLIN, 0}};
    milliseconds left = std::chrono::hours(1);
    if (deadline != MonotonicTime::max())
      left = std::clamp(std::chrono::ceil<milliseconds>(deadline - now()), milliseconds(0), left);
    (void)::poll(entries.data(), entries.size(), static_cast<int>(left.count()));
    const bool was_announced = !port().empty();
    if (entries[2].revents != 0) take_output();
    if (stop_.stop_requested()) return Event::stopped;
    if (entries[0].revents != 0) return Event::ended;
    if (!was_announced && !port().empty()) return Event::announced;
    std::uint64_t count = 0;
    if (entries[1].revents != 0 && ::read(waker_.get(), &count, sizeof count) > 0)
      return Event::time;  // who woke us has changed something
    if (now() >= deadline) return Event::time;
  }
}

// "listening on /DIRECTORY/.s.PGSQL.12345": its end, once the whole line is there.
std::string HyperServer::Run::port() const {
  const auto begin = said_.find(announcement);
  if (begin == std::string::npos) return "";
  const auto end = said_.find('\n', begin);
  if (end == std::string::npos) return "";
  const std::string line = said_.substr(begin, end - begin);
  return line.substr(line.rfind('.') + 1);
}

void HyperServer::Run::take_output() {
  std::array<char, 4096> part{};
  ssize_t got = 1;
  for (int i = 0; i < 16 && got > 0; ++i) {
    got = ::read(output_.get(), part.data(), part.size());
    if (got > 0 && said_.size() < most_output)
      said_.append(part.data(), static_cast<std::size_t>(got));
  }
  if (got == 0) output_.reset();  // closed: poll(2) passes over it
}

Error HyperServer::Run::failed(const std::string& how) const {
  std::string text = said_.substr(0, 500);
  std::ranges::replace(text, '\n', ' ');
  return {Errc::unavailable,
          "hyperd " + how + (text.empty() ? "" : ": " + text),
          {"look at " + plan_.directory + "/log"}};
}

// ---- Who needs it -----------------------------------------------------------------------------

HyperServer::HyperServer(ServerPlan plan)
    : plan_(std::move(plan)), state_(std::make_unique<State>()) {}

HyperServer::~HyperServer() {
  stop();
}

void HyperServer::stop() {
  std::jthread runner;  // its destructor waits for a thread that takes the lock
  auto shared = state_->shared.lock();
  shared->is_stopped = true;
  runner = std::move(shared->runner);
}

HyperServer::Lease HyperServer::lease() {
  ++state_->shared.lock()->leases;
  return Lease(*this);
}

void HyperServer::release() {
  auto shared = state_->shared.lock();
  shared->last_used = now();
  if (--shared->leases > 0 || shared->waker < 0) return;
  const std::uint64_t one = 1;  // the idle time begins
  (void)!::write(shared->waker, &one, sizeof one);
}

Result<HyperServer::Place> HyperServer::await_ready(const Work& work) {
  using Phase = State::Phase;
  const std::stop_callback wake(work.stop, [this] {
    (void)state_->shared.lock();  // whoever is about to wait does so before it is woken
    state_->shared.notify_all();
  });
  const auto deadline = work.deadline.value_or(now() + plan_.ready_timeout);
  auto shared = state_->shared.lock();
  const std::uint64_t failures = shared->failures;
  while (true) {
    if (work.stop.stop_requested()) return fail(Errc::cancelled, "cancelled while hyperd starts");
    if (shared->is_stopped) return fail(Errc::draining, "the engine was stopped");
    if (shared->phase == Phase::ready) return shared->place;
    if (shared->failures > failures) return std::unexpected(*shared->error);
    if (now() >= deadline) return fail(Errc::timed_out, "hyperd did not start in time");
    if (shared->phase == Phase::stopped && now() >= shared->not_before) {
      shared->phase = Phase::starting;
      // The thread of the run before has let go of the lock for the last time.
      shared->runner =
          std::jthread([this](const std::stop_token& stop) { Run(*this, stop).live(); });
    }
    const bool has_to_wait = shared->phase == Phase::stopped;
    (void)shared.wait_until(has_to_wait ? std::min(deadline, shared->not_before) : deadline,
                            [&](const State::Shared& state) {
                              return work.stop.stop_requested() || state.failures > failures ||
                                     state.phase == Phase::ready ||
                                     (!has_to_wait && state.phase == Phase::stopped);
                            });
  }
}

Result<std::unique_ptr<pg::Link>> HyperServer::connect(const Work& work) {
  const auto deadline = work.deadline.value_or(now() + plan_.ready_timeout);
  while (true) {
    const auto place = await_ready(work);
    if (!place) return std::unexpected(place.error());
    auto link = connect_at(*place, work);
    if (link || link.error().code == Errc::cancelled) return link;
    if (link.error().code == Errc::timed_out) suspect();
    // It may have ended meanwhile; then the next one is waited for.
    auto shared = state_->shared.lock();
    const bool is_same = shared->phase == State::Phase::ready && shared->place.port == place->port;
    if (now() >= deadline ||
        (is_same && !shared.wait_until(std::min(deadline, now() + time_to_answer),
                                       [&](const State::Shared& state) {
                                         return state.phase != State::Phase::ready ||
                                                state.place.port != place->port;
                                       })))
      return link;
  }
}

Result<std::unique_ptr<pg::Link>> HyperServer::connect_at(const Place& place, const Work& work) {
  auto link = pg::Link::connect({{"host", place.directory},
                                 {"port", place.port},
                                 {"user", "tableau_internal_user"},
                                 {"dbname", ""},
                                 {"sslmode", "disable"},
                                 {"gssencmode", "disable"},
                                 {"client_encoding", "UTF8"}},
                                work);
  if (!link) return link;
  // All digits of a double, as PostgreSQL has them without being asked.
  if (auto set = (*link)->run("SET extra_float_digits = 3", {}, work); !set)
    return std::unexpected(std::move(set.error()));
  return link;
}

void HyperServer::suspect() {
  Place place;
  pid_t pid = 0;
  {
    auto shared = state_->shared.lock();
    if (shared->phase != State::Phase::ready) return;
    place = shared->place;
    pid = shared->pid;
  }
  Work work;
  work.deadline = now() + time_to_answer;
  const auto link = connect_at(place, work);
  // Any other error is one of an end that is noticed anyway.
  if (link || link.error().code != Errc::timed_out) return;
  auto shared = state_->shared.lock();
  // Its number is still its own: the run that reaps it first takes it away here.
  if (shared->phase != State::Phase::ready || shared->pid != pid) return;
  log::warning("hyperd does not answer and is ended", {log::kv("pid", pid)});
  ::kill(-pid, SIGKILL);
}

void HyperServer::end() {
  const auto shared = state_->shared.lock();
  if (shared->phase != State::Phase::ready) return;
  log::warning("hyperd is ended: it did not write what it was told to",
               {log::kv("pid", shared->pid)});
  ::kill(-shared->pid, SIGKILL);
}

void HyperServer::rest() {
  auto shared = state_->shared.lock();
  if (shared->leases > 0 || shared->waker < 0) return;
  shared->rests = true;
  const std::uint64_t one = 1;
  (void)!::write(shared->waker, &one, sizeof one);
}

std::int64_t HyperServer::pid() const {
  return state_->shared.lock()->pid;
}

std::string HyperServer::problem() const {
  const auto shared = state_->shared.lock();
  return shared->error ? shared->error->message : "";
}

}  // namespace hearth::packs::sql::hyper
