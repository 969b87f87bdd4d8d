// Who may use one .hyper file when.
//
// hyperd keeps what was committed in memory, and writes it to the file when the last session that
// has the database attached detaches it (found by experiment: docs/adr/0016). So that an answered
// commit is on disk, a writer has everybody else let go of the database before it commits, and
// detaches it itself (hyper_writes.cpp): writers take turns, and readers, who otherwise run beside
// them, are kept out for these few milliseconds.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "base/guarded.hpp"
#include "packs/sql/engine/engine.hpp"

namespace hearth::packs::sql::hyper {

// A connection that may have the database attached while it runs nothing.
class Holder {
 public:
  virtual ~Holder() = default;
  // Detaches it, keeping what it has still to give. Called by the writer while the holder is
  // outside.
  virtual void let_go() = 0;
};

// Thread-safe. Shared by its connections.
class HyperDatabase final {
 public:
  explicit HyperDatabase(std::string path) : path_(std::move(path)) {}
  HyperDatabase(const HyperDatabase&) = delete;
  HyperDatabase& operator=(const HyperDatabase&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // While there is one, its holder may use its connection.
  class Visit {
   public:
    explicit Visit(HyperDatabase& database) : database_(&database) {}
    Visit(Visit&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Visit& operator=(Visit&&) = delete;
    ~Visit() {
      if (database_ != nullptr) database_->leave();
    }

   private:
    HyperDatabase* database_;
  };
  // Waits while a writer has the database closed: milliseconds.
  [[nodiscard]] Visit enter();

  // While there is one, no other connection writes.
  class Turn {
   public:
    explicit Turn(HyperDatabase& database) : database_(&database) {}
    Turn(Turn&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (database_ != nullptr) database_->end_turn();
    }
    // Keeps others out, waits until those inside are, and has all holders but `self` let go.
    // `timed_out` or `cancelled` when those inside take too long; then nothing is closed.
    [[nodiscard]] Result<void> close(const Holder* self, const Work& work);
    // Lets others in again, before the turn ends.
    void open() { database_->open(); }

   private:
    HyperDatabase* database_;
  };
  // In the order of the calls.
  [[nodiscard]] Result<Turn> take_turn(const Work& work);

  // A holder that has attached it, and one that has not any more. Inside only, or with the turn.
  void attached(Holder& holder) { state_.lock()->holders.insert(&holder); }
  void detached(Holder& holder) { state_.lock()->holders.erase(&holder); }

  // Whether hearth's own tables are known to be there. With the turn only.
  bool is_prepared = false;

 private:
  struct State {
    int inside = 0;
    bool is_closed = false;
    std::uint64_t next_ticket = 0;
    std::set<std::uint64_t> waiting;  // for a turn
    bool is_writing = false;
    std::set<Holder*> holders;
  };
  void leave();
  void open();
  void end_turn();

  const std::string path_;
  Guarded<State> state_;
};

}  // namespace hearth::packs::sql::hyper
