#include "io/captured_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace hearth::io {
namespace {

constexpr std::size_t most_of_complaint = 400;  // bytes of standard error
constexpr std::size_t most_of_errors = std::size_t{64} << 10;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Appends what is there; closes the pipe at its end.
void drain(UniqueFd& pipe, std::string& out) {
  std::array<char, 16384> part{};
  const ssize_t got = ::read(pipe.get(), part.data(), part.size());
  if (got > 0) out.append(part.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) pipe.reset();
}

std::string last_words(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) return {};
  const auto from = text.size() > most_of_complaint ? text.size() - most_of_complaint : 0;
  return ": " + std::string(text.substr(from));
}

std::chrono::milliseconds left_until(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::clamp(left, std::chrono::milliseconds(0), std::chrono::milliseconds(3'600'000));
}

// Of one that has closed its output; also nothing when `stopped` becomes readable before.
std::optional<ChildEnd> end_of(ChildProcess& child,
                               std::chrono::steady_clock::time_point deadline,
                               int stopped) {
  std::array<pollfd, 2> entries{pollfd{child.pidfd(), POLLIN, 0}, pollfd{stopped, POLLIN, 0}};
  const auto left = static_cast<int>(left_until(deadline).count());
  if (::poll(entries.data(), entries.size(), left) > 0 && entries[0].revents == 0)
    return std::nullopt;
  return child.wait(deadline);
}

}  // namespace

Result<Captured> captured(ChildPlan plan,
                          std::size_t most_bytes,
                          std::chrono::milliseconds timeout,
                          const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto output = make_pipe();
  if (!output) return std::unexpected(std::move(output.error()));
  auto errors = make_pipe();
  if (!errors) return std::unexpected(std::move(errors.error()));
  plan.output = output->write_end.get();
  plan.errors = errors->write_end.get();
  const std::string name = plan.words.empty() ? "" : plan.words.front();
  const UniqueFd stopped(::eventfd(0, EFD_CLOEXEC));
  if (!stopped.valid()) return fail_errno("eventfd", errno);
  auto child = ChildProcess::start(plan);
  if (!child) return std::unexpected(std::move(child.error()));
  output->write_end.reset();
  errors->write_end.reset();
  const std::stop_callback wake(stop, [&] {
    const std::uint64_t one = 1;
    (void)!::write(stopped.get(), &one, sizeof one);
  });
  Captured all;
  std::string& text = all.output;
  std::string& said = all.errors;
  while (output->read_end.valid() || errors->read_end.valid()) {
    std::array<pollfd, 3> entries{pollfd{output->read_end.get(), POLLIN, 0},
                                  pollfd{errors->read_end.get(), POLLIN, 0},
                                  pollfd{stopped.get(), POLLIN, 0}};
    const auto left = left_until(deadline);
    if (left.count() <= 0)
      return fail(Errc::timed_out,
                  name + " took longer than " + std::to_string(timeout.count()) + " ms");
    (void)::poll(entries.data(), entries.size(), static_cast<int>(left.count()));
    if (stop.stop_requested()) return fail(Errc::cancelled, name + " was stopped");
    if (entries[0].revents != 0) drain(output->read_end, text);
    if (entries[1].revents != 0) drain(errors->read_end, said);
    if (said.size() > 2 * most_of_errors) said.erase(0, said.size() - most_of_errors);
    if (text.size() > most_bytes)
      return fail(Errc::unsupported,
                  name + " prints more than " + std::to_string(most_bytes) + " bytes");
  }
  const auto end = end_of(**child, deadline, stopped.get());
  if (stop.stop_requested()) return fail(Errc::cancelled, name + " was stopped");
  if (!end) return fail(Errc::timed_out, name + " closed its output and does not end");
  all.end = *end;
  return all;
}

Result<std::string> captured_output(ChildPlan plan,
                                    std::size_t most_bytes,
                                    std::chrono::milliseconds timeout,
                                    const std::stop_token& stop) {
  const std::string name = plan.words.empty() ? "" : plan.words.front();
  auto all = captured(std::move(plan), most_bytes, timeout, stop);
  if (!all) return std::unexpected(std::move(all.error()));
  if (!all->end.is_success()) {
    return fail(Errc::unavailable, name + " " + all->end.describe() + last_words(all->errors));
  }
  return std::move(all->output);
}

}  // namespace hearth::io
