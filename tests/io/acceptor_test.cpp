#include "io/acceptor.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "io/task_scope.hpp"
#include "support/loop_thread.hpp"

namespace hearth::io {
namespace {

// A listening socket whose name the kernel chose, in the abstract namespace.
class Doorway {
 public:
  Doorway() : listener_(make_socket()) {
    address_.sun_family = AF_UNIX;
    size_ = sizeof address_;
    const auto* name = reinterpret_cast<const sockaddr*>(&address_);
    if (::bind(listener_.get(), name, sizeof(sa_family_t)) != 0 ||
        ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address_), &size_) != 0)
      throw std::system_error(errno, std::generic_category());
  }

  UniqueFd take_listener() { return std::move(listener_); }
  // Whether `socket` reached it.
  [[nodiscard]] bool connect(const UniqueFd& socket) const {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address_), size_) == 0;
  }
  static UniqueFd make_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }

 private:
  UniqueFd listener_;
  sockaddr_un address_{};
  socklen_t size_ = 0;
};

// Lets this process open no further descriptor.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const UniqueFd next(::dup(STDERR_FILENO));
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next.get());
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

class AcceptorTest : public ::testing::Test {
 public:
  AcceptorTest() {
    thread_.run([&] {
      acceptor_.emplace(thread_.loop(), doorway_.take_listener(), "a connection");
      tasks_.emplace(thread_.loop());
      tasks_->spawn("accept", accept());
    });
  }
  ~AcceptorTest() override {
    thread_.run([&] {
      tasks_.reset();
      acceptor_.reset();
    });
  }

 protected:
  Task accept() {
    co_await acceptor_->run([this](UniqueFd socket) {
      taken_.push_back(std::move(socket));
      if (taken_.size() == 2) both_.set_value();
    });
    ended_.set_value();
  }

  Doorway doorway_;
  test::LoopThread thread_;
  std::optional<Acceptor> acceptor_;
  std::optional<TaskScope> tasks_;
  std::vector<UniqueFd> taken_;
  std::promise<void> both_;
  std::promise<void> ended_;
  const UniqueFd first_ = Doorway::make_socket();
  const UniqueFd second_ = Doorway::make_socket();
};

TEST_F(AcceptorTest, TakesConnectionsUntilItIsStopped) {
  EXPECT_TRUE(doorway_.connect(first_));
  EXPECT_TRUE(doorway_.connect(second_));
  both_.get_future().wait();
  thread_.run([&] { acceptor_->stop(); });
  ended_.get_future().wait();
  EXPECT_FALSE(doorway_.connect(Doorway::make_socket()));
}

TEST_F(AcceptorTest, WaitsWhileTheProcessIsOutOfDescriptors) {
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "the check of objects with virtual functions opens pipes";
#endif
  {
    const NoDescriptors none;
    EXPECT_TRUE(doorway_.connect(first_));
    EXPECT_TRUE(doorway_.connect(second_));
    thread_.run([&] { EXPECT_TRUE(taken_.empty()); });
  }
  both_.get_future().wait();
}

}  // namespace
}  // namespace hearth::io
