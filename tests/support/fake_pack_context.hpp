// What a daemon lends a pack, for tests without a daemon.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "pack/pack.hpp"

namespace hearth::test {

// Keeps submitted jobs until the test runs them; refuses them while `is_full`.
class FakePackContext final : public pack::PackContext {
 public:
  Result<std::filesystem::path> data_directory(std::string_view) override {
    return fail(Errc::unsupported, "no data here");
  }
  const std::optional<std::string>& store_owner() const override { return store_owner_; }
  Result<void> submit(std::move_only_function<void()> job) override {
    if (is_full) return fail(Errc::busy, "1024 requests wait already", {"try again"});
    jobs.push_back(std::move(job));
    return {};
  }
  void post(std::move_only_function<void()> job) override { job(); }
  std::optional<std::string> setting(std::string_view) const override { return std::nullopt; }
  const Clock& clock() const override { return clock_; }

  void run_next() {
    auto job = std::move(jobs.front());
    jobs.pop_front();
    job();
  }

  bool is_full = false;
  std::deque<std::move_only_function<void()>> jobs;

 private:
  std::optional<std::string> store_owner_;
  SystemClock clock_;
};

}  // namespace hearth::test
