// Exchange of an open store with a remote: asked for (the tool `sync`), or by itself every so
// often.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "packs/issues/engine/sync.hpp"
#include "packs/issues/stores.hpp"

namespace hearth::packs::issues {

struct SyncOptions {
  std::string remote = "origin";  // a name or a URL
  std::string actor;              // who merges; empty: the default one
  bool pull = true;
  bool push = true;
};
// Blocks, and counts as no use of the store, which learns what came by watching its references.
[[nodiscard]] Result<SyncReport> sync_store(IssueStore& store,
                                            const SyncOptions& options,
                                            const std::stop_token& stop);

// Exchanges all open stores with their "origin" on a thread of its own. One that fails is tried
// again after twice the time, up to an hour. Repositories without that remote are left alone.
class BackgroundSync final {
 public:
  // `failed` is told of the first failure in a row. `stores` outlives this.
  using Failed = std::function<void(const Stores::Named& store, const Error& error)>;
  BackgroundSync(Stores& stores, std::chrono::milliseconds every, Failed failed);
  ~BackgroundSync() { stop(); }
  BackgroundSync(const BackgroundSync&) = delete;
  BackgroundSync& operator=(const BackgroundSync&) = delete;

  // Ends what runs, and waits for it.
  void stop();
  // "2 repositories are exchanged with their remotes, 1 in vain: …"; may be empty. Any thread.
  [[nodiscard]] std::string activity();

 private:
  struct Turn {
    MonotonicTime due;
    unsigned failures = 0;  // in a row
    bool has_remote = true;
    std::string problem;
  };
  struct State {
    std::map<std::string, Turn> turns;  // by namespace and common git directory
    bool is_over = false;
  };

  void run(const std::stop_token& stop);
  [[nodiscard]] MonotonicTime do_due(const std::stop_token& stop);
  [[nodiscard]] Turn next_turn(const Stores::Named& each, Turn turn, const std::stop_token& stop);

  Stores& stores_;
  const std::chrono::milliseconds every_;
  const Failed failed_;
  Guarded<State> state_;
  std::jthread thread_;
};

}  // namespace hearth::packs::issues
