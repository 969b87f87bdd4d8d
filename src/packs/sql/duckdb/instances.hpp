// The databases that are open in the engine's process, each with threads of DuckDB's own that can
// touch nothing but what their database may.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/sql/duckdb/confinement.hpp"
#include "packs/sql/duckdb/handles.hpp"
#include "packs/sql/duckdb/spawner.hpp"
#include "packs/sql/engine/duckdb_protocol.hpp"

namespace hearth::packs::sql::duckdb {

// Where hearth keeps the keys of writes, in a database of its own.
inline constexpr std::string_view internal_schema = "hearth_internal";

// An open database. Any thread; what uses it runs on a thread confined like confinement().
class Instance final {
 public:
  // Opens it on a thread that is confined first, and locks its configuration.
  [[nodiscard]] static Result<std::shared_ptr<Instance>> open(const InstanceSpec& spec,
                                                              Spawner& spawner);
  Instance(InstanceSpec spec, Database database)
      : spec_(std::move(spec)), database_(std::move(database)) {}

  [[nodiscard]] const InstanceSpec& spec() const { return spec_; }
  [[nodiscard]] Confinement confinement() const {
    return {spec_.readable, spec_.directory, spec_.start};
  }
  [[nodiscard]] Result<Link> connect() const;
  [[nodiscard]] duckdb_database database() const { return database_.get(); }

 private:
  const InstanceSpec spec_;
  const Database database_;
};

// By path. Any thread.
class Instances final {
 public:
  explicit Instances(Spawner& spawner) : spawner_(spawner) {}
  [[nodiscard]] Spawner& spawner() const { return spawner_; }
  // Opens it at its first use; whoever else wants it meanwhile waits.
  [[nodiscard]] Result<std::shared_ptr<Instance>> get(const InstanceSpec& spec);
  // Closed when the last of its connections ends.
  void drop(const std::string& path);

 private:
  struct Slot {
    std::shared_ptr<Instance> instance;
    bool is_opening = false;
  };
  Spawner& spawner_;
  Guarded<std::map<std::string, Slot>> slots_;
};

}  // namespace hearth::packs::sql::duckdb
