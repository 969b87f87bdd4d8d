// One run, from its start until everything in the sandbox has ended: its limits, its output, its
// outcome.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "packs/mandates/inside/order.hpp"
#include "packs/mandates/sandbox/channels.hpp"
#include "packs/mandates/sandbox/command_group.hpp"
#include "packs/mandates/sandbox/connect_proxy.hpp"
#include "packs/mandates/sandbox/launch.hpp"
#include "packs/mandates/sandbox/plan_check.hpp"
#include "packs/mandates/sandbox/process_mark.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds longest_start{60'000};  // until the sandbox stands
constexpr milliseconds grace{2'000};  // for the first process to end all; then bubblewrap is killed

class Run final {
 public:
  Run(const Settings& settings, const Plan& plan, const std::stop_token& stop)
      : settings_(settings), plan_(plan), stop_(stop), began_(steady_clock::now()) {}

  Result<Outcome> operator()() {
    if (auto done = start(); !done) return std::unexpected(std::move(done.error()));
    const std::stop_callback wake(stop_, [this] {
      const std::uint64_t one = 1;
      (void)!::write(stopped_.get(), &one, sizeof one);
    });
    follow();
    return concluded();
  }

 private:
  Result<void> start() {
    stopped_.reset(::eventfd(0, EFD_CLOEXEC));
    if (!stopped_.valid()) return fail_errno("eventfd", errno);
    if (!plan_.network.empty()) {
      auto proxy = ConnectProxy::start(plan_.network);
      if (!proxy) return std::unexpected(std::move(proxy.error()));
      proxy_ = std::move(*proxy);
    }
    Company company;
    if (proxy_) company.proxy_socket = proxy_->socket_path();
    if (settings_.delegation) {
      auto group = settings_.delegation->make_group(plan_.limits);
      if (!group) {
        group.error().code = Errc::unavailable;
        return std::unexpected(std::move(group.error()));
      }
      company.group = group_.emplace(std::move(*group)).entrance();
    }
    auto launched = launch(settings_, plan_, company);
    if (!launched) return std::unexpected(std::move(launched.error()));
    launched_ = std::move(*launched);
    return {};
  }

  // Until the keeper has ended, and bubblewrap before it, and all output is read.
  void follow() {
    deadline_ = began_ + longest_start;
    bool is_ended = false;
    while (!is_ended || launched_.streams[0].valid() || launched_.streams[1].valid()) {
      std::array<pollfd, 5> entries{pollfd{launched_.streams[0].get(), POLLIN, 0},
                                    pollfd{launched_.streams[1].get(), POLLIN, 0},
                                    pollfd{report_ ? -1 : launched_.control.get(), POLLIN, 0},
                                    pollfd{is_ended ? -1 : launched_.keeper->pidfd(), POLLIN, 0},
                                    pollfd{why_ ? -1 : stopped_.get(), POLLIN, 0}};
      auto left = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now());
      if (has_begun_ && plan_.each_second) left = std::min(left, tick());
      (void)::poll(entries.data(), entries.size(),
                   static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000)));
      if (entries[2].revents != 0) read_control();
      if (entries[0].revents != 0) read_stream(0);
      if (entries[1].revents != 0) read_stream(1);
      // Reaping also ends what a killed bubblewrap left, which holds the streams.
      is_ended = is_ended || (entries[3].revents != 0 && launched_.keeper->wait());
      if (is_ended && why_ && !is_killed_) return;  // what it still has to say is not wanted
      if (entries[4].revents != 0) end(Outcome::End::stopped);
      if (steady_clock::now() >= deadline_) why_ ? kill() : end(Outcome::End::time);
    }
  }

  // How long until the next one.
  milliseconds tick() {
    constexpr milliseconds second{1'000};
    const auto now = steady_clock::now();
    if (now >= next_tick_) {
      plan_.each_second();
      next_tick_ = now + second;
    }
    return std::chrono::ceil<milliseconds>(next_tick_ - now);
  }

  void read_stream(std::size_t which) {
    std::array<char, 65'536> part;
    const ssize_t got = ::read(launched_.streams[which].get(), part.data(), part.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) return launched_.streams[which].reset();
    std::string& text = texts_[which];
    const std::size_t room = plan_.limits.output_bytes - text.size();
    text.append(part.data(), std::min(room, static_cast<std::size_t>(got)));
    if (static_cast<std::size_t>(got) > room) end(Outcome::End::output);
  }

  void read_control() {
    const auto message = receive(launched_.control.get());
    if (!message && (errno == EINTR || errno == EAGAIN)) return;
    if (message && message->text == inside::ready) return begin(message->sender);
    report_ = message ? inside::Report::parse(message->text) : std::nullopt;
    if (!report_) report_.emplace(inside::Report{.end = inside::Report::End::not_begun});
  }

  // The sandbox stands. The command's time begins now.
  void begin(pid_t first_process) {
    if (why_ || has_begun_) return;
    if (plan_.before_start) {
      if (auto done = plan_.before_start(first_process); !done) {
        refused_ = std::move(done.error());
        return end(Outcome::End::stopped);
      }
    }
    if (auto mark = mark_of(first_process)) first_process_ = *mark;
    has_begun_ = true;
    began_ = steady_clock::now();
    deadline_ = began_ + plan_.limits.time;
    (void)::send(launched_.control.get(), inside::go.data(), inside::go.size(), MSG_NOSIGNAL);
  }

  // The first process ends when its socket does, and takes all with it.
  void end(Outcome::End why) {
    if (why_) return;
    why_ = why;
    ::shutdown(launched_.control.get(), SHUT_RDWR);
    deadline_ = steady_clock::now() + grace;
  }

  void kill() {
    is_killed_ = true;
    deadline_ = steady_clock::now() + grace;
    launched_.keeper->signal(SIGKILL);
  }

  Result<Outcome> concluded() {
    const auto ended = launched_.keeper->stop(milliseconds(0));
    if (auto gone = wait_for_the_rest(); !gone) return std::unexpected(std::move(gone.error()));
    if (refused_) return std::unexpected(std::move(*refused_));
    if (why_ && !has_begun_) {
      if (why_ == Outcome::End::time)
        return fail(Errc::timed_out, "the sandbox did not stand within a minute");
      return fail(Errc::cancelled, "the command was stopped before it began");
    }
    Outcome outcome{.took = std::chrono::floor<milliseconds>(steady_clock::now() - began_)};
    outcome.out = std::move(texts_[0]);
    outcome.err = std::move(texts_[1]);
    if (proxy_) outcome.refused_hosts = proxy_->refused();
    const bool is_told = report_ && report_->end != inside::Report::End::not_begun;
    if (is_told && !why_) add_report(outcome);
    if (why_)
      outcome.end = *why_;
    else if (has_begun_ && group_ && group_->is_out_of_memory())
      outcome.end = Outcome::End::memory;
    else if (!is_told)
      return not_begun(outcome.err, ended);
    return outcome;
  }

  // Nothing is left, but where somebody killed the keeper or bubblewrap.
  Result<void> wait_for_the_rest() const {
    auto gone = wait_for_end(first_process_, grace);
    if (gone && group_ && !group_->end())
      gone = fail(Errc::unavailable, "a process of a sandbox does not end");
    if (!gone) gone.error().code = Errc::outcome_unknown;
    return gone;
  }

  void add_report(Outcome& outcome) const {
    using End = inside::Report::End;
    outcome.number = report_->number;
    outcome.peak_bytes = report_->peak_bytes;
    outcome.peak_processes = report_->peak_processes;
    if (report_->end == End::signalled) outcome.end = Outcome::End::signalled;
    if (report_->end == End::memory) outcome.end = Outcome::End::memory;
    if (report_->end == End::processes) outcome.end = Outcome::End::processes;
  }

  [[nodiscard]] std::unexpected<Error> not_begun(const std::string& said,
                                                 io::ChildEnd ended) const {
    if (has_begun_ && (!report_ || report_->step.empty()))
      return fail(Errc::outcome_unknown,
                  "the sandbox came to an end and told nothing: bubblewrap " + ended.describe());
    if (!report_ || report_->step.empty()) {
      return fail(Errc::unavailable,
                  "bubblewrap " + ended.describe() + ": " + said.substr(0, said.find('\n')),
                  {"unprivileged user namespaces may be switched off on this machine: see "
                   "kernel.unprivileged_userns_clone, or AppArmor's rule for bwrap"});
    }
    auto failed = fail_errno(report_->step, report_->number);
    if (report_->number == ESTALE) failed.error().code = Errc::permission;  // a mount
    if (report_->step.starts_with("landlock") || report_->step.starts_with("seccomp"))
      failed.error().code = Errc::unavailable;
    return failed;
  }

  const Settings& settings_;
  const Plan& plan_;
  const std::stop_token& stop_;
  steady_clock::time_point began_;
  steady_clock::time_point deadline_;
  steady_clock::time_point next_tick_;
  std::unique_ptr<ConnectProxy> proxy_;
  std::optional<CommandGroup> group_;
  UniqueFd stopped_;
  Launched launched_;
  ProcessMark first_process_;  // once it has begun
  std::array<std::string, 2> texts_;
  std::optional<inside::Report> report_;
  std::optional<Outcome::End> why_;  // ended from outside
  std::optional<Error> refused_;     // by the plan's before_start
  bool has_begun_ = false;
  bool is_killed_ = false;
};

}  // namespace

Result<Outcome> run_in_sandbox(const Settings& settings,
                               const Plan& plan,
                               const std::stop_token& stop) {
  if (auto done = check_plan(plan, settings.hidden); !done)
    return std::unexpected(std::move(done.error()));
  if (stop.stop_requested()) return fail(Errc::cancelled, "the command was stopped");
  return Run(settings, plan, stop)();
}

}  // namespace hearth::packs::mandates::sandbox
