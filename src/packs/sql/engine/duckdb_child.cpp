#include "packs/sql/engine/duckdb_child.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/log.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

Result<std::pair<UniqueFd, UniqueFd>> socket_pair(int type) {
  int fds[2] = {-1, -1};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0) {
    return fail_errno("make sockets for the engine", errno);
  }
  return std::pair(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

Result<Report> receive_report(int control, MonotonicTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd one{control, POLLIN, 0};
  if (::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0) {
    return fail(Errc::timed_out, "the DuckDB process does not answer");
  }
  std::string bytes(most_control_bytes, '\0');
  const ssize_t size = ::recv(control, bytes.data(), bytes.size(), 0);
  if (size <= 0) return fail(Errc::unavailable, "the DuckDB process ended");
  bytes.resize(static_cast<std::size_t>(size));
  return decode_report(bytes);
}

}  // namespace

Result<std::shared_ptr<Child>> Child::start(const std::vector<std::string>& command,
                                            MonotonicTime deadline) {
  auto control = socket_pair(SOCK_SEQPACKET);
  if (!control) return std::unexpected(std::move(control.error()));
  auto process = io::ChildProcess::start(
      {.words = command, .environment = std::nullopt, .input = control->second.get(), .errors = 2});
  if (!process) return std::unexpected(std::move(process.error()).within("start DuckDB"));
  control->second.reset();
  auto report = receive_report(control->first.get(), deadline);
  if (!report) {
    const io::ChildEnd end = (*process)->stop(std::chrono::milliseconds(0));
    // Killed before it began: as if a moment later.
    if (report.error().code == Errc::unavailable && end.signal == SIGKILL) {
      return fail(Errc::engine_restarted, "the DuckDB process was killed at its start",
                  {"send it again"});
    }
    return std::unexpected(
        std::move(report.error()).within("start DuckDB (" + end.describe() + ")"));
  }
  log::info("DuckDB started",
            {log::kv("pid", (*process)->pid()), log::kv("version", report->version)});
  return std::make_shared<Child>(std::move(*process), std::move(control->first),
                                 std::move(*report));
}

Child::Child(std::unique_ptr<io::ChildProcess> process, UniqueFd control, Report report)
    : process_(std::move(process)),
      pid_(process_->pid()),
      control_(std::move(control)),
      report_(std::move(report)) {}

Child::~Child() {
  ::shutdown(control_.get(), SHUT_RDWR);  // it ends by itself
  process_->stop(std::chrono::milliseconds(0));
}

bool Child::ends_within(std::chrono::milliseconds time) const {
  pollfd one{process_->pidfd(), POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(time.count())) > 0;
}

void Child::expect_end() {
  constexpr std::chrono::milliseconds moment{500};
  (void)ends_within(moment);
}

bool Child::has_crashed() const {
  ::siginfo_t how{};
  const auto pidfd = static_cast<::id_t>(process_->pidfd());
  if (::waitid(P_PIDFD, pidfd, &how, WEXITED | WNOHANG | WNOWAIT) != 0 || how.si_pid == 0)
    return false;
  const bool is_killed =
      how.si_code == CLD_KILLED && (how.si_status == SIGKILL || how.si_status == SIGTERM);
  return !is_killed;
}

bool Crashes::is_repeated(const std::string& what) {
  const auto known = known_.lock();
  if (known->size() >= most_known) known->clear();
  return !known->insert(what).second;
}

bool Child::check(std::chrono::milliseconds patience) {
  const auto alone = checking_.lock();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // What it said too late the last time.
  while (::recv(control_.get(), nullptr, 0, MSG_DONTWAIT | MSG_TRUNC) > 0) continue;
  const Control ping{.kind = ControlKind::ping};
  if (send(ping, -1) && receive_report(control_.get(), deadline)) return true;
  log::warning("the DuckDB process does not answer and is killed", {log::kv("pid", pid_)});
  process_->signal(SIGKILL);
  (void)ends_within(patience);
  return false;
}

Result<Child::Opened> Child::open(Control control) {
  auto sockets = socket_pair(SOCK_STREAM);
  if (!sockets) return std::unexpected(std::move(sockets.error()));
  control.kind = ControlKind::open;
  control.connection = next_connection_++;
  if (auto sent = send(control, sockets->second.get()); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  return Opened{std::move(sockets->first), control.connection};
}

void Child::send(const Control& control) {
  (void)send(control, -1);
}

Result<void> Child::send(const Control& control, int fd) {
  std::string bytes = encode(control);
  if (bytes.size() > most_control_bytes) {
    return fail(Errc::invalid_args, "too many databases and directories for one session");
  }
  iovec buffer{bytes.data(), bytes.size()};
  alignas(cmsghdr) char ancillary[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = ancillary;
    message.msg_controllen = sizeof ancillary;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  // A full socket means that it has not read for hundreds of messages.
  if (::sendmsg(control_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    return fail(Errc::engine_restarted, "the DuckDB process ended or hangs", {"send it again"});
  }
  return {};
}

}  // namespace hearth::packs::sql::duckdb
