// A world of files below a directory, a model that says what it was told to say, and the daemon's
// loop around the engine, for tests of runs. What the world counts survives the killing of whoever
// acts on it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "packs/mandates/engine/machine.hpp"
#include "packs/mandates/engine/scheduler.hpp"
#include "store/atomic_file.hpp"
#include "support/held_clock.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::test {

namespace mandates = packs::mandates;

// A plan is lines of "id|needs,…|halt|action"; a reflection is "done" or "more". Actions:
//   write FILE TEXT    an effect that the world shows
//   post TEXT          one that is done once for each key
//   check              one that may be repeated
//   fail               cannot be prepared
// "ask ", "elevate " or "deny " before it is what the policy says.
class ScriptedWorld final : public mandates::Observer,
                            public mandates::Thinker,
                            public mandates::Actor {
 public:
  explicit ScriptedWorld(std::string directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
    for (const auto& [key, count] : counts("effect")) known_.insert(key);
  }

  // What it says, by cycle; the last one goes on.
  std::vector<std::string> plans{"a||halt|write a.txt hello"};
  std::vector<std::string> reflections{"done"};
  mandates::RunRules run_rules;
  std::atomic<int> resent = 0;  // effects that may have happened before
  int requests = 1;             // of each thought
  std::optional<mandates::Amounts> used = mandates::Amounts{1, 100, 2000, 50};
  // What observing reserves, if anything, and what it uses; the same of performing.
  std::optional<mandates::Amounts> look;
  std::optional<mandates::Amounts> looked = mandates::Amounts();
  mandates::Amounts act;
  std::optional<mandates::Amounts> acted = mandates::Amounts();
  std::string ordered;  // the action of steps that keep the plan's order
  // Called before it thinks, performs or observes, on the thread that does it: may fail in its
  // place.
  std::function<std::optional<Error>(std::string_view what)> interfere;
  // Observer::obstacle and Thinker::absence.
  std::function<std::optional<std::string>()> obstructed;
  std::function<std::optional<std::string>()> absent;

  std::optional<std::string> obstacle() override {
    return obstructed ? obstructed() : std::nullopt;
  }
  std::optional<std::string> absence(const mandates::RunContext&) override {
    return absent ? absent() : std::nullopt;
  }
  Result<std::string> observe(const mandates::RunContext& context,
                              const std::stop_token&,
                              const mandates::Charge& charge) override {
    if (auto error = disturbed("observe")) return std::unexpected(*error);
    if (look) {
      const auto done = charge(*look, [this] { return looked; });
      if (!done) return std::unexpected(done.error());
      log("look", context.run);
    }
    return "cycle " + std::to_string(context.cycle);
  }
  static constexpr mandates::Amounts worst_of_thought{1, 500, 10'000, 60'000};
  mandates::Thought think(mandates::Phase phase,
                          const mandates::RunContext& context,
                          const std::stop_token&,
                          const Reserve& reserve) override {
    for (int i = 0; i < requests; ++i) {
      if (auto may = reserve(worst_of_thought); !may)
        return {std::unexpected(may.error()), mandates::Amounts{i}};
    }
    const std::string name(mandates::phase_name(phase));
    log("think", context.run + "/" + std::to_string(context.cycle) + "/" + name);
    if (auto error = disturbed(name)) return {std::unexpected(*error), used};
    const auto of_cycle = [&](const std::vector<std::string>& texts) {
      return texts[std::min(static_cast<std::size_t>(context.cycle), texts.size()) - 1];
    };
    if (phase == mandates::Phase::decide) return {of_cycle(plans), used};
    if (phase == mandates::Phase::reflect) return {of_cycle(reflections), used};
    return {"understood " + context.outputs[0], used};
  }
  Result<mandates::Plan> plan(std::string_view decision) override {
    mandates::Plan plan;
    std::istringstream lines{std::string(decision)};
    for (std::string line; std::getline(lines, line);) {
      std::vector<std::string> parts;
      std::istringstream fields(line);
      for (std::string part; parts.size() < 3 && std::getline(fields, part, '|');)
        parts.push_back(part);
      if (parts.size() < 3) return fail(Errc::invalid_args, "no plan");
      mandates::Step step{.id = parts[0]};
      std::istringstream needs(parts[1]);
      for (std::string need; std::getline(needs, need, ',');) step.needs.push_back(need);
      step.on_failure = parts[2] == "halt"   ? mandates::OnFailure::halt
                        : parts[2] == "skip" ? mandates::OnFailure::skip_dependents
                                             : mandates::OnFailure::continue_;
      std::getline(fields, step.action);
      plan.steps.push_back(std::move(step));
    }
    return plan;
  }
  Result<bool> is_goal_reached(std::string_view reflection) override {
    if (reflection != "done" && reflection != "more") return fail(Errc::invalid_args, "no word");
    return reflection == "done";
  }
  Result<mandates::RunRules> rules(std::string_view) override { return run_rules; }

  Result<mandates::Intent> prepare(const mandates::RunContext&,
                                   const mandates::Step& step) override {
    std::istringstream words(step.action);
    std::string word;
    words >> word;
    if (word == "ask" || word == "elevate" || word == "deny") words >> word;
    mandates::Intent intent{.kind = word};
    if (word == "fail") return fail(Errc::invalid_args, "cannot be prepared");
    if (word == "post") intent.recovery = mandates::Recovery::by_key;
    if (word == "check") intent.recovery = mandates::Recovery::repeatable;
    if (word == "write") words >> intent.target;
    words >> std::ws;
    std::getline(words, intent.payload);
    if (word == "write") {
      intent.before_hash = hash(intent.target);
      intent.after_hash = mandates::hex(mandates::digest(intent.payload));
    }
    // Policy by the step's first word, which the intent does not have.
    const std::lock_guard lock(mutex_);
    judgements_[intent.target + intent.payload] = step.action.substr(0, step.action.find(' '));
    return intent;
  }
  mandates::Judgement judge(const mandates::RunContext&, const mandates::Intent& intent) override {
    using Word = mandates::Judgement::Word;
    const std::lock_guard lock(mutex_);
    const std::string& word = judgements_[intent.target + intent.payload];
    return {word == "ask"       ? Word::ask
            : word == "elevate" ? Word::elevate
            : word == "deny"    ? Word::deny
                                : Word::automatic,
            "a rule"};
  }
  bool keeps_order(const mandates::Step& step) override {
    return step.action.substr(0, step.action.find(' ')) == ordered;
  }
  mandates::Performed perform(const mandates::Intent& intent,
                              mandates::Seat,
                              const std::stop_token&) override {
    using End = mandates::Performed::End;
    if (const auto error = disturbed("perform")) {
      const bool is_unknown = error->code == Errc::outcome_unknown;
      const bool is_cut = error->code == Errc::cancelled;
      return {is_unknown ? End::unknown : is_cut ? End::cut : End::failed, error->message, acted};
    }
    resent += intent.is_resend;
    if (intent.kind == "write") {
      if (hash(intent.target) != intent.before_hash) return {End::failed, "it has changed"};
      const auto done = store::replace_file(file(intent.target), intent.payload);
      if (!done) return {End::failed, done.error().message};
    }
    const std::lock_guard lock(mutex_);
    if (!known_.insert(intent.key).second && intent.kind == "post")
      return {End::done, "posted before"};
    log("effect", intent.key);
    return {End::done, "did " + intent.kind, acted};
  }
  mandates::Amounts worst_case(const mandates::Intent&) override { return act; }
  Result<mandates::Standing> inspect(const mandates::Intent& intent) override {
    const std::string now = hash(intent.target);
    if (now == intent.after_hash) return mandates::Standing::after;
    return now == intent.before_hash ? mandates::Standing::before : mandates::Standing::other;
  }

  [[nodiscard]] std::string file(const std::string& name) const { return directory_ + "/" + name; }
  [[nodiscard]] std::string read(const std::string& name) const {
    return store::system_env().read(file(name), most_bytes).value_or("");
  }
  void put(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(store::replace_file(file(name), text));
  }
  // How often something was done; with an empty name, anything.
  [[nodiscard]] int count(const std::string& what, const std::string& name = "") const {
    std::istringstream lines(read(what + ".log"));
    int found = 0;
    for (std::string line; std::getline(lines, line);) found += name.empty() || line == name;
    return found;
  }
  [[nodiscard]] std::map<std::string, int> counts(const std::string& what) const {
    std::istringstream lines(read(what + ".log"));
    std::map<std::string, int> found;
    for (std::string line; std::getline(lines, line);) ++found[line];
    return found;
  }

 private:
  void log(const std::string& what, const std::string& name) const {
    std::ofstream(file(what + ".log"), std::ios::app) << name + "\n" << std::flush;
  }
  [[nodiscard]] std::string hash(const std::string& name) const {
    const auto text = store::system_env().read(file(name), most_bytes);
    return text ? mandates::hex(mandates::digest(*text)) : "";
  }
  std::optional<Error> disturbed(std::string_view what) const {
    return interfere ? interfere(what) : std::nullopt;
  }

  static constexpr std::size_t most_bytes = std::size_t{1} << 30;  // of the longest soak's log
  const std::string directory_;
  std::mutex mutex_;
  std::map<std::string, std::string> judgements_;
  std::set<std::string> known_;  // keys of what was done
};

// Store, ledger, scheduler and machine over one directory: what the daemon holds while it lives.
class Engine final {
 public:
  static Result<std::unique_ptr<Engine>> open(const std::string& directory,
                                              const Clock& clock,
                                              ScriptedWorld& world,
                                              mandates::PointHook hook = {}) {
    auto engine = std::unique_ptr<Engine>(new Engine);
    auto store = mandates::MandateStore::open(store::system_env(), clock,
                                              {.directory = directory,
                                               .durability = store::Durability::process,
                                               .hook = std::move(hook)});
    if (!store) return std::unexpected(store.error());
    engine->store = std::move(*store);
    auto ledger = mandates::Ledger::open(*engine->store);
    if (!ledger) return std::unexpected(ledger.error());
    engine->ledger = std::move(*ledger);
    engine->scheduler = std::make_unique<mandates::Scheduler>(*engine->store);
    if (auto loaded = engine->scheduler->load(); !loaded) return std::unexpected(loaded.error());
    engine->machine = std::make_unique<mandates::RunMachine>(*engine->store, *engine->ledger,
                                                             mandates::Ports{world, world, world});
    auto left = engine->runs().interrupted();
    if (!left) return std::unexpected(left.error());
    engine->left_ = *left;
    return engine;
  }

  [[nodiscard]] mandates::Runs runs() { return mandates::Runs(*store); }
  [[nodiscard]] mandates::Schedules schedules() { return mandates::Schedules(*store); }
  [[nodiscard]] mandates::Approvals approvals() { return mandates::Approvals(*store); }
  [[nodiscard]] mandates::Effects effects() { return mandates::Effects(*store); }
  [[nodiscard]] mandates::Run run(std::int64_t n) {
    auto reader = store->read().value();
    return mandates::load_run(*reader, n).value();
  }
  [[nodiscard]] std::int64_t number(const std::string& sql) {
    auto reader = store->read().value();
    return reader->integer(sql).value().value_or(-1);
  }

  // Does what there is to do at this moment. False when there was nothing.
  bool work(std::stop_token stop = {}) {
    bool has_worked = false;
    for (const std::int64_t run : std::exchange(left_, {})) {
      drive(run, stop);
      has_worked = true;
    }
    const WallTime now = store->now();
    for (;;) {
      auto ran = scheduler->run_due(now);
      EXPECT_TRUE(ran) << ran.error().message;
      if (!ran) return false;
      has_worked |= !ran->fired.runs.empty();
      if (!ran->wake || *ran->wake > now) break;
    }
    const auto taken = runs().take(now, 8);
    EXPECT_TRUE(taken) << taken.error().message;
    for (const std::int64_t run : taken.value_or(std::vector<std::int64_t>())) {
      drive(run, stop);
      has_worked = true;
    }
    return has_worked;
  }
  void drive(std::int64_t run, std::stop_token stop = {}) {
    const auto done = machine->drive(run, stop);
    EXPECT_TRUE(done) << done.error().message;
  }

  std::unique_ptr<mandates::MandateStore> store;
  std::unique_ptr<mandates::Ledger> ledger;
  std::unique_ptr<mandates::Scheduler> scheduler;
  std::unique_ptr<mandates::RunMachine> machine;

 private:
  Engine() = default;
  std::vector<std::int64_t> left_;
};

}  // namespace hearth::test
