// Git repositories and issue stores of tests.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "packs/issues/engine/issue_store.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::issues::test {

// Runs git where nothing of the machine's or the user's settings reaches; its output.
inline std::string git(const std::string& directory, std::vector<std::string> words) {
  words.insert(words.begin(), "/usr/bin/git");
  const hearth::test::Outcome outcome =
      hearth::test::run({.words = std::move(words),
                         .environment = {{"GIT_CONFIG_NOSYSTEM", "1"},
                                         {"HOME", directory},
                                         {"GIT_AUTHOR_NAME", "a"},
                                         {"GIT_AUTHOR_EMAIL", "a@b"},
                                         {"GIT_COMMITTER_NAME", "a"},
                                         {"GIT_COMMITTER_EMAIL", "a@b"}},
                         .cwd = directory},
                        std::chrono::seconds(60));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  return outcome.out;
}

// A directory with a repository "work" and a bare one "remote", which is its origin.
class Repositories {
 public:
  Repositories() {
    git(home_.path(), {"init", "-q", "work"});
    git(home_.path(), {"init", "-q", "--bare", "remote"});
    git(work(), {"remote", "add", "origin", remote()});
  }
  [[nodiscard]] std::string work() const { return home_ / "work"; }
  [[nodiscard]] std::string remote() const { return home_ / "remote"; }
  [[nodiscard]] std::string clone(const std::string& name) const {
    git(home_.path(), {"clone", "-q", remote(), name});
    return home_ / name;
  }
  // An empty directory.
  [[nodiscard]] std::string directory(const std::string& name) const {
    std::string path = home_ / name;
    std::filesystem::create_directories(path);
    return path;
  }
  [[nodiscard]] std::unique_ptr<IssueStore> store(const std::string& repository,
                                                  const std::string& cache = "cache") const {
    return store_with({.directory = repository,
                       .cache_directory = directory(cache),
                       .is_power_safe = false,
                       .changed = {},
                       .when_idle = {}});
  }
  [[nodiscard]] static std::unique_ptr<IssueStore> store_with(IssueStore::Options options) {
    static const SystemClock clock;
    auto store = IssueStore::open(std::move(options), clock);
    if (!store) ADD_FAILURE() << store.error().message;
    return store ? std::move(*store) : nullptr;
  }

 private:
  hearth::test::ScratchDirectory home_{"issues"};
};

inline Result<Receipt> append(IssueStore& store,
                              std::vector<Draft> drafts,
                              const std::string& key = "") {
  WriteJob job;
  if (!key.empty()) job.key = CallKey{key, "fingerprint"};
  job.make = [drafts = std::move(drafts)](const Board&, store::Database&,
                                          const Actor&) -> Result<Batch> {
    return Batch{.drafts = drafts, .events = {}};
  };
  return store.write_and_wait(std::move(job));
}

inline IssueId new_issue_id() {
  return IssueId::of(random_bytes(IssueId::size));
}

inline IssueId create(IssueStore& store, const std::string& title) {
  const IssueId id = new_issue_id();
  const auto receipt = append(store, {{id, IssueCreated{title, "", {}}}});
  EXPECT_TRUE(receipt) << receipt.error().message;
  return id;
}

// All there is to know of every issue of a store.
inline std::map<IssueId, Issue> all_issues(IssueStore& store) {
  std::map<IssueId, Issue> all;
  EXPECT_TRUE(store.catch_up());
  auto reader = store.reader();
  EXPECT_TRUE(reader);
  const auto read = Cache::each(**reader, RowKind::issue, [&](const std::vector<Event>& events) {
    auto issue = project_issue(events);
    EXPECT_TRUE(issue);
    if (issue) all[issue->summary.id] = std::move(*issue);
  });
  EXPECT_TRUE(read);
  return all;
}

}  // namespace hearth::packs::issues::test
