// The databases that are open in the engine's process, each with threads of DuckDB's own that can
// touch nothing but what their database may.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/sql/duckdb/checkpoints.hpp"
#include "packs/sql/duckdb/confinement.hpp"
#include "packs/sql/duckdb/handles.hpp"
#include "packs/sql/duckdb/spawner.hpp"
#include "packs/sql/engine/duckdb_protocol.hpp"
#include "packs/sql/engine/file_identity.hpp"

namespace hearth::packs::sql::duckdb {

// Where hearth keeps the keys of writes, in a database of its own.
inline constexpr std::string_view internal_schema = "hearth_internal";

// What its threads may touch.
[[nodiscard]] Confinement confinement_of(const InstanceSpec& spec);

// An open database. Any thread; what uses it runs on a thread confined like confinement().
class Instance final {
 public:
  // Opens it on a thread that is confined first, and locks its configuration.
  [[nodiscard]] static Result<std::shared_ptr<Instance>> open(const InstanceSpec& spec,
                                                              Spawner& spawner);
  Instance(InstanceSpec spec, Database database, bool has_log)
      : spec_(std::move(spec)), database_(std::move(database)), checkpoints_(has_log) {}

  [[nodiscard]] const InstanceSpec& spec() const { return spec_; }
  [[nodiscard]] Confinement confinement() const { return confinement_of(spec_); }
  [[nodiscard]] Result<Link> connect() const;
  [[nodiscard]] duckdb_database database() const { return database_.get(); }
  [[nodiscard]] Checkpoints& checkpoints() { return checkpoints_; }
  [[nodiscard]] std::uint64_t log_bytes() const;  // how long its log is; 0: there is none

 private:
  const InstanceSpec spec_;
  const Database database_;
  Checkpoints checkpoints_;
};

// By path; no file is open twice, or two would write to it. Any thread. Lives as long as the
// process.
class Instances final {
 public:
  explicit Instances(Spawner& spawner) : spawner_(spawner) {}
  [[nodiscard]] Spawner& spawner() const { return spawner_; }
  // Opens it at its first use, and again where it was open for reading only, or another file has
  // come to its path. `busy` when its users before, or those of the same file under another name,
  // do not end in time.
  [[nodiscard]] Result<std::shared_ptr<Instance>> get(const InstanceSpec& spec);
  // Closed when the last of its connections ends.
  void drop(const std::string& path);

 private:
  struct Slot {
    std::shared_ptr<Instance> kept;    // until drop()
    std::weak_ptr<Instance> instance;  // while anybody has it
    std::optional<FileIdentity> file;  // which it was when it was opened
    // Until it is opened, or has been closed, which writes its log into the file.
    [[nodiscard]] bool is_changing() const { return instance.expired(); }
    [[nodiscard]] bool serves(const InstanceSpec& spec, const Instance& open) const {
      return file == identity_at(spec.path) && (spec.is_read_only || !open.spec().is_read_only);
    }
  };
  struct State {
    std::map<std::string, Slot> slots;  // by path
    std::uint64_t changes = 0;          // of them, to be waited for
    [[nodiscard]] bool is_changing(const std::string& path) const;
    [[nodiscard]] bool is_open_elsewhere(const std::string& path) const;
  };

  [[nodiscard]] Result<std::shared_ptr<Instance>> open(const InstanceSpec& spec);
  [[nodiscard]] std::shared_ptr<Instance> closing_itself(std::shared_ptr<Instance> instance);
  void settle(const std::string& path, std::optional<Slot> slot);

  Spawner& spawner_;
  Guarded<State> state_;
};

}  // namespace hearth::packs::sql::duckdb
