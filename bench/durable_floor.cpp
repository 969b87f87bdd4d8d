// What durable writing costs on this disk: WRITERS threads each append 4 KiB to one file and wait
// until it has reached the disk; whoever finds no flush under way flushes for all (group commit).
//
// usage: bench_durable_floor DIRECTORY WRITERS SECONDS
//
// Prints {"name":"durable append","clients":…,"answers":…,"seconds":…}.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "support.hpp"

namespace hearth::bench {
namespace {

class Journal final {
 public:
  explicit Journal(std::string path) : path_(std::move(path)) {
    fd_ = UniqueFd(::open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
    if (!fd_.valid()) die("open " + path_, errno);
  }
  ~Journal() { ::unlink(path_.c_str()); }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  void append_durably() {
    static constexpr std::array<char, 4096> page{};
    std::unique_lock lock(mutex_);
    if (::write(fd_.get(), page.data(), page.size()) != static_cast<ssize_t>(page.size()))
      die("append to " + path_, errno);
    const std::uint64_t own = ++written_;
    while (durable_ < own) {
      if (is_flushing_) {
        flushed_.wait(lock);
        continue;
      }
      is_flushing_ = true;
      const std::uint64_t covered = written_;
      lock.unlock();
      if (::fdatasync(fd_.get()) != 0) die("fdatasync", errno);
      lock.lock();
      durable_ = covered;
      is_flushing_ = false;
      flushed_.notify_all();
    }
  }

 private:
  std::string path_;
  UniqueFd fd_;
  std::mutex mutex_;
  std::condition_variable flushed_;
  std::uint64_t written_ = 0;
  std::uint64_t durable_ = 0;
  bool is_flushing_ = false;
};

void run(const std::string& directory, int writers, double seconds) {
  Journal journal(directory + "/durable_floor.log");
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(writers));
  const auto began = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t& count : counts) {
      threads.emplace_back([&journal, &count, began, seconds] {
        while (milliseconds_since(began) < seconds * 1000) {
          journal.append_durably();
          ++count;
        }
      });
    }
  }
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  std::printf("{\"name\":\"durable append\",\"clients\":%d,\"answers\":%llu,\"seconds\":%.4f}\n",
              writers, static_cast<unsigned long long>(total), milliseconds_since(began) / 1000);
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  using namespace hearth::bench;
  if (argc != 4) die("usage: bench_durable_floor DIRECTORY WRITERS SECONDS");
  run(argv[1], number_argument(argc, argv, 2, "number of writers"), std::atof(argv[3]));
}
