// A pack in a test: started as the daemon starts it, called as a session calls it.
//
//   test::PackHarness harness(packs::knowledge::make_pack());
//   auto answer = harness.call("search", R"({"query":"warm"})");      // waits for the answer
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "io/pool.hpp"
#include "pack/pack.hpp"
#include "support/scratch_directory.hpp"
#include "support/tools_only.hpp"

namespace hearth::test {

// Lends a pack a scratch directory, a pool and the machine's clock. Set what a test needs otherwise
// before start().
class TestContext final : public pack::PackContext {
 public:
  Result<std::filesystem::path> data_directory(std::string_view name_space) override {
    const std::filesystem::path path = std::filesystem::path(directory.path()) / name_space;
    std::filesystem::create_directories(path);
    return path;
  }
  const std::optional<std::string>& store_owner() const override { return owner; }
  Result<void> submit(std::move_only_function<void()> job) override {
    return pool.submit(std::move(job));
  }
  void post(std::move_only_function<void()> job) override { job(); }
  void resources_updated(const std::vector<std::string>& uris,
                         const pack::Audience& audience) override {
    *last_audience.lock() = audience;
    auto all = updated.lock();
    all->insert(all->end(), uris.begin(), uris.end());
  }
  void list_changed(pack::ListKind kind) override { lists.lock()->push_back(kind); }
  std::optional<std::string> setting(std::string_view name) const override {
    const auto found = settings.find(name);
    return found == settings.end() ? std::nullopt : std::optional(found->second);
  }
  const Clock& clock() const override { return system_clock; }
  std::vector<std::string> roots() const override { return allowed_roots; }

  ScratchDirectory directory{"pack"};
  std::optional<std::string> owner;
  std::map<std::string, std::string, std::less<>> settings;
  std::vector<std::string> allowed_roots;
  Guarded<std::vector<std::string>> updated;   // URIs, as they were told
  Guarded<pack::Audience> last_audience;       // of them
  Guarded<std::vector<pack::ListKind>> lists;  // that were said to have changed
  SystemClock system_clock;
  io::Pool pool{"test", 2, 1024};
};

struct CallOptions {
  pack::Caller caller;
  std::string key;
  bool is_resend = false;
  std::stop_token stop;
  std::map<std::string, std::string> answers = {};  // to what it asked in the round before
  std::array<bool, 3> askable = {};
};

// What a call reported besides its answer.
struct Reports {
  std::mutex mutex;
  std::vector<std::string> progress;
};

class PackHarness {
 public:
  // Not started yet: context() may still be changed.
  explicit PackHarness(std::unique_ptr<pack::Pack> pack) : pack_(std::move(pack)) {
    pack_->declare(tools_);
  }
  ~PackHarness() {
    if (is_started_) stop();
  }

  TestContext& context() { return context_; }
  pack::Pack& pack() { return *pack_; }
  const std::map<std::string, pack::ToolSpec>& specs() const { return tools_.specs; }
  void start() {
    pack_->start(context_);
    is_started_ = true;
  }
  // As after an end of the daemon's process: the next start() finds the data only.
  void stop() {
    pack_->stop();
    is_started_ = false;
  }

  std::future<Result<pack::Reply>> send(const std::string& verb,
                                        std::string_view arguments,
                                        const CallOptions& options = {}) {
    auto sink = std::make_unique<Sink>(reports_);
    auto answer = sink->answer.get_future();
    pack::Call call({.caller = std::make_shared<pack::Caller>(options.caller),
                     .tool = std::string(pack_->name()) + "_" + verb,
                     .key = options.key,
                     .is_resend = options.is_resend,
                     .stop = options.stop,
                     .deadline = {},
                     .answers = options.answers,
                     .state = {},
                     .askable = options.askable},
                    std::move(sink));
    tools_.handlers.at(verb)(arguments, std::move(call));
    return answer;
  }
  Result<pack::Reply> call(const std::string& verb,
                           std::string_view arguments,
                           const CallOptions& options = {}) {
    auto answer = send(verb, arguments, options);
    if (answer.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      return fail(Errc::timed_out, "no answer within 60 s");
    }
    return answer.get();
  }
  std::vector<std::string> progress() {
    const std::lock_guard lock(reports_.mutex);
    return reports_.progress;
  }

 private:
  struct Tools final : ToolsOnly {
    using ToolsOnly::add;
    void add(pack::ToolSpec spec, pack::ToolHandler handler) override {
      const std::string verb = spec.verb;
      specs.emplace(verb, std::move(spec));
      handlers.emplace(verb, std::move(handler));
    }
    std::map<std::string, pack::ToolSpec> specs;
    std::map<std::string, pack::ToolHandler> handlers;
  };

  struct Sink final : pack::CallSink {
    explicit Sink(Reports& reports) : reports(reports) {}
    void finish(Result<pack::Reply> outcome) override { answer.set_value(std::move(outcome)); }
    void progress(double, std::optional<double>, std::string_view message) override {
      const std::lock_guard lock(reports.mutex);
      reports.progress.emplace_back(message);
    }
    void log(pack::LogLevel, std::string_view) override {}
    std::promise<Result<pack::Reply>> answer;
    Reports& reports;
  };

  Reports reports_;
  Tools tools_;
  TestContext context_;  // its pool ends after the pack
  std::unique_ptr<pack::Pack> pack_;
  bool is_started_ = false;
};

}  // namespace hearth::test
