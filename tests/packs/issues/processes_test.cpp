// Many processes, many clones, kills: nothing is lost, everybody agrees. Sizes:
// tests/support/sizes.hpp.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/maintenance.hpp"
#include "packs/issues/engine/sync.hpp"
#include "repositories.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::issues {
namespace {

using hearth::test::sizes;
using test::all_issues;
using test::append;
using test::create;
using test::git;
using test::Repositories;

constexpr int clones = 5;

// A clock that is wrong by up to an hour.
class SkewedClock final : public Clock {
 public:
  explicit SkewedClock(std::chrono::milliseconds by) : by_(by) {}
  [[nodiscard]] MonotonicTime monotonic() const override {
    return std::chrono::steady_clock::now();
  }
  [[nodiscard]] WallTime wall() const override { return SystemClock().wall() + by_; }

 private:
  const std::chrono::milliseconds by_;
};

// Runs each as a process of its own, which ends with 0 when `job` says that all went well.
std::vector<pid_t> start(int count, const std::function<Result<void>(int)>& job) {
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto done = job(i);
      if (!done) std::cerr << "process " << i << ": " << done.error().message << std::endl;
      ::_exit(done ? 0 : 1);
    }
    EXPECT_GT(child, 0);
    children.push_back(child);
  }
  return children;
}

void expect_success(const std::vector<pid_t>& children) {
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

// Lines that processes append to a file, each whole: what was acknowledged.
void note(const std::string& path, const std::string& line) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  (void)!::write(file.get(), (line + "\n").data(), line.size() + 1);
}

std::set<std::string> noted(const std::string& path) {
  std::set<std::string> lines;
  std::istringstream text(hearth::test::read_file(path));
  for (std::string line; std::getline(text, line);) lines.insert(line);
  return lines;
}

Result<SyncReport> sync(IssueStore& store, const std::string& remote_path) {
  auto repository = store.open_repository();
  if (!repository) return std::unexpected(repository.error());
  auto remote = local_transport(**repository, remote_path, {.is_power_safe = false});
  if (!remote) return std::unexpected(remote.error());
  const auto actor = [&]() -> Result<Actor> {
    auto held = (*repository)->lock();
    if (!held) return std::unexpected(held.error());
    return store.actors().writer("", store.now_ms());
  }();
  if (!actor) return std::unexpected(actor.error());
  return sync_with(**repository, **remote,
                   {.actor = actor->id, .now_ms = [&] { return store.now_ms(); }, .stop = {}});
}

// One thing that somebody may do to some issue.
std::vector<Draft> random_drafts(std::mt19937& random, IssueStore& store) {
  std::vector<IssueId> ids;
  for (const Summary& each : store.board()->issues()) ids.push_back(each.id);
  const unsigned what = ids.empty() ? 0 : random() % 9;
  if (what == 0) {
    return {{test::new_issue_id(), IssueCreated{std::to_string(random()), "body", {"new"}}}};
  }
  const IssueId id = ids[random() % ids.size()];
  const IssueId other = ids[random() % ids.size()];
  const std::string label(1, static_cast<char>('a' + random() % 3));
  switch (what) {
    case 1:
      return {{id, CommentAdded{std::to_string(random())}}};
    case 2:
      return {{id, LabelAdded{label}}};
    case 3:
      return {{id, LabelRemoved{label}}};
    case 4:
      return {{id, StateChanged{State::closed}}};
    case 5:
      return {{id, StateChanged{State::open}}};
    case 6:
      return {{id, AssigneeAdded{label}}, {id, CommentAdded{"assigned"}}};
    case 7:
      return {{id, DependencyAdded{other, DependencyType::blocks}}};
    default:
      return {{id, IssueUpdated{std::to_string(random()), std::nullopt}}};
  }
}

Result<void> write_at_random(const Repositories& repositories,
                             const std::string& repository,
                             int process,
                             const std::string& notes) {
  std::mt19937 random(static_cast<unsigned>(process));
  const SkewedClock clock(std::chrono::minutes(static_cast<int>(random() % 121) - 60));
  auto store = IssueStore::open(
      {.directory = repository,
       .cache_directory = repositories.directory("cache-" + std::to_string(process)),
       .is_power_safe = false,
       .changed = {},
       .when_idle = {}},
      clock);
  if (!store) return std::unexpected(store.error());
  for (int round = 0; round < sizes().issue_rounds; ++round) {
    const auto receipt = append(**store, random_drafts(random, **store));
    if (!receipt) return std::unexpected(receipt.error());
    for (const Event& event : receipt->events) note(notes, hex_of(event.id));
    if (random() % 4 != 0) continue;
    const auto synced = sync(**store, repositories.remote());
    if (!synced) return std::unexpected(synced.error());
  }
  return {};
}

// "What must hold" 2.
TEST(IssueProcesses, FiveClonesConvergeAndLoseNothing) {
  const Repositories repositories;
  std::vector<std::string> paths{repositories.work()};
  for (int i = 1; i < clones; ++i) {
    paths.push_back(repositories.clone("clone" + std::to_string(i)));
  }
  const std::string notes = repositories.directory("notes") + "/acknowledged";
  expect_success(start(clones * sizes().issue_writers, [&](int process) {
    return write_at_random(repositories, paths[static_cast<std::size_t>(process % clones)], process,
                           notes);
  }));
  for (int round = 0; round < 2; ++round) {
    for (const std::string& path : paths) {
      const auto done = sync(*repositories.store(path, "last" + path.substr(path.rfind('/') + 1)),
                             repositories.remote());
      ASSERT_TRUE(done) << done.error().message;
    }
  }
  const auto expected = all_issues(*repositories.store(paths[0], "compared"));
  std::set<std::string> events;
  for (const std::string& path : paths) {
    auto store = repositories.store(path, "fresh" + path.substr(path.rfind('/') + 1));
    EXPECT_EQ(all_issues(*store), expected) << path;
    const auto verified = verify_log(*store->open_repository().value(), {});
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->problems.total, 0U) << verified->problems.texts.front();
    git(path, {"fsck", "--strict", "--no-dangling"});
  }
  auto store = repositories.store(paths[0], "compared");
  auto reader = store->reader();
  for (const RowKind kind : {RowKind::issue, RowKind::waiting}) {
    ASSERT_TRUE(Cache::each(**reader, kind, [&](const std::vector<Event>& each) {
      for (const Event& event : each) events.insert(hex_of(event.id));
    }));
  }
  EXPECT_EQ(noted(notes), events);
  git(repositories.remote(), {"fsck", "--strict", "--no-dangling"});
}

// "What must hold" 3 and D3: no append of many processes is lost.
TEST(GriteDefects, D03EightProcessesAppendAHundredTimesEach) {
  const Repositories repositories;
  constexpr int processes = 8;
  constexpr int appends = 100;
  const IssueId id = create(*repositories.store(repositories.work()), "Busy");
  expect_success(start(processes, [&](int process) -> Result<void> {
    auto store = repositories.store(repositories.work(), "cache" + std::to_string(process));
    for (int i = 0; i < appends; ++i) {
      const auto receipt = append(*store, {{id, CommentAdded{std::to_string(i)}}});
      if (!receipt) return std::unexpected(receipt.error());
    }
    return {};
  }));
  const auto all = all_issues(*repositories.store(repositories.work(), "fresh"));
  EXPECT_EQ(all.at(id).comments.size(), std::size_t{processes} * appends);
}

// "What must hold" 4: kill -9 at any point; what was acknowledged is there, and the next command
// works at once.
TEST(IssueProcesses, KillsLoseNothingAndHinderNobody) {
  const Repositories repositories;
  const std::string notes = repositories.directory("notes") + "/acknowledged";
  const IssueId id = create(*repositories.store(repositories.work()), "Victim");
  std::mt19937 random(11);  // NOLINT(bugprone-random-generator-seed): the same run every time
  for (int kill = 0; kill < sizes().issue_kills; ++kill) {
    const auto children = start(2, [&](int process) -> Result<void> {
      auto store = repositories.store(repositories.work(), "killed" + std::to_string(process));
      for (;;) {
        const auto receipt = append(*store, {{id, CommentAdded{"x"}}});
        if (!receipt) return std::unexpected(receipt.error());
        note(notes, hex_of(receipt->events.front().id));
        if (process == 1) (void)sync(*store, repositories.remote());
      }
    });
    const std::size_t before = noted(notes).size();
    ASSERT_TRUE(hearth::test::eventually([&] { return noted(notes).size() > before + 1; },
                                         std::chrono::seconds(60)));
    ::usleep(static_cast<useconds_t>(random() % 20'000));
    for (const pid_t child : children) ::kill(child, SIGKILL);
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
    const auto started = std::chrono::steady_clock::now();
    auto store = repositories.store(repositories.work(), "next");
    ASSERT_TRUE(append(*store, {{id, CommentAdded{"next"}}}));
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(8));
  }
  std::set<std::string> found;
  const auto issues = all_issues(*repositories.store(repositories.work(), "fresh"));
  for (const Comment& each : issues.at(id).comments) found.insert(hex_of(each.id));
  for (const std::string& event : noted(notes)) EXPECT_TRUE(found.contains(event)) << event;
  git(repositories.work(), {"fsck", "--strict", "--no-dangling"});
}

// "What must hold" 6: exactly one of two machines gets what both want at the same instant.
TEST(IssueProcesses, OfTwoMachinesThatClaimExactlyOneWins) {
  const Repositories repositories;
  const std::vector<std::string> paths{repositories.work(), repositories.clone("other")};
  const auto claim = [&](int machine, const std::string& resource) {
    auto here =
        Repository::open(paths[static_cast<std::size_t>(machine)], {.is_power_safe = false});
    auto remote = local_transport(**here, repositories.remote(), {.is_power_safe = false});
    ActorId owner;
    owner.bytes.fill(static_cast<std::uint8_t>(machine + 1));
    const auto lock = Locks(**here, remote->get())
                          .acquire({.resource = resource, .owner = owner, .now_ms = 1'000'000});
    return lock ? 1 : lock.error().code == Errc::conflict ? 0 : 2;
  };
  for (int round = 0; round < sizes().issue_claims; ++round) {
    const std::string resource = "issue:" + std::to_string(round);
    int gate[2];
    ASSERT_EQ(::pipe2(gate, O_CLOEXEC), 0);
    std::vector<pid_t> children;
    for (int machine = 0; machine < 2; ++machine) {
      children.push_back(::fork());
      if (children.back() != 0) continue;
      char go = 0;
      (void)!::read(gate[0], &go, 1);
      ::_exit(claim(machine, resource));
    }
    (void)!::write(gate[1], "gg", 2);
    int winners = 0;
    for (const pid_t child : children) {
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2) << status;
      winners += WEXITSTATUS(status);
    }
    EXPECT_EQ(winners, 1) << resource;
    ::close(gate[0]);
    ::close(gate[1]);
  }
}

}  // namespace
}  // namespace hearth::packs::issues
