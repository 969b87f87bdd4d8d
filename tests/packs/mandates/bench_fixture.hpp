// What a daemon lends the pack, a workspace that is a git repository, and hearth's own directory
// beside it, for tests of observing, thinking and acting without a daemon.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "packs/mandates/workbench.hpp"
#include "support/held_clock.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates {

// Tools are functions of their arguments; the test sees the contexts they were called with.
class BenchContext : public pack::PackContext {
 public:
  struct Tool {
    pack::Annotations annotations;
    std::function<Result<pack::Reply>(const std::string& arguments)> answer;
  };

  explicit BenchContext(std::vector<std::string> own) : own_(std::move(own)) {}
  Result<std::filesystem::path> data_directory(std::string_view) override {
    return fail(Errc::unsupported, "no data here");
  }
  const std::optional<std::string>& store_owner() const override { return store_owner_; }
  Result<void> submit(std::move_only_function<void()> job) override {
    job();
    return {};
  }
  void post(std::move_only_function<void()> job) override { job(); }
  std::optional<std::string> setting(std::string_view) const override { return std::nullopt; }
  const Clock& clock() const override { return clock_; }
  std::vector<std::string> own_directories() const override { return own_; }
  void call_tool(const std::string& tool,
                 std::string arguments,
                 pack::Call::Context context,
                 std::move_only_function<void(Result<pack::Reply>)> done) override {
    calls.push_back(std::move(context));
    done(tools.at(tool).answer(arguments));
  }
  std::optional<pack::Annotations> annotations_of(const std::string& tool) const override {
    const auto found = tools.find(tool);
    return found == tools.end() ? std::nullopt : std::optional(found->second.annotations);
  }

  std::map<std::string, Tool> tools;
  std::vector<pack::Call::Context> calls;

 private:
  const std::vector<std::string> own_;
  std::optional<std::string> store_owner_;
  SystemClock clock_;
};

class BenchTest : public testing::Test {
 protected:
  BenchTest() {
    std::filesystem::create_directories(path("docs"));
    std::filesystem::create_directories(own("changes"));
    test::write_file(path("greeting.txt"), "helo\n");
    git({"init", "-q", "-b", "main"});
    git({"add", "."});
    git({"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "begin"});
  }
  std::string git(std::vector<std::string> words) {
    words.insert(words.begin(), {"/usr/bin/git", "-C", path("")});
    const auto done =
        test::run({.words = words, .environment = {{"HOME", "/"}}}, std::chrono::seconds(60));
    EXPECT_EQ(done.exit_code, 0) << done.describe();
    return done.out;
  }
  [[nodiscard]] std::string path(const std::string& below) const {
    return scratch_ / ("w/" + below);
  }
  // Of hearth's directory.
  [[nodiscard]] std::string own(const std::string& below) const {
    return scratch_ / ("own/" + below);
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return test::read_file(path(name));
  }

  test::ScratchDirectory scratch_{"bench"};
  BenchContext context_{{scratch_ / "own"}};
};

}  // namespace hearth::packs::mandates
