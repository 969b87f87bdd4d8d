// Reads the secrets that a configuration names before anything is shown that may hold one, on a
// thread of its own: a program that asks a person for a password keeps nobody waiting but runs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace hearth::packs::mandates {

struct SecretToLearn {
  std::string name;  // "the secret github", "the model's key"
  // Makes the redactor know it. Blocks; the stop ends that soon. Its error names it, too.
  std::function<Result<void>(const std::stop_token&)> read;
  bool is_command = false;  // which may ask somebody
};

struct UnreadSecret {
  std::string name;
  std::string why;  // empty: it is being read, for the first time
};

// Members are for any thread.
class SecretLearning final {
 public:
  // What could not be read is tried again at most so often: it may take its time, and ask somebody.
  static constexpr std::chrono::minutes pause{1};
  // And a command so often where somebody wants it tried.
  static constexpr std::chrono::seconds short_pause{5};

  explicit SecretLearning(const Clock& clock) : clock_(clock) {}
  ~SecretLearning() { close(); }
  SecretLearning(const SecretLearning&) = delete;
  SecretLearning& operator=(const SecretLearning&) = delete;

  // Called on the thread whenever all have been tried, known or not. Before begin().
  void when_tried(std::function<void()> told) { told_ = std::move(told); }
  // Those of a configuration, in the order in which they are read; all are read anew. Of the ones
  // before nothing is read any more.
  void take(std::vector<SecretToLearn> secrets);
  // From now on they are read. Idempotent, and never waits.
  void begin();
  // Why what may show one has to wait; nothing: all were tried, and those that could not be read
  // not long ago. Begins, or tries again, where that is to be waited for; when_tried() follows.
  [[nodiscard]] std::optional<std::string> obstacle();
  // Tries again what could not be read, but for commands that ran a moment ago.
  void try_again();
  // Until all were tried. False: stopped before, or closed.
  [[nodiscard]] bool wait(const std::stop_token& stop);
  [[nodiscard]] std::vector<UnreadSecret> unread() const;
  [[nodiscard]] std::size_t size() const;
  // Nothing is read any more, and no command of it runs when this returns. Idempotent.
  void close();

 private:
  struct Each {
    SecretToLearn secret;
    bool is_tried = false;
    std::string why;  // of the last time; empty: it is known, or was never tried
  };

  void work(const std::stop_token& stop);
  void read_one(std::unique_lock<std::mutex>& lock, Each& each);
  void begin_locked();
  void reopen_locked(bool with_commands);
  [[nodiscard]] Each* next_locked();

  const Clock& clock_;
  std::function<void()> told_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Each> all_;
  std::uint64_t taken_ = 0;  // how often
  MonotonicTime tried_at_;   // when the last one was
  bool is_closed_ = false;
  std::mutex closing_;
  std::stop_source reading_;  // ends the one that is being read
  std::jthread thread_;       // from begin() on
};

}  // namespace hearth::packs::mandates
