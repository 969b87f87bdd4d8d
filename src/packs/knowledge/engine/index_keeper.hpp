// The thread that works for a store's indexes in the background: brings what they lack, reads them
// against their checksums, writes what is in their memory to disk and merges it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/index_feed.hpp"
#include "packs/knowledge/engine/index_leg.hpp"
#include "store/readers.hpp"

namespace hearth::packs::knowledge {

class IndexKeeper final {
 public:
  // Called when both indexes have all changes up to a number on disk. On the keeper's thread.
  using Covered = std::function<void(std::uint64_t)>;

  // All of these outlive the keeper.
  // Legs that nobody asked for `unload_after` give back their memory.
  IndexKeeper(IndexFeed& feed,
              store::Readers& readers,
              const Clock& clock,
              std::chrono::milliseconds unload_after,
              Covered covered);
  ~IndexKeeper();  // close()
  IndexKeeper(const IndexKeeper&) = delete;
  IndexKeeper& operator=(const IndexKeeper&) = delete;

  // The leg outlives the keeper, too. Any thread.
  void add(IndexLeg& leg);
  // Begins to work. Once, before close().
  void start();
  // Something was written. Any thread; cheap.
  void nudge();
  // An index is asked. Any thread; costs next to nothing.
  void note_use();
  // Throws a leg's index away and makes it again, in the background. Any thread.
  void rebuild(IndexLeg& leg);
  // Ends what it does, as soon as that can be left. Any thread but its own; idempotent.
  void close();

 private:
  struct Watched {
    IndexLeg* leg = nullptr;
    bool is_verified = false;
    bool is_to_rebuild = false;
  };
  struct State {
    std::vector<Watched> legs;
    MonotonicTime last_write{};
    bool is_dirty = false;  // written since the last flush
    bool is_closed = false;
  };
  void work();
  [[nodiscard]] bool rebuild_some();
  [[nodiscard]] bool catch_up();
  [[nodiscard]] bool verify_some();
  [[nodiscard]] bool tidy(bool is_to_flush);
  [[nodiscard]] bool is_quiet();
  void rest();
  [[nodiscard]] std::vector<IndexLeg*> legs();
  void fail(const IndexLeg& leg, std::string_view what, const Error& error);

  IndexFeed& feed_;
  store::Readers& readers_;
  const Clock& clock_;
  const std::chrono::milliseconds unload_after_;
  const Covered covered_;
  std::stop_source stop_;
  std::uint64_t told_ = 0;            // the keeper's thread: to covered_
  std::atomic<bool> is_used_ = true;  // since rest() looked last; what opening reads counts, too
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace hearth::packs::knowledge
