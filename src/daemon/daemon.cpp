#include "daemon/daemon.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/project_root.hpp"
#include "base/regular_file.hpp"
#include "base/version.hpp"
#include "daemon/control.hpp"
#include "daemon/guide.hpp"
#include "daemon/mailbox.hpp"
#include "daemon/pack_host.hpp"
#include "daemon/rendezvous.hpp"
#include "daemon/self_pack.hpp"
#include "daemon/server.hpp"
#include "daemon/status.hpp"
#include "daemon/verb_calls.hpp"
#include "io/directory_watch.hpp"
#include "io/pool.hpp"
#include "io/signals.hpp"
#include "io/timer.hpp"
#include "mcp/messages.hpp"
#include "mcp/tasks.hpp"
#include "request/pack.hpp"
#include "store/atomic_file.hpp"

namespace hearth::daemon {
namespace {

constexpr std::size_t pool_threads = 4;  // blocking work waits for disks more than for cores
constexpr std::size_t pool_queue = 1024;
constexpr std::size_t long_pool_threads = 2;
constexpr std::size_t long_pool_queue = 64;
constexpr int failed_to_start = 6;
// What packs get to flush, however short the drain may be.
constexpr auto least_flush_time = std::chrono::seconds(3);

// Many sessions need many descriptors; the soft limit is often 1024.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

// An idle daemon should hold little: few arenas, and freed memory goes back.
void tune_allocator() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 512 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

Error task_error() {
  return {Errc::draining,
          "the daemon is leaving; the task was stopped, and its outcome is not kept",
          {"call the tool again"}};
}

Error draining_error() {
  return {Errc::draining, "the daemon is leaving; this call was cut short", {"send it again"}};
}

}  // namespace

std::string_view state_name(State state) {
  static constexpr std::array<std::string_view, 6> names{"initialized", "starting", "running",
                                                         "draining",    "stopped",  "error"};
  return names[static_cast<std::size_t>(state)];
}

class Daemon::Core final : private ServerHost, private FrontHost, private Commands {
 public:
  explicit Core(Options options)
      : options_(std::move(options)),
        pool_("hearth-pool", pool_threads, pool_queue),
        long_pool_("hearth-long", long_pool_threads, long_pool_queue),
        packs_(loop_,
               pool_,
               long_pool_,
               catalog_,
               verbs_,
               events_,
               clock_,
               options_.paths,
               options_.settings),
        mailbox_(loop_, [this](const Command& command) { obey(command); }),
        server_(loop_, catalog_, clock_, options_.settings.limits, *this),
        idle_timer_(loop_),
        drain_timer_(loop_),
        drain_progress_(loop_),
        tasks_(loop_) {
    catalog_.use_tasks(std::make_shared<mcp::Tasks>(loop_, catalog_, clock_));
    catalog_.tasks()->on_quiet([this] { on_activity(); });
    catalog_.add(*requests_);
    add(make_self_pack([this] { return report(); }, [this] { return make_guide(catalog_); }));
  }

  void add(std::unique_ptr<pack::Pack> pack) { packs_.add(std::move(pack)); }
  void add(std::unique_ptr<Front> front) { fronts_.push_back(std::move(front)); }
  void stop(std::string reason) override {
    (void)mailbox_.post({CommandKind::stop, std::move(reason)});
  }

  int run() {
    state_ = State::starting;
    if (auto started = start(); !started) {
      state_ = State::error;
      log::error("cannot start", {log::kv("error", started.error().message)});
      report_readiness(started.error());
      return failed_to_start;
    }
    state_ = State::running;
    report_readiness(std::nullopt);
    on_activity();
    loop_.run();
    return exit_status_;
  }

 private:
  [[nodiscard]] bool is_private() const { return is_private_; }

  Result<void> start() {
    raise_file_limit();
    tune_allocator();
    is_private_ = options_.private_connection.has_value();
    if (auto made = ipc::ensure_private_directory(options_.paths.state); !made) return made;
    log::set_level(options_.settings.log_level);
    if (options_.log_to_file) {
      auto opened = log::open_file(options_.paths.log(), options_.settings.log_size,
                                   options_.settings.log_keep);
      if (!opened) return opened;
    }
    config_id_ = config::config_id(options_.settings, options_.paths.data);
    options_.settings.roots =
        readable_roots(std::move(options_.settings.roots), options_.paths.all());
    if (!is_private()) {
      if (auto claimed = claim_rendezvous(); !claimed) return claimed;
    }
    if (auto owned = claim_stores(); !owned) return owned;
    if (auto announced = announce(); !announced) return announced;
    for (const auto& front : fronts_) {
      if (auto started = front->start(*this); !started) return started;
    }
    watch_signals();
    keep_seal();
    catalog_.on_followed([this](const std::string& uri, const pack::Caller& caller) {
      packs_.resource_followed(uri, caller);
    });
    catalog_.on_call_ended([this](const mcp::CallRecord& call) { call_ended(call); });
    events_.add("daemon", "started");
    packs_.start(store_owner_);  // from here on nothing fails: what runs must be stopped in order
    serve();
    return {};
  }

  Result<void> claim_rendezvous() {
    auto claimed =
        Rendezvous::claim(options_.paths, std::move(options_.listener), options_.lock_patience);
    if (!claimed) return std::unexpected(std::move(claimed.error()));
    rendezvous_.emplace(std::move(*claimed));
    return {};
  }

  // What calls leave with their callers outlives this process; without the file it does not.
  void keep_seal() {
    const std::string path = options_.paths.seal_key();
    auto key = read_head(path, mcp::StateSeal::key_size + 1);
    if (!key || key->size() != mcp::StateSeal::key_size) {
      key = mcp::StateSeal::make_key();
      const auto kept = store::replace_file(path, *key);
      if (!kept) log::warning("cannot keep the key", {log::kv("error", kept.error().message)});
    }
    catalog_.use_seal(mcp::StateSeal(*key));
  }

  // A shared daemon needs the stores to itself; a private one reads what another process owns.
  Result<void> claim_stores() {
    auto ownership = StoreOwnership::claim(options_.paths);
    if (ownership) {
      ownership_.emplace(std::move(*ownership));
      if (!options_.binary.empty()) record_newest(options_.paths, version(), options_.binary);
      return {};
    }
    if (!is_private() || ownership.error().code != Errc::busy)
      return std::unexpected(ownership.error());
    store_owner_ = ownership.error().message;
    log::warning("reading only", {log::kv("why", *store_owner_)});
    return {};
  }

  void serve() {
    if (is_private()) {
      return server_.serve(std::move(*options_.private_connection),
                           [this] { stop("the client is gone"); });
    }
    server_.listen(rendezvous_->take_listener());
    watch_rendezvous();
    log::info("serving",
              {log::kv("version", version()), log::kv("pid", ::getpid()),
               log::kv("socket", options_.paths.socket()), log::kv("config_id", config_id_)});
  }

  Result<void> announce() {
    if (!rendezvous_) return {};
    return rendezvous_->announce({.version = std::string(version()),
                                  .config_id = config_id_,
                                  .started_at = format_rfc3339(started_),
                                  .protocol = ipc::protocol_version});
  }

  // A daemon that nobody finds any more is of no use: it puts its socket back.
  void watch_rendezvous() {
    auto watch = io::DirectoryWatch::open(loop_, options_.paths.runtime, [this] { restore(); });
    if (watch) return void(rendezvous_watch_ = std::move(*watch));
    log::warning("a lost socket will not be made again", {log::kv("why", watch.error().message)});
  }

  void restore() {
    for (const auto& front : fronts_) front->restore();
    auto restored = rendezvous_->restore();
    if (!restored && restored.error().code == Errc::busy)
      return (void)mailbox_.post({CommandKind::stop, "another daemon took its place"});
    if (!restored)
      return log::error("cannot make the socket again",
                        {log::kv("error", restored.error().message)});
    if (!*restored) return;
    server_.listen(std::move(**restored));
    log::warning("the socket was gone and has been made again",
                 {log::kv("socket", options_.paths.socket())});
  }

  void watch_signals() {
    signals_.emplace(loop_, std::initializer_list<int>{SIGTERM, SIGINT, SIGHUP, SIGUSR1},
                     [this](int number) {
                       if (number == SIGHUP)
                         return (void)mailbox_.post({CommandKind::reload, "SIGHUP"});
                       if (number == SIGUSR1)
                         return (void)mailbox_.post({CommandKind::dump_status, "SIGUSR1"});
                       const bool is_second = state_ == State::draining;
                       const auto kind = is_second ? CommandKind::stop_now : CommandKind::stop;
                       (void)mailbox_.post({kind, number == SIGTERM ? "SIGTERM" : "SIGINT"});
                     });
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a full quota is an error of write(2), not the end
  }

  // Tells whoever started us that we serve, or why not.
  void report_readiness(const std::optional<Error>& error) {
    if (!options_.ready) return;
    std::string text = "ready\n";
    if (error) {
      text = std::string(errc_name(error->code)) + " " + error->message + "\n";
      for (const std::string& suggestion : error->suggestions) text += suggestion + "\n";
    }
    (void)!::write(options_.ready->get(), text.data(), text.size());
    options_.ready.reset();
  }

  void obey(const Command& command) {
    switch (command.kind) {
      case CommandKind::stop:
        if (state_ == State::running) tasks_.spawn("drain", drain(command.reason));
        return;
      case CommandKind::stop_now:
        log::warning("leaving at once", {log::kv("why", command.reason)});
        if (rendezvous_) rendezvous_->retract();
        std::_Exit(1);  // stores survive this as they survive kill -9
      case CommandKind::reload:
        (void)reload();
        return;
      case CommandKind::dump_status:
        log::info("status", {log::kv("json", json::dump(status()))});
        return;
    }
  }

  // Stops accepting, lets calls finish until the deadline, answers the rest with an error, stops
  // the packs, leaves.
  io::Task drain(std::string reason) {
    state_ = State::draining;
    log::info("draining",
              {log::kv("why", reason), log::kv("in_flight", server_.requests_in_flight())});
    idle_timer_.cancel();
    events_.add("daemon", "draining", "", "", R"({"why":)" + json::quoted(reason) + '}');
    server_.stop_accepting();
    rendezvous_watch_.reset();
    if (rendezvous_) rendezvous_->retract();
    catalog_.tasks()->abandon(task_error());  // while there is somebody to hear it
    server_.drain(reason);
    for (const auto& front : fronts_) front->drain();
    const auto deadline = clock_.monotonic() + options_.settings.drain_timeout;
    drain_timer_.start(deadline, [this] { drain_progress_.notify(); });
    // A session ends when its last call is answered and the client has read that.
    while (!is_quiet() && clock_.monotonic() < deadline) {
      co_await drain_progress_.wait();
    }
    drain_timer_.cancel();
    if (server_.requests_in_flight() > 0) {
      log::warning("calls cut short", {log::kv("in_flight", server_.requests_in_flight())});
      server_.abandon(draining_error());
      for (const auto& front : fronts_) front->abandon(draining_error());
    }
    for (const auto& front : fronts_) co_await front->close();
    co_await server_.close();
    co_await stop_packs();
    log::info("stopped", {log::kv("why", reason)});
    state_ = State::stopped;
    signals_.reset();
    loop_.stop();
  }

  // Packs may block while they flush: that happens on a thread of its own, bounded by the drain
  // timeout, which may be short or 0, and a least time to flush.
  io::Task stop_packs() {
    const auto patience =
        std::max<std::chrono::milliseconds>(options_.settings.drain_timeout, least_flush_time);
    const auto deadline = clock_.monotonic() + patience;
    drain_timer_.start(deadline, [this] { drain_progress_.notify(); });
    bool is_done = false;
    stopper_ = std::thread([&] {
      packs_.stop();
      long_pool_.close();
      pool_.close();
      loop_.post([&] {
        is_done = true;
        drain_progress_.notify();
      });
    });
    while (!is_done && clock_.monotonic() < deadline) co_await drain_progress_.wait();
    if (!is_done) {
      log::error("a pack does not stop; leaving without it");
      std::_Exit(1);
    }
    stopper_.join();
  }

  // Commands
  Result<std::vector<std::string>> reload() override {
    auto settings = options_.reload_settings
                        ? options_.reload_settings()
                        : Result<config::Settings>(
                              fail(Errc::unsupported, "this daemon has no configuration file"));
    if (!settings) {
      reload_error_ = settings.error().message;
      log::error("the configuration stays as it was", {log::kv("error", reload_error_)});
      return std::unexpected(settings.error());
    }
    reload_error_.clear();
    std::vector<std::string> needs_restart;
    if (settings->packs != options_.settings.packs) needs_restart.emplace_back("packs");
    if (settings->data != options_.settings.data) needs_restart.emplace_back("data");
    if (settings->durability != options_.settings.durability)
      needs_restart.emplace_back("durability");
    if (settings->http != options_.settings.http) needs_restart.emplace_back("http");
    if (settings->log_size != options_.settings.log_size) needs_restart.emplace_back("log_size");
    if (settings->log_keep != options_.settings.log_keep) needs_restart.emplace_back("log_keep");
    // The others stay as they were until the next start, unwritten: pool threads read them. What is
    // written here is the loop's.
    config::Settings& now = options_.settings;
    now.idle_timeout = settings->idle_timeout;
    now.drain_timeout = settings->drain_timeout;
    now.log_level = settings->log_level;
    now.limits = settings->limits;
    now.roots = readable_roots(std::move(settings->roots), options_.paths.all());
    now.namespaces = std::move(settings->namespaces);
    std::ranges::move(packs_.take_settings(settings->pack_settings),
                      std::back_inserter(needs_restart));
    config_id_ = config::config_id(now, options_.paths.data);
    log::set_level(options_.settings.log_level);
    server_.apply(options_.settings.limits);
    on_activity();
    events_.add("daemon", "reloaded");
    log::info("configuration read again", {log::kv("needs_restart", needs_restart.size())});
    return needs_restart;
  }

  // Whether all clients have their answers.
  bool is_quiet() const {
    return server_.sessions().empty() &&
           std::ranges::none_of(fronts_, [](const auto& front) { return front->is_busy(); });
  }

  void in_person(std::string_view pack,
                 std::string_view arguments,
                 pack::Reviewer reviewer,
                 std::move_only_function<void(Result<std::string>)> answer) override {
    packs_.in_person(pack, arguments, std::move(reviewer), std::move(answer));
  }

  json::Object status() const override {
    json::Object status = make_status({.state = state_name(state_),
                                       .config_id = config_id_,
                                       .store_owner = store_owner_.value_or(""),
                                       .started = started_,
                                       .now = clock_.wall(),
                                       .is_private = is_private(),
                                       .paths = options_.paths,
                                       .server = server_,
                                       .catalog = catalog_,
                                       .packs = packs_.packs(),
                                       .last_reload_error = reload_error_});
    for (const auto& front : fronts_) front->describe(status);
    return status;
  }

  SelfReport report() const {
    return {.state = state_name(state_),
            .uptime = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall() - started_),
            .sessions = server_.sessions().size(),
            .packs = packs_.packs()};
  }

  // FrontHost
  Server& server() override { return server_; }
  const ipc::Paths& paths() const override { return options_.paths; }
  std::string_view state() const override { return state_name(state_); }
  WallTime started() const override { return started_; }
  std::vector<const pack::Pack*> packs() const override { return packs_.packs(); }
  EventLog& events() override { return events_; }
  Commands& commands() override { return *this; }
  VerbCalls& verbs() override { return verbs_; }
  void on_quiet() override {
    if (state_ == State::draining) drain_progress_.notify();
  }

  // ServerHost
  std::expected<ipc::Welcome, ipc::Refusal> check(const ipc::Greeting& greeting) override {
    const auto refuse = [](std::string reason, Errc code, std::string message,
                           std::vector<std::string> suggestions) {
      return std::unexpected(
          ipc::Refusal{std::move(reason), Error{code, std::move(message), std::move(suggestions)}});
    };
    if (state_ == State::draining)
      return refuse("draining", Errc::draining, "the daemon is leaving", {"connect again"});
    if (greeting.kind != "raw" && greeting.protocol < ipc::oldest_protocol) {
      return refuse("protocol_mismatch", Errc::mismatch,
                    "this daemon speaks protocols " + std::to_string(ipc::oldest_protocol) +
                        " to " + std::to_string(ipc::protocol_version) + ", the client " +
                        std::to_string(greeting.protocol),
                    {"update the older side"});
    }
    if (!packs_.serves(greeting.name_space)) {
      return refuse("namespace_mismatch", Errc::mismatch,
                    "this daemon does not serve the namespace \"" + greeting.name_space + "\"",
                    {"choose one of [daemon] namespaces in config.toml", "use --no-daemon"});
    }
    if (auto conflict = find_conflict(greeting)) {
      return refuse("config_mismatch", Errc::mismatch, "the daemon serves " + *conflict,
                    {"leave the option out", "stop the daemon first", "use --no-daemon"});
    }
    return ipc::Welcome{.protocol = std::min(greeting.protocol, ipc::protocol_version),
                        .version = std::string(version()),
                        .pid = ::getpid(),
                        .started_at = format_rfc3339(started_),
                        .state = std::string(state_name(state_)),
                        .config_id = config_id_,
                        .session = {},
                        .resume = {},
                        .challenge = {},
                        .store_owner = store_owner_.value_or("")};
  }

  // What an explicit override of the client contradicts; nothing when all fit.
  std::optional<std::string> find_conflict(const ipc::Greeting& greeting) const {
    if (!greeting.data.empty() && greeting.data != options_.paths.data) {
      return "the stores in " + options_.paths.data + ", the client asks for " + greeting.data;
    }
    const auto served = packs_.names();
    for (const std::string& wanted : greeting.packs) {
      if (std::ranges::find(served, wanted) == served.end()) return "no pack \"" + wanted + "\"";
    }
    return std::nullopt;
  }

  void control(Session& session, const json::Envelope& message) override {
    control_.answer(session, message);
  }

  void session_changed(const pack::Caller& caller, bool is_open) override {
    packs_.session_changed(caller, is_open);
    events_.add("session", is_open ? "opened" : "closed", caller.name_space, caller.session,
                R"({"client":)" + json::quoted(caller.client_name) + R"(,"client_kind":)" +
                    json::quoted(caller.kind) + R"(,"pid":)" + std::to_string(caller.pid) + '}');
  }

  // Reads are many: they are events only for those who look.
  void call_ended(const mcp::CallRecord& call) {
    // Those of no pack change things by way of others, which are told of themselves.
    const bool has_changed = call.error == nullptr && call.tool != nullptr &&
                             !call.tool->pack.empty() && !call.tool->spec.annotations.read_only;
    if (has_changed) {
      events_.add("pack", "changed", call.caller.name_space, call.caller.session,
                  R"({"pack":)" + json::quoted(call.tool->pack) + R"(,"tool":)" +
                      json::quoted(call.subject) + '}');
    }
    if (!events_.is_followed("request")) return;
    events_.add("request", call.error == nullptr ? "answered" : "failed", call.caller.name_space,
                call.caller.session,
                R"({"subject":)" + json::quoted(call.subject) + R"(,"microseconds":)" +
                    std::to_string(call.duration.count()) +
                    (call.error == nullptr
                         ? "}"
                         : R"(,"code":")" + std::string(errc_name(call.error->code)) + "\"}"));
  }

  void on_activity() override {
    if (state_ == State::draining && is_quiet()) drain_progress_.notify();
    if (state_ != State::running) return;
    idle_timer_.cancel();
    const auto limit = options_.settings.idle_timeout;
    const bool is_idle = server_.sessions().empty() && server_.requests_in_flight() == 0 &&
                         !catalog_.tasks()->is_working() && !packs_.is_standing_by();
    if (!is_idle || limit.count() == 0 || is_private() || !fronts_.empty()) return;
    idle_timer_.start(clock_.monotonic() + limit, [this] {
      if (!packs_.is_standing_by()) stop("idle");  // since then
    });
  }

  Options options_;
  const SystemClock clock_;
  const WallTime started_ = clock_.wall();
  State state_ = State::initialized;
  bool is_private_ = false;
  int exit_status_ = 0;
  std::string config_id_;
  std::optional<std::string> store_owner_;  // another process, if it owns the stores
  std::string reload_error_;
  std::optional<StoreOwnership> ownership_;
  std::optional<Rendezvous> rendezvous_;
  io::Loop loop_;
  io::Pool pool_;
  io::Pool long_pool_;
  mcp::Catalog catalog_;
  VerbCalls verbs_{loop_, catalog_};
  // Not among packs_: it cannot be left out, has no stores and needs no context.
  std::unique_ptr<pack::Pack> requests_ = request::make_pack(verbs_);
  EventLog events_{clock_};
  Control control_{*this, events_};
  PackHost packs_;
  Mailbox mailbox_;
  std::optional<io::SignalWatcher> signals_;
  std::unique_ptr<io::DirectoryWatch> rendezvous_watch_;
  Server server_;
  std::vector<std::unique_ptr<Front>> fronts_;
  io::Timer idle_timer_;
  io::Timer drain_timer_;
  io::Event drain_progress_;  // what the drain waits for has come to pass, or it has waited enough
  std::thread stopper_;
  io::TaskScope tasks_;  // last
};

Daemon::Daemon(Options options) : core_(std::make_unique<Core>(std::move(options))) {}
Daemon::~Daemon() = default;
void Daemon::add(std::unique_ptr<pack::Pack> pack) {
  core_->add(std::move(pack));
}
void Daemon::add(std::unique_ptr<Front> front) {
  core_->add(std::move(front));
}
int Daemon::run() {
  return core_->run();
}
void Daemon::stop(std::string reason) {
  core_->stop(std::move(reason));
}

}  // namespace hearth::daemon
