// The issue engine with a large log, in this process: what a write costs durably beside the floor
// of one commit an event, and what lists, searches and rebuilds take.
//
//   bench_issues DIRECTORY ISSUES EVENTS_PER_ISSUE
//
// DIRECTORY/work is a git repository that is empty; it is filled, and left for the command line.
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <random>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/event_codec.hpp"
#include "packs/issues/engine/filter.hpp"
#include "packs/issues/engine/issue_search.hpp"
#include "packs/issues/engine/maintenance.hpp"
#include "packs/issues/engine/snapshots.hpp"
#include "packs/issues/engine/views/ready.hpp"
#include "support.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::issues;
using bench::die;

template <typename T>
T expect(Result<T> result) {
  if (!result) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

const SystemClock system_clock;

std::unique_ptr<IssueStore> open(const std::string& directory, const std::string& cache) {
  std::filesystem::create_directories(cache);
  return expect(IssueStore::open({.directory = directory,
                                  .cache_directory = cache,
                                  .is_power_safe = true,
                                  .changed = {},
                                  .when_idle = {}},
                                 system_clock));
}

WriteJob job_of(std::vector<Draft> drafts) {
  WriteJob job;
  job.make = [drafts = std::move(drafts)](const Board&, store::Database&,
                                          const Actor&) -> Result<Batch> {
    return Batch{.drafts = drafts, .events = {}};
  };
  return job;
}

// Median time of some runs, in milliseconds.
double median_of(
    int runs, const std::function<void()>& work, const std::function<void()>& before = [] {}) {
  std::vector<float> times;
  for (int i = 0; i < runs; ++i) {
    before();
    const auto start = bench::Clock::now();
    work();
    times.push_back(static_cast<float>(bench::milliseconds_since(start)));
  }
  return bench::percentile(times, 0.5);
}

// ---- Writing ----------------------------------------------------------------------------------

// One durable commit an event, as libgit2 gives them: what a writer without group commit has.
double commits_a_second(const std::string& directory, int count) {
  auto repository = expect(Repository::open(directory, {.is_power_safe = true}));
  std::optional<CommitId> head = expect(repository->read_reference(wal_reference));
  Event event;
  event.kind = CommentAdded{"floor"};
  const auto start = bench::Clock::now();
  for (int i = 0; i < count; ++i) {
    event.ts_ms = static_cast<std::uint64_t>(i + 1);
    seal(event);
    auto held = expect(repository->lock());
    std::vector<CommitId> parents;
    if (head) parents.push_back(*head);
    const auto commit = expect(write_wal_commit(*repository, {.actor = {},
                                                              .events = std::span(&event, 1),
                                                              .parents = parents,
                                                              .previous = head,
                                                              .calls = {},
                                                              .time = {}}));
    if (!expect(repository->update_reference(held, wal_reference, head, commit))) die("it moved");
    head = commit;
  }
  return count / (bench::milliseconds_since(start) / 1000);
}

// Many callers, each of whom writes to an issue of its own and waits for its answer before the
// next.
double events_a_second(IssueStore& store, int callers, int each) {
  std::vector<IssueId> issues;
  for (int i = 0; i < callers; ++i) {
    issues.push_back(IssueId::of(random_bytes(IssueId::size)));
    expect(store.write_and_wait(job_of({{issues.back(), IssueCreated{"Busy", "", {}}}})));
  }
  std::atomic<int> left = callers * each;
  std::promise<void> all;
  std::function<void(const IssueId&, int)> next = [&](const IssueId& issue, int remaining) {
    WriteJob job = job_of({{issue, CommentAdded{"group"}}});
    job.done = [&, remaining](const Result<Receipt>& receipt) {
      if (!receipt) die(receipt.error().message);
      if (--left == 0) return all.set_value();
      if (remaining > 1) next(issue, remaining - 1);
    };
    store.write(std::move(job));
  };
  const auto start = bench::Clock::now();
  for (const IssueId& issue : issues) next(issue, each);
  all.get_future().wait();
  return callers * each / (bench::milliseconds_since(start) / 1000);
}

// ---- A large log ------------------------------------------------------------------------------

std::string words(std::mt19937& random, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "word" + std::to_string(random() % 5000) + " ";
  return text;
}

void fill(IssueStore& store, int issues, int events_each) {
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same log every time
  std::vector<IssueId> ids;
  for (int begin = 0; begin < issues; begin += 250) {
    std::vector<Draft> drafts;
    for (int i = begin; i < std::min(issues, begin + 250); ++i) {
      const IssueId id = IssueId::of(random_bytes(IssueId::size));
      drafts.push_back(
          {id,
           IssueCreated{words(random, 6), words(random, 20), {"label" + std::to_string(i % 20)}}});
      for (int e = 1; e < events_each; ++e) {
        if (e == 1 && !ids.empty()) {
          drafts.push_back(
              {id, DependencyAdded{ids[random() % ids.size()], DependencyType::depends_on}});
        } else if (e == 2 && i % 3 == 0) {
          drafts.push_back({id, StateChanged{State::closed}});
        } else {
          drafts.push_back({id, CommentAdded{words(random, 8)}});
        }
      }
      ids.push_back(id);
    }
    expect(store.write_and_wait(job_of(std::move(drafts))));
  }
}

void measure_reads(IssueStore& store) {
  const Filter open_only{.state = State::open, .text = {}};
  bench::print_series("list 100", "ms", {median_of(200, [&] {
                        const auto board = store.board();
                        const Page page =
                            select(board->issues(), open_only, Order::created, false, 0, 100);
                        if (page.issues.size() != 100) die("a list is short");
                      })});
  bench::print_series("ready", "ms", {median_of(100, [&] {
                        const auto board = store.board();
                        if (ready_issues(board->graph(), {}).empty()) die("nothing is ready");
                      })});
  expect(store.searcher().search("word1", {.text = {}}, 20, {}));
  int query = 0;
  bench::print_series("search", "ms", {median_of(200, [&] {
                        expect(store.searcher().search("word" + std::to_string(++query) + " word7",
                                                       {.text = {}}, 20, {}));
                      })});
}

void measure_rebuilds(IssueStore& store) {
  for (const bool from_snapshot : {false, true}) {
    if (from_snapshot) {
      expect(store.run([&](Repository& repository, Projector& projector) -> Result<void> {
        std::vector<Event> events;
        auto reader = store.reader();
        if (!reader) return std::unexpected(reader.error());
        auto read = Cache::each(**reader, RowKind::issue, [&](std::vector<Event> each) {
          std::ranges::move(each, std::back_inserter(events));
        });
        if (!read) return read;
        auto written =
            write_snapshot(repository, std::move(events), *projector.head(), store.now_ms());
        if (!written) return std::unexpected(written.error());
        return {};
      }));
    }
    const auto rebuild = [&] {
      expect(store.run([&](Repository&, Projector& projector) -> Result<void> {
        auto done = projector.rebuild(from_snapshot);
        if (!done) return std::unexpected(done.error());
        return {};
      }));
    };
    // What the store tidies up behind its answer is not part of it.
    const auto settle = [&] {
      expect(store.run([](Repository&, Projector&) { return Result<void>(); }));
    };
    // The first time it is read from git; what it amounts to is kept.
    if (from_snapshot)
      bench::print_series("snapshot, first time", "ms", {median_of(1, rebuild, settle)});
    bench::print_series(from_snapshot ? "rebuild from snapshot" : "rebuild", "ms",
                        {median_of(5, rebuild, settle)});
  }
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) die("usage: bench_issues DIRECTORY ISSUES EVENTS_PER_ISSUE");
  const std::string directory = argv[1];
  const int issues = bench::number_argument(argc, argv, 2, "ISSUES");
  const int events = bench::number_argument(argc, argv, 3, "EVENTS_PER_ISSUE");
  bench::print_series("commit floor", "/s", {commits_a_second(directory + "/floor", 300)});
  auto store = open(directory + "/work", directory + "/cache");
  fill(*store, issues, events);
  {
    auto repository = expect(store->open_repository());
    expect(compact(*repository, store->now_ms()));
  }
  measure_reads(*store);
  measure_rebuilds(*store);
  bench::print_series("1 caller", "/s", {events_a_second(*store, 1, 200)});
  bench::print_series("64 callers", "/s", {events_a_second(*store, 64, 50)});
  store.reset();
  bench::print_series("open", "ms", {median_of(5, [&] {
                        store = open(directory + "/work", directory + "/cache");
                        store.reset();
                      })});
  bench::print_series("memory", "MiB", {resident_mib()});
  return 0;
}
