// Whatever step fails, and wherever the power goes: what the manifest names is whole, and the
// changes after `covered()` bring the rest back.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <utility>

#include "search/text/index.hpp"
#include "support/fault_env.hpp"

namespace hearth::search::text {
namespace {

const std::string directory = "/index";

IndexOptions small() {
  IndexOptions options;
  options.memory_bytes = 1;
  options.on_disk = {.fan_in = 3, .smallest_tier = 8, .most_gone = 0.4};
  return options;
}

std::unique_ptr<Index> opened(store::Env& env) {
  auto index = Index::open(env, directory, {}, small());
  EXPECT_TRUE(index) << index.error().message;
  return index ? std::move(*index) : nullptr;
}

// The caller's truth: change i of key i % 7, by its sequence number.
void apply(Index& index, std::uint64_t sequence) {
  const Key key = sequence % 7;
  if (sequence % 5 == 0) {
    index.erase(key);
  } else {
    const std::string text = "all number" + std::to_string(sequence);
    const std::string_view fields[] = {text};
    ASSERT_TRUE(index.put({key, fields, {}}));
  }
  ASSERT_TRUE(index.commit(sequence));
}

void expect_state(const Index& index, std::uint64_t sequence, int step) {
  std::map<Key, std::uint64_t> state;
  for (std::uint64_t i = 1; i <= sequence; ++i) {
    if (i % 5 == 0) {
      state.erase(i % 7);
    } else {
      state[i % 7] = i;
    }
  }
  const auto all = index.search(Query::of_term("all"), {}, 100);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->hits.size(), state.size()) << step;
  EXPECT_NE(all->trust, Trust::damaged) << step;
  for (const auto& [key, version] : state) {
    const Query query = parse_query("number" + std::to_string(version)).query;
    const auto found = index.search(query, {}, 100);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->hits.size(), 1U) << step;
    EXPECT_EQ(found->hits.front().key, key) << step;
  }
}

constexpr std::uint64_t changes = 40;

// Changes with a flush after every fourth and all the merges these ask for. Failures of the disk
// are kept to themselves, as the daemon does: it tries again later.
void work(Index& index) {
  for (std::uint64_t sequence = 1; sequence <= changes; ++sequence) {
    apply(index, sequence);
    if (sequence % 4 != 0) continue;
    for (;;) {
      const auto did = index.maintain();
      if (!did || !*did) break;
    }
  }
}

int steps_of_work() {
  test::FaultEnv env;
  const auto index = opened(env);
  const int before = env.steps();
  work(*index);
  expect_state(*index, changes, 0);
  EXPECT_GT(index->covered(), 30U);
  return env.steps() - before;
}

void expect_no_orphans(store::Env& env, const Index& index, int step) {
  const auto names = env.list(directory);
  ASSERT_TRUE(names);
  std::size_t files = 0;
  for (const std::string& name : *names) files += name.ends_with(".gen") ? 1 : 0;
  EXPECT_EQ(files, index.status().generations_on_disk) << step;
}

TEST(TextIndexCrash, LosesNothingThatIsCoveredWhereverThePowerFails) {
  const int steps = steps_of_work();
  ASSERT_GT(steps, 100);
  for (int step = 1; step <= steps; ++step) {
    test::FaultEnv env;
    std::uint64_t covered = 0;
    {
      const auto index = opened(env);
      env.fail_at(step);
      // The first failure is where the power goes: what comes after it never happens.
      for (std::uint64_t sequence = 1; sequence <= changes; ++sequence) {
        apply(*index, sequence);
        if (sequence % 4 != 0) continue;
        auto did = index->maintain();
        while (did && *did) did = index->maintain();
        if (!did) break;
      }
      covered = index->covered();
    }
    env.crash();
    const auto index = opened(env);
    ASSERT_TRUE(index) << step;
    // An index that failed to say that it was done may still be.
    EXPECT_GE(index->covered(), covered) << step;
    expect_state(*index, index->covered(), step);
    ASSERT_TRUE(index->verify()) << step;
    expect_no_orphans(env, *index, step);
    for (std::uint64_t i = index->covered() + 1; i <= changes; ++i) apply(*index, i);
    expect_state(*index, changes, step);
    ASSERT_TRUE(index->flush()) << step;
    if (HasFailure()) return;
  }
}

TEST(TextIndexCrash, GoesOnAfterAStepThatFails) {
  const int steps = steps_of_work();
  for (int step = 1; step <= steps; ++step) {
    test::FaultEnv env;
    const auto index = opened(env);
    env.fail_at(step);
    work(*index);
    env.fail_at(0);
    expect_state(*index, changes, step);
    ASSERT_TRUE(index->flush()) << step;
    EXPECT_EQ(index->covered(), changes);
    const auto again = opened(env);
    expect_state(*again, changes, step);
    expect_no_orphans(env, *again, step);
    if (HasFailure()) return;
  }
}

TEST(TextIndexCrash, RepeatedChangesDoNoHarm) {
  test::FaultEnv env;
  const auto index = opened(env);
  work(*index);
  for (std::uint64_t i = 11; i <= changes; ++i) apply(*index, i);
  expect_state(*index, changes, 0);
}

// Does something in the middle of writing a generation.
class BusyEnv final : public store::Env {
 public:
  std::function<void()> meanwhile;

  Result<std::unique_ptr<store::WritableFile>> create(const std::string& path,
                                                      mode_t mode) override {
    if (path.ends_with(".gen") && meanwhile) std::exchange(meanwhile, {})();
    return env_.create(path, mode);
  }
  Result<std::unique_ptr<store::WritableFile>> open_append(const std::string& path,
                                                           mode_t mode) override {
    return env_.open_append(path, mode);
  }
  Result<std::string> read(const std::string& path, std::size_t limit) override {
    return env_.read(path, limit);
  }
  Result<std::unique_ptr<store::MappedFile>> map(const std::string& path) override {
    return env_.map(path);
  }
  Result<std::uint64_t> size(const std::string& path) override { return env_.size(path); }
  Result<void> truncate(const std::string& path, std::uint64_t size) override {
    return env_.truncate(path, size);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return env_.rename(from, to);
  }
  Result<void> unlink(const std::string& path) override { return env_.unlink(path); }
  Result<void> sync_directory(const std::string& path) override {
    return env_.sync_directory(path);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return env_.list(path);
  }

 private:
  test::FaultEnv env_;
};

TEST(TextIndexCrash, ChangesDuringAWriteAreKept) {
  BusyEnv env;
  const auto index = opened(env);
  for (std::uint64_t i = 1; i <= 12; ++i) apply(*index, i);
  env.meanwhile = [&] {
    // Nothing of what is being written stays as it was.
    for (std::uint64_t i = 13; i <= changes; ++i) apply(*index, i);
  };
  ASSERT_TRUE(index->flush());
  EXPECT_EQ(index->covered(), 12U);
  expect_state(*index, changes, 0);
  env.meanwhile = [&] {
    for (Key key = 0; key < 7; ++key) index->erase(key);
    ASSERT_TRUE(index->commit(changes + 1));
  };
  ASSERT_TRUE(index->flush());
  EXPECT_EQ(index->status().live, 0U);
  EXPECT_TRUE(index->search(Query::of_term("all"), {}, 10)->hits.empty());
  ASSERT_TRUE(index->flush());
  EXPECT_EQ(opened(env)->status().live, 0U);
}

}  // namespace
}  // namespace hearth::search::text
