#include "io/readiness.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <future>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"
#include "support/loop_thread.hpp"

namespace hearth::io {
namespace {

// One end of a socket pair, read by a task that waits before each read.
class Reader {
 public:
  Reader(Loop& loop, Readiness& readiness) : tasks_(loop) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
      throw std::system_error(errno, std::generic_category());
    own_ = UniqueFd(ends[0]);
    peer_ = UniqueFd(ends[1]);
    watch_.emplace(readiness, own_.get());
  }

  void start(std::string until) { tasks_.spawn("reader", read(std::move(until))); }
  void say(std::string_view bytes) const {
    (void)!::write(peer_.get(), bytes.data(), bytes.size());
  }
  void hang_up() { peer_.reset(); }
  Readiness::Watch& watch() { return *watch_; }
  [[nodiscard]] int own() const { return own_.get(); }
  [[nodiscard]] int peer() const { return peer_.get(); }
  std::future<std::string> done() { return done_.get_future(); }

 private:
  // Ends when it has read `until`, at the end of the stream, or when it is woken with nothing.
  Task<void> read(std::string until) {
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
  std::optional<Readiness::Watch> watch_;
  std::promise<std::string> done_;
  TaskScope tasks_;
};

class ReadinessTest : public ::testing::Test {
 protected:
  ReadinessTest() {
    thread_.run([&] { readiness_ = std::make_unique<Readiness>(thread_.loop()); });
  }
  ~ReadinessTest() override {
    thread_.run([&] { reader_.reset(); });
    thread_.run([&] { readiness_.reset(); });
  }
  Reader& make_reader() {
    thread_.run([&] { reader_ = std::make_unique<Reader>(thread_.loop(), *readiness_); });
    return *reader_;
  }
  static std::string outcome(std::future<std::string>& done) {
    return done.wait_for(std::chrono::seconds(10)) == std::future_status::ready ? done.get()
                                                                                : "nothing";
  }

  test::LoopThread thread_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<Reader> reader_;  // of the loop thread
};

TEST_F(ReadinessTest, WakesAReaderForEachByteThatIsLeft) {
  Reader& reader = make_reader();
  auto done = reader.done();
  thread_.run([&] { reader.start("abc"); });
  reader.say("ab");
  reader.say("c");
  EXPECT_EQ(outcome(done), "abc");
}

TEST_F(ReadinessTest, WakesAReaderAtTheEndOfTheStream) {
  Reader& reader = make_reader();
  auto done = reader.done();
  thread_.run([&] { reader.start("abc"); });
  reader.say("a");
  reader.hang_up();
  EXPECT_EQ(outcome(done), "a");
}

// The kernel would report it again and again: the socket is taken off until the next wait.
TEST_F(ReadinessTest, KeepsQuietWhileNobodyWaits) {
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

TEST_F(ReadinessTest, WakesAWriterOnceThereIsRoom) {
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

TEST_F(ReadinessTest, EndReturnsTheWaitAndEveryLaterOne) {
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

}  // namespace
}  // namespace hearth::io
