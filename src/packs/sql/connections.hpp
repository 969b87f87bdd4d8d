// Connections that are open, and the cursors that hold some of them.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/sql/databases.hpp"

namespace hearth::packs::sql {

// Keeps connections for the next call of the same session on the same database. Any thread.
class Connections final {
 private:
  // Where a connection belongs.
  struct Place {
    std::string key;       // of its session, database, access
    std::string location;  // of the database, where it is attached
    std::uint64_t generation = 0;
  };

 public:
  // A connection in use; goes back when this goes.
  class Lease final {
   public:
    Lease() = default;
    Lease(Connections& from, Place place, std::unique_ptr<Connection> connection)
        : from_(&from), place_(std::move(place)), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { give_back(); }
    [[nodiscard]] Connection& operator*() const { return *connection_; }
    [[nodiscard]] Connection* operator->() const { return connection_.get(); }
    [[nodiscard]] const std::string& location() const { return place_.location; }

   private:
    void give_back();

    Connections* from_ = nullptr;
    Place place_;
    std::unique_ptr<Connection> connection_;
  };

  // `databases` outlives it.
  explicit Connections(const Databases& databases) : databases_(databases) {}

  [[nodiscard]] Result<Lease> lease(const Target& target, const Work& work);
  // Closes what the session has left here: of one location, or all.
  void drop(const SessionRef& session, const std::optional<std::string>& location = {});
  // Closes what is idle of a location, whoever used it: its file has to be opened in another way.
  void close_location(const std::string& location);
  // Closes what has not been used since `before`. Returns the time of the oldest that stays.
  [[nodiscard]] std::optional<MonotonicTime> close_idle(MonotonicTime before);
  // Since when nothing is open; nothing while something is.
  [[nodiscard]] std::optional<MonotonicTime> quiet_since();
  void close() { state_.lock()->idle.clear(); }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    Place place;
    MonotonicTime since;
  };
  static constexpr std::size_t most_idle = 4;  // of a session's database

  void take_back(Place place, std::unique_ptr<Connection> connection);

  const Databases& databases_;
  struct State {
    std::map<std::string, std::vector<Idle>> idle;  // by session, database, access
    std::size_t leased = 0;
    MonotonicTime last_use{};
  };
  Guarded<State> state_;
};

// A query whose rows are not all read, with the connection that is busy with it.
struct OpenQuery {
  Connections::Lease connection;  // outlives the rows
  std::unique_ptr<Rows> rows;
};

// Results that are read page by page. Each holds a connection and a snapshot of its database, so
// that there are few and none lives long. Any thread.
class Cursors final {
 public:
  static constexpr std::chrono::seconds lifetime{120};
  static constexpr std::size_t most_of_session = 4;

  // Returns the cursor's name. The session's oldest goes when it has too many.
  [[nodiscard]] std::string keep(const SessionRef& session, OpenQuery query);
  // Whoever has it reads on alone. `not_found` says why it may be gone.
  [[nodiscard]] Result<OpenQuery> take(const SessionRef& session, const std::string& name);
  // Closes the session's: of one location, or all.
  void drop(const SessionRef& session, const std::optional<std::string>& location = {});
  [[nodiscard]] std::optional<MonotonicTime> close_idle(MonotonicTime before);
  void close() { open_.lock()->clear(); }

 private:
  struct Open {
    std::string session;
    OpenQuery query;
    MonotonicTime since;
  };
  Guarded<std::map<std::string, Open>> open_;
};

}  // namespace hearth::packs::sql
