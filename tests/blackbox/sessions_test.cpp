// A thousand sessions at once, and four of the bad kind among them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <thread>
#include <vector>

#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

constexpr std::size_t memory_cap = std::size_t{64} << 20;

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

class ThousandSessions : public testing::Test {
 protected:
  void SetUp() override {
    raise_file_limit();
    // Started with the limit that shells give: the daemon has to raise it itself.
    Plan plan = home_.plan({"daemon", "start"});
    plan.before_exec = [] {
      rlimit limit{};
      (void)::getrlimit(RLIMIT_NOFILE, &limit);
      limit.rlim_cur = std::min<rlim_t>(1024, limit.rlim_max);
      (void)::setrlimit(RLIMIT_NOFILE, &limit);
    };
    const Outcome started = run(plan, patience);
    ASSERT_EQ(started.exit_code, 0) << started.describe();
    daemon_ = home_.daemons().front();
    for (std::size_t i = 0; i < sizes().sessions; ++i) {
      auto client = SocketClient::connect(home_);
      ASSERT_TRUE(client) << i << ": " << client.error().message;
      clients_.push_back(std::move(*client));
    }
  }

  // Every session makes a request, one after the other, `rounds` times; the 99th percentile in µs.
  double p99_of_all(int rounds) {
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
      for (SocketClient& client : clients_) {
        const auto began = std::chrono::steady_clock::now();
        const auto answer = client.request("ping", {}, patience);
        if (!answer) ADD_FAILURE() << answer.error().message;
        if (!answer) return 0;
        times.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began)
                .count());
        most_memory_ = std::max(most_memory_, resident_bytes(daemon_));
      }
    }
    std::ranges::sort(times);
    return times[times.size() * 99 / 100];
  }

  TempHome home_;
  pid_t daemon_ = -1;
  std::deque<SocketClient> clients_;
  std::size_t most_memory_ = 0;
};

// Sends requests as fast as they are taken, and reads the answers.
class Flood {
 public:
  explicit Flood(SocketClient client) : client_(std::move(client)) {
    writer_ = std::jthread([this](const std::stop_token& stop) {
      std::string batch;
      for (int i = 0; i < 100; ++i)
        ipc::append_frame(batch, R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
      while (!stop.stop_requested() && write_all(client_.fd(), batch)) ++batches_;
    });
    reader_ = std::jthread([this] {
      char chunk[65536];
      while (::recv(client_.fd(), chunk, sizeof chunk, 0) > 0) {
      }
    });
  }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;
  ~Flood() {
    writer_.request_stop();
    ::shutdown(client_.fd(), SHUT_RDWR);
  }
  [[nodiscard]] int batches() const { return batches_; }

 private:
  SocketClient client_;
  std::atomic<int> batches_{0};
  std::jthread writer_, reader_;
};

// Asks for large answers and takes none, until the daemon takes no more requests or hangs up.
void ask_without_reading(const SocketClient& client) {
  std::string batch;
  for (int i = 0; i < 50; ++i)
    ipc::append_frame(batch, R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < deadline) {
    if (::send(client.fd(), batch.data(), batch.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) continue;
    if (errno != EAGAIN) return;
    pollfd entry{client.fd(), POLLOUT, 0};
    if (::poll(&entry, 1, 300) == 0) return;
  }
}

bool is_hung_up(const SocketClient& client) {
  char chunk[65536];
  pollfd entry{client.fd(), POLLIN, 0};
  while (::poll(&entry, 1, 5000) > 0) {
    if (::recv(client.fd(), chunk, sizeof chunk, MSG_DONTWAIT) <= 0) return true;
  }
  return false;
}

TEST_F(ThousandSessions, BadOnesAmongThemHarmNobody) {
  const double undisturbed = p99_of_all(sizes().session_rounds);

  auto silent = SocketClient::connect(home_);
  auto half = SocketClient::connect(home_);
  auto huge = SocketClient::connect(home_);
  auto flood = SocketClient::connect(home_);
  ASSERT_TRUE(silent && half && huge && flood);
  ask_without_reading(*silent);
  ASSERT_TRUE(write_all(half->fd(), std::string_view("\0\0\1\0{\"json", 10)));
  ASSERT_TRUE(write_all(huge->fd(), "\xff\xff\xff\xff{\"jsonrpc\""));
  EXPECT_TRUE(is_hung_up(*huge)) << "a frame of 4 GiB ends its session at once";
  double disturbed = 0;
  {
    const Flood running(std::move(*flood));
    EXPECT_TRUE(eventually([&] { return running.batches() > 0; }, patience));
    disturbed = p99_of_all(sizes().session_rounds);
  }
  std::printf(
      "%zu sessions: p99 %.0f µs undisturbed, %.0f µs beside four bad ones (%.1f ×); daemon at "
      "most %.1f MB\n",
      clients_.size(), undisturbed, disturbed, disturbed / undisturbed,
      static_cast<double>(most_memory_) / 1e6);
  if (!is_sanitized()) {
    EXPECT_LT(most_memory_, memory_cap);
  }
  EXPECT_LT(disturbed, 1e6) << "an order of magnitude; the ratio is bench's";
  EXPECT_EQ(home_.daemons(), std::vector{daemon_});

  // What was bad has its end, what was half can still become whole.
  ASSERT_TRUE(write_all(half->fd(), std::string(256 - 6, ' ')));
  pollfd entry{half->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 5000), 1) << "the broken message is answered";
  silent->close();
  const auto status = clients_.front().request("daemon/status", {}, patience);
  ASSERT_TRUE(status);
  EXPECT_GE(json::find(*status, "sessions")->get_array().size(), clients_.size());
}

TEST_F(ThousandSessions, TheirMemoryIsGivenBackAndTheirDescriptorsToo) {
  EXPECT_GT(p99_of_all(1), 0);
  clients_.clear();
  auto last = SocketClient::connect(home_);
  ASSERT_TRUE(last);
  EXPECT_TRUE(eventually(
      [&] {
        const auto status = last->request("daemon/status", {}, patience);
        return status && json::find(*status, "sessions")->get_array().size() == 1;
      },
      patience));
}

}  // namespace
}  // namespace hearth::test
