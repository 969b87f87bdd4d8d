// One run: bubblewrap as a child, its order and report over a socket, its output through pipes.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "io/child_process.hpp"
#include "packs/mandates/inside/order.hpp"
#include "packs/mandates/sandbox/bubblewrap.hpp"
#include "packs/mandates/sandbox/connect_proxy.hpp"
#include "packs/mandates/sandbox/memory_file.hpp"
#include "packs/mandates/sandbox/real_path.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t longest_words = 100'000;    // bytes of the command
constexpr std::size_t longest_input = 16U << 20;  // bytes
constexpr milliseconds longest_time{24 * 3'600'000};
constexpr milliseconds longest_start{60'000};  // until the sandbox stands
constexpr milliseconds grace{2'000};  // for the first process to end all; then bubblewrap is killed

struct Ends {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<Ends> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  return Ends{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<Ends> make_control() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno("socketpair", errno);
  const int on = 1;
  (void)::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return Ends{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// A message, and which process sent it, by its number in our namespace; 0: nobody says.
struct Message {
  std::string text;
  pid_t sender = 0;
};

// Nothing at the end, and where there is none now (errno).
std::optional<Message> receive(int socket) {
  std::array<char, 1'024> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> credentials{};
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = credentials.data();
  message.msg_controllen = credentials.size();
  const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got <= 0) {
    if (got == 0) errno = 0;
    return std::nullopt;
  }
  Message received{.text = std::string(text.data(), static_cast<std::size_t>(got)), .sender = 0};
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == SOL_SOCKET &&
      header->cmsg_type == SCM_CREDENTIALS) {
    ucred who{};
    std::memcpy(&who, CMSG_DATA(header), sizeof who);
    received.sender = who.pid;
  }
  return received;
}

// As the mounts would resolve it: else a symbolic link would show something else.
Result<void> check_place(const std::string& path, const std::string& what) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return fail_errno(what + " " + path, error.value());
  if (real.string() == path && path != "/") return {};
  return fail(Errc::invalid_args, what + " " + path + " is not its real path",
              {"name " + real.string()});
}

// What is to be mounted, for the first process to look whether it was. Since the path was checked,
// somebody may have put a link there.
Result<std::vector<std::string>> mounts_of(const Plan& plan) {
  std::vector<std::string> paths = plan.tools;
  paths.push_back(plan.workspace);
  paths.insert(paths.end(), plan.writable.begin(), plan.writable.end());
  std::vector<std::string> mounted;
  for (const std::string& path : paths) {
    const auto file = open_real(path);
    if (!file) return std::unexpected(file.error());
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return fail_errno(path, errno);
    mounted.push_back(inside::mounted_as(status, path));
  }
  return mounted;
}

Result<void> check_paths(const Settings& settings, const Plan& plan) {
  if (auto done = check_place(plan.workspace, "the workspace"); !done) return done;
  for (const std::string& path : plan.tools) {
    if (auto done = check_place(path, "the directory of tools"); !done) return done;
  }
  for (const std::string& path : plan.writable) {
    if (auto done = check_place(path, "the writable"); !done) return done;
  }
  for (const std::string& path : plan.read_only) {
    const auto holds = [&](const std::string& shown) { return is_within(path, shown); };
    if (!holds(plan.workspace) && std::ranges::none_of(plan.writable, holds))
      return fail(Errc::invalid_args, path + " is not below the workspace " + plan.workspace);
  }
  for (const auto& [path, content] : plan.replaced) {
    if (auto done = check_place(path, "the file"); !done) return done;
  }
  for (const std::string& path : settings.hidden) {
    std::vector<std::string> shown = plan.tools;
    shown.push_back(plan.workspace);
    shown.insert(shown.end(), plan.writable.begin(), plan.writable.end());
    for (const std::string& each : shown) {
      if (is_within(each, path))
        return fail(Errc::permission, each + " belongs to hearth itself (" + path + ")",
                    {"no command may see it: name another directory"});
    }
  }
  // Mounted over these, a workspace would take the place of the system.
  for (const char* const path : {"/usr", "/etc", "/proc", "/dev", "/run", "/sys", "/bin", "/lib"}) {
    if (is_within(plan.workspace, path) || plan.workspace == "/tmp")
      return fail(Errc::permission, plan.workspace + " is a directory of the system",
                  {"name a project's directory"});
  }
  return {};
}

Result<void> check(const Settings& settings, const Plan& plan) {
  std::size_t bytes = 0;
  for (const std::string& word : plan.words) {
    if (word.find('\0') != std::string::npos)
      return fail(Errc::invalid_args, "an argument has a zero byte in it");
    bytes += word.size() + 1;
  }
  if (plan.words.empty() || plan.words.front().empty() || bytes > longest_words)
    return fail(Errc::invalid_args, "a command has a program and at most 100,000 bytes");
  if (plan.input.size() > longest_input)
    return fail(Errc::invalid_args, "a command's input has at most 16 MiB");
  if (plan.limits.time <= milliseconds(0) || plan.limits.time > longest_time)
    return fail(Errc::invalid_args, "a command's time limit is between 1 ms and 24 h");
  for (const auto& [name, value] : plan.environment) {
    if (const std::string why = refusal_of_variable(name, value); !why.empty())
      return fail(Errc::permission, why);
  }
  return check_paths(settings, plan);
}

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
    auto control = make_control();
    auto out = make_pipe();
    auto err = make_pipe();
    if (!control || !out || !err) return fail_errno("make a sandbox's pipes", errno);
    stopped_.reset(::eventfd(0, EFD_CLOEXEC));
    if (!stopped_.valid()) return fail_errno("eventfd", errno);
    if (!plan_.network.empty()) {
      auto proxy = ConnectProxy::start(plan_.network);
      if (!proxy) return std::unexpected(std::move(proxy.error()));
      proxy_ = std::move(*proxy);
    }
    io::ChildPlan child{.words = {settings_.bubblewrap},
                        .environment = environment_of(plan_),
                        .output = out->theirs.get(),
                        .errors = err->theirs.get()};
    if (auto done = add_words(child, control->theirs.get()); !done) return done;
    auto started = io::ChildProcess::start(child);
    if (!started) {
      started.error().code = Errc::unavailable;
      if (started.error().message.find("there is no program") != std::string::npos)
        started.error().suggestions = {"install bubblewrap (Debian: apt install bubblewrap)"};
      return std::unexpected(std::move(started.error()));
    }
    child_ = std::move(*started);
    lent_.clear();
    control_ = std::move(control->ours);
    streams_ = {std::move(out->ours), std::move(err->ours)};
    return {};
  }

  // Lends what bubblewrap and the first process read, and names it to them.
  Result<int> lend(std::string_view content) {
    auto file = memory_file(content);
    if (!file) return std::unexpected(std::move(file.error()));
    lent_.push_back(std::move(*file));
    return lent_.back().get();
  }

  Result<void> add_words(io::ChildPlan& child, int control) {
    const std::string user = std::to_string(inner_user());
    const auto users = lend("hearth:x:" + user + ":" + user + "::" + inner_home + ":/bin/sh\n");
    const auto groups = lend("hearth:x:" + user + ":\n");
    const auto input = lend(plan_.input);
    if (!users || !groups || !input) return fail_errno("memory file", errno);
    std::vector<std::pair<std::string, int>> replaced;
    for (const auto& [path, content] : plan_.replaced) {
      const auto file = lend(content);
      if (!file) return std::unexpected(file.error());
      replaced.emplace_back(path, *file);
      child.lent.push_back(*file);
    }
    std::string arguments;
    for (const std::string& word :
         bubblewrap_arguments(plan_, {.program = settings_.first_process,
                                      .proxy_socket = proxy_ ? proxy_->socket_path() : "",
                                      .users = *users,
                                      .groups = *groups,
                                      .replaced = std::move(replaced),
                                      .hidden = settings_.hidden}))
      arguments.append(word).push_back('\0');
    const auto told = lend(arguments);
    if (!told) return std::unexpected(told.error());
    auto mounted = mounts_of(plan_);
    if (!mounted) return std::unexpected(std::move(mounted.error()));
    inside::Order order{.control = control,
                        .input = *input,
                        .memory_bytes = plan_.limits.memory_bytes,
                        .file_bytes = plan_.limits.file_bytes,
                        .processes = plan_.limits.processes,
                        .open_files = plan_.limits.open_files,
                        .mounted = std::move(*mounted),
                        .directory = plan_.directory.empty() ? plan_.workspace : plan_.directory,
                        .words = plan_.words};
    if (proxy_) {
      order.relay_port = inner_proxy_port;
      order.relay_socket = inner_proxy;
    }
    add_landlock_paths(order, plan_);
    child.lent.insert(child.lent.end(), {*users, *groups, *input, *told, control});
    child.words.insert(child.words.end(), {"--args", std::to_string(*told), inner_program});
    const auto rest = order.to_arguments();
    child.words.insert(child.words.end(), rest.begin(), rest.end());
    return {};
  }

  // Until bubblewrap has ended, and with it everything in the sandbox, and all output is read.
  void follow() {
    deadline_ = began_ + longest_start;
    bool is_ended = false;
    while (!is_ended || streams_[0].valid() || streams_[1].valid()) {
      std::array<pollfd, 5> entries{pollfd{streams_[0].get(), POLLIN, 0},
                                    pollfd{streams_[1].get(), POLLIN, 0},
                                    pollfd{report_ ? -1 : control_.get(), POLLIN, 0},
                                    pollfd{is_ended ? -1 : child_->pidfd(), POLLIN, 0},
                                    pollfd{why_ ? -1 : stopped_.get(), POLLIN, 0}};
      auto left = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now());
      if (has_begun_ && plan_.each_second) left = std::min(left, tick());
      (void)::poll(entries.data(), entries.size(),
                   static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000)));
      if (entries[2].revents != 0) read_control();
      if (entries[0].revents != 0) read_stream(0);
      if (entries[1].revents != 0) read_stream(1);
      is_ended = is_ended || entries[3].revents != 0;
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
    const ssize_t got = ::read(streams_[which].get(), part.data(), part.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) return streams_[which].reset();
    std::string& text = texts_[which];
    const std::size_t room = plan_.limits.output_bytes - text.size();
    text.append(part.data(), std::min(room, static_cast<std::size_t>(got)));
    if (static_cast<std::size_t>(got) > room) end(Outcome::End::output);
  }

  void read_control() {
    const auto message = receive(control_.get());
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
    has_begun_ = true;
    began_ = steady_clock::now();
    deadline_ = began_ + plan_.limits.time;
    (void)::send(control_.get(), inside::go.data(), inside::go.size(), MSG_NOSIGNAL);
  }

  // The first process ends when its socket does, and takes all with it.
  void end(Outcome::End why) {
    if (why_) return;
    why_ = why;
    ::shutdown(control_.get(), SHUT_RDWR);
    deadline_ = steady_clock::now() + grace;
  }

  void kill() {
    is_killed_ = true;
    deadline_ = steady_clock::now() + grace;
    child_->signal(SIGKILL);
  }

  Result<Outcome> concluded() {
    const auto ended = child_->stop(milliseconds(0));
    if (refused_) return std::unexpected(std::move(*refused_));
    Outcome outcome{.took = std::chrono::floor<milliseconds>(steady_clock::now() - began_)};
    outcome.out = std::move(texts_[0]);
    outcome.err = std::move(texts_[1]);
    if (proxy_) outcome.refused_hosts = proxy_->refused();
    if (why_ && !has_begun_) {
      if (why_ == Outcome::End::time)
        return fail(Errc::timed_out, "the sandbox did not stand within a minute");
      return fail(Errc::cancelled, "the command was stopped before it began");
    }
    if (why_) {
      outcome.end = *why_;
      return outcome;
    }
    if (!report_ || report_->end == inside::Report::End::not_begun)
      return not_begun(outcome.err, ended);
    outcome.number = report_->number;
    outcome.peak_bytes = report_->peak_bytes;
    outcome.peak_processes = report_->peak_processes;
    using End = inside::Report::End;
    if (report_->end == End::signalled) outcome.end = Outcome::End::signalled;
    if (report_->end == End::memory) outcome.end = Outcome::End::memory;
    if (report_->end == End::processes) outcome.end = Outcome::End::processes;
    return outcome;
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
  std::vector<UniqueFd> lent_;
  UniqueFd stopped_;
  std::unique_ptr<io::ChildProcess> child_;
  UniqueFd control_;
  std::array<UniqueFd, 2> streams_;  // standard output and error
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
  if (auto done = check(settings, plan); !done) return std::unexpected(std::move(done.error()));
  if (stop.stop_requested()) return fail(Errc::cancelled, "the command was stopped");
  return Run(settings, plan, stop)();
}

}  // namespace hearth::packs::mandates::sandbox
