#include "io/watch.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <future>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"
#include "io/task_scope.hpp"
#include "support/loop_thread.hpp"

namespace hearth::io {
namespace {

// One end of a socket pair, read by a task that waits before each read.
class Reader {
 public:
  explicit Reader(Loop& loop) : tasks_(loop) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
      throw std::system_error(errno, std::generic_category());
    own_ = UniqueFd(ends[0]);
    peer_ = UniqueFd(ends[1]);
    watch_.emplace(loop, own_.get());
  }

  void start(std::string until) { tasks_.spawn("reader", read(std::move(until))); }
  void say(std::string_view bytes) const {
    (void)!::write(peer_.get(), bytes.data(), bytes.size());
  }
  void hang_up() { peer_.reset(); }
  Watch& watch() { return *watch_; }
  [[nodiscard]] int own() const { return own_.get(); }
  [[nodiscard]] int peer() const { return peer_.get(); }
  std::future<std::string> done() { return done_.get_future(); }

 private:
  // Ends when it has read `until`, at the end of the stream, or when it is woken with nothing.
  Task read(std::string until) {
    std::string got;
    while (got != until) {
      co_await watch_->readable();
      char byte = 0;
      if (::read(own_.get(), &byte, 1) != 1) break;
      got.push_back(byte);
    }
    done_.set_value(got);
  }

  UniqueFd own_;
  UniqueFd peer_;
  std::optional<Watch> watch_;
  std::promise<std::string> done_;
  TaskScope tasks_;
};

class WatchTest : public ::testing::Test {
 protected:
  ~WatchTest() override {
    thread_.run([&] { reader_.reset(); });
  }
  Reader& make_reader() {
    thread_.run([&] { reader_ = std::make_unique<Reader>(thread_.loop()); });
    return *reader_;
  }
  static std::string outcome(std::future<std::string>& done) {
    return done.wait_for(std::chrono::seconds(10)) == std::future_status::ready ? done.get()
                                                                                : "nothing";
  }

  test::LoopThread thread_;
  std::unique_ptr<Reader> reader_;  // of the loop thread
};

TEST_F(WatchTest, WakesAReaderForEachByteThatIsLeft) {
  Reader& reader = make_reader();
  auto done = reader.done();
  thread_.run([&] { reader.start("abc"); });
  reader.say("ab");
  reader.say("c");
  EXPECT_EQ(outcome(done), "abc");
}

TEST_F(WatchTest, WakesAReaderAtTheEndOfTheStream) {
  Reader& reader = make_reader();
  auto done = reader.done();
  thread_.run([&] { reader.start("abc"); });
  reader.say("a");
  reader.hang_up();
  EXPECT_EQ(outcome(done), "a");
}

// The kernel would report it again and again: the socket is taken off until the next wait.
TEST_F(WatchTest, KeepsQuietWhileNobodyWaits) {
  Reader& reader = make_reader();
  auto first = reader.done();
  thread_.run([&] { reader.start("a"); });
  reader.say("ab");
  reader.hang_up();
  EXPECT_EQ(outcome(first), "a");
  thread_.run([] {});
  thread_.run([] {});
  std::promise<void> readable;
  thread_.run([&] { reader.watch().when_writable([&] { readable.set_value(); }); });
  EXPECT_EQ(readable.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(WatchTest, WakesAWriterOnceThereIsRoom) {
  Reader& reader = make_reader();
  const std::string block(65536, 'x');
  while (::write(reader.own(), block.data(), block.size()) > 0) {
  }
  std::promise<void> writable;
  auto done = writable.get_future();
  thread_.run([&] { reader.watch().when_writable([&] { writable.set_value(); }); });
  EXPECT_EQ(done.wait_for(std::chrono::milliseconds(1)), std::future_status::timeout);
  std::string sink(block.size(), '\0');
  while (::read(reader.peer(), sink.data(), sink.size()) > 0) {
  }
  EXPECT_EQ(done.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(WatchTest, EndReturnsTheWaitAndEveryLaterOne) {
  Reader& reader = make_reader();
  auto done = reader.done();
  thread_.run([&] { reader.start("abc"); });
  thread_.run([&] { reader.watch().end(); });
  EXPECT_EQ(outcome(done), "");
  bool is_run = false;
  thread_.run([&] { reader.watch().when_writable([&] { is_run = true; }); });
  thread_.run([] {});
  EXPECT_FALSE(is_run);
}

// Both are ready in the same turn; whoever is woken first ends the other.
TEST_F(WatchTest, ForgetsWhatATurnHasFoundOfAWatchThatEnds) {
  std::array<int, 4> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data() + 2), 0);
  const std::array<UniqueFd, 4> owned{UniqueFd(ends[0]), UniqueFd(ends[1]), UniqueFd(ends[2]),
                                      UniqueFd(ends[3])};
  int woken = 0;
  std::unique_ptr<Watch> first;
  std::unique_ptr<Watch> second;
  thread_.run([&] {
    first = std::make_unique<Watch>(thread_.loop(), ends[0]);
    second = std::make_unique<Watch>(thread_.loop(), ends[2]);
    const auto end_both = [&] {
      ++woken;
      first.reset();
      second.reset();
    };
    first->when_readable(end_both);
    second->when_readable(end_both);
    ASSERT_EQ(::write(ends[1], "a", 1), 1);
    ASSERT_EQ(::write(ends[3], "a", 1), 1);
  });
  while (thread_.run([&] { return woken; }) == 0) {
  }
  thread_.run([] {});
  EXPECT_EQ(thread_.run([&] { return woken; }), 1);
}

}  // namespace
}  // namespace hearth::io
