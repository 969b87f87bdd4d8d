#include "packs/sql/engine/duckdb_engine.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "packs/sql/engine/duckdb_connection.hpp"

namespace hearth::packs::sql {
namespace {

using duckdb::Child;
using duckdb::Control;
using duckdb::InstanceSpec;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds start_patience{10'000};
// Between the starts of a process that does not live long.
constexpr milliseconds first_back_off{20};
constexpr milliseconds most_back_off{160};
constexpr std::chrono::seconds healthy_life{2};

Result<void> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(Errc::io, "make " + path + ": " + error.message());
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  return {};
}

// What does not fit into memory goes to a directory of hearth's: beside the file stands its log
// only.
Result<InstanceSpec> attached_spec(const DatabaseRef& database,
                                   const std::string& base,
                                   InstanceSpec spec) {
  spec.path = database.location;
  spec.must_exist = database.must_exist;
  // Who may write is decided for each connection; the file is open once for all.
  spec.is_read_only = spec.is_read_only && !database.is_written;
  spec.directory = std::filesystem::path(database.location).parent_path();
  spec.spills = base + "/attached/" + fingerprint_hex(database.location);
  if (auto made = make_directory(spec.spills); !made) return std::unexpected(made.error());
  return spec;
}

class DuckDbEngine final : public Engine {
 public:
  explicit DuckDbEngine(DuckDbSettings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] std::string_view kind() const override { return "duckdb"; }
  [[nodiscard]] Capabilities capabilities() const override {
    return {.reads_files = true, .joins_databases = true};
  }
  [[nodiscard]] Result<std::unique_ptr<Connection>> connect(const DatabaseRef& database,
                                                            const SessionRef& session,
                                                            const Work& work) override;
  [[nodiscard]] Result<std::string> exchange_directory(const DatabaseRef& database,
                                                       const SessionRef& session) override;
  void forget(const SessionRef& session) override;
  void release(const DatabaseRef& database) override;
  void rest() override { drop_child(false); }
  void stop() override { drop_child(true); }
  [[nodiscard]] EngineStatus status() const override;

 private:
  struct Life {
    std::shared_ptr<Child> child;
    steady_clock::time_point started;
    milliseconds back_off{0};
    std::string problem;  // why it did not start
    bool is_starting = false;
    bool is_stopped = false;
  };

  [[nodiscard]] Result<std::shared_ptr<Child>> child(const Work& work);
  [[nodiscard]] Result<std::shared_ptr<Child>> start_child(const Work& work) const;
  [[nodiscard]] Result<InstanceSpec> spec_of(const DatabaseRef& database,
                                             const SessionRef& session) const;
  [[nodiscard]] Result<std::string> scratch_of(const SessionRef& session) const;
  void drop_child(bool for_good);
  // When the last of its connections ends.
  void close(const std::string& path);

  const DuckDbSettings settings_;
  mutable Guarded<Life> life_;
  const std::shared_ptr<duckdb::Crashes> crashes_ = std::make_shared<duckdb::Crashes>();
};

// The one that runs, or a new one; others who want it meanwhile wait. The lock is not held while it
// starts: status() is asked on the loop.
Result<std::shared_ptr<Child>> DuckDbEngine::child(const Work& work) {
  std::shared_ptr<Child> ended;
  milliseconds back_off{0};
  {
    auto life = life_.lock();
    const auto has_started = [](const Life& now) { return !now.is_starting; };
    const auto latest = work.deadline.value_or(steady_clock::now() + start_patience);
    if (!life.wait_until(latest, has_started))
      return fail(Errc::timed_out, "DuckDB is starting, and takes longer than the time limit");
    if (life->is_stopped) return fail(Errc::draining, "hearthd is leaving");
    if (life->child && life->child->is_running()) return life->child;
    const bool was_healthy = !life->child || steady_clock::now() - life->started > healthy_life;
    ended = std::move(life->child);
    if (was_healthy) {
      life->back_off = back_off;
    } else {
      back_off = life->back_off = std::clamp(2 * life->back_off, first_back_off, most_back_off);
    }
    life->is_starting = true;
  }
  if (ended) log::warning("DuckDB ended", {log::kv("pid", ended->pid())});
  ended.reset();
  std::this_thread::sleep_for(back_off);
  auto started = start_child(work);
  auto life = life_.lock();
  life->is_starting = false;
  life->started = steady_clock::now();
  life->problem = started ? std::string() : started.error().message;
  if (started && !life->is_stopped) life->child = *started;
  life_.notify_all();
  return started;
}

Result<std::shared_ptr<Child>> DuckDbEngine::start_child(const Work& work) const {
  const auto latest = steady_clock::now() + start_patience;
  auto started = Child::start(settings_.command, std::min(work.deadline.value_or(latest), latest));
  if (!started || (*started)->report().problem.empty()) return started;
  return fail(Errc::unavailable, (*started)->report().problem,
              {"run scripts/setup and build again where npm can be reached, or install DuckDB"});
}

void DuckDbEngine::drop_child(bool for_good) {
  std::shared_ptr<Child> last;
  auto life = life_.lock();
  life->is_stopped = life->is_stopped || for_good;
  last = std::move(life->child);
}

EngineStatus DuckDbEngine::status() const {
  const auto life = life_.lock();
  EngineStatus status;
  status.problem = life->problem;
  if (!life->child) return status;
  status.version = life->child->report().version;
  status.notes = life->child->report().notes;
  status.is_running = life->child->is_running();
  if (status.is_running) status.pid = life->child->pid();
  return status;
}

Result<std::string> DuckDbEngine::scratch_of(const SessionRef& session) const {
  auto base = settings_.directory(session.name_space);
  if (!base) return base;
  return *base + "/scratch/" + session.id;
}

Result<InstanceSpec> DuckDbEngine::spec_of(const DatabaseRef& database,
                                           const SessionRef& session) const {
  InstanceSpec spec;
  spec.is_read_only = database.access == Access::read_only;
  spec.memory_limit = settings_.memory_limit;
  spec.threads = settings_.threads != 0 ? settings_.threads
                                        : std::max(1U, std::thread::hardware_concurrency());
  const auto base = settings_.directory(session.name_space);
  if (!base) return std::unexpected(base.error());
  if (!database.location.empty()) return attached_spec(database, *base, std::move(spec));
  const bool is_scratch = database.alias == "scratch";
  spec.directory = is_scratch ? *base + "/scratch/" + session.id : *base + "/persistent";
  if (auto made = make_directory(spec.directory + "/exchange"); !made) {
    return std::unexpected(std::move(made.error()));
  }
  spec.spills = spec.directory;
  spec.path = spec.directory + (is_scratch ? "/scratch.duckdb" : "/persistent.duckdb");
  spec.keeps_keys = true;
  spec.is_read_only = !is_scratch && settings_.is_read_only;
  if (is_scratch) {
    spec.readable = session.roots;
    spec.start = session.directory;
    spec.memory_limit /= 2;
  }
  return spec;
}

Result<std::unique_ptr<Connection>> DuckDbEngine::connect(const DatabaseRef& database,
                                                          const SessionRef& session,
                                                          const Work& work) {
  auto running = child(work);
  if (!running) return std::unexpected(std::move(running.error()));
  auto home = spec_of(database, session);
  if (!home) return std::unexpected(std::move(home.error()));
  Control control{.home = std::move(*home), .is_read_only = database.access == Access::read_only};
  for (const DatabaseRef& each : session.visible) {
    auto spec = spec_of(each, session);
    if (!spec) return std::unexpected(std::move(spec.error()));
    if (each.alias == "scratch") control.files = spec->path;
    control.neighbours.push_back({each.alias, std::move(*spec)});
  }
  const InstanceSpec own = control.home;
  auto opened = (*running)->open(std::move(control));
  if (!opened) return std::unexpected(std::move(opened.error()));
  return std::make_unique<duckdb::SocketConnection>(std::move(*running), crashes_,
                                                    std::move(*opened), own);
}

// Of a database that is attached none: its directory is its owner's.
Result<std::string> DuckDbEngine::exchange_directory(const DatabaseRef& database,
                                                     const SessionRef& session) {
  if (!database.location.empty()) return std::string();
  const auto spec = spec_of(database, session);
  if (!spec) return std::unexpected(spec.error());
  return spec->directory + "/exchange";
}

void DuckDbEngine::close(const std::string& path) {
  const auto life = life_.lock();
  if (!life->child) return;
  Control control{.kind = duckdb::ControlKind::drop};
  control.home.path = path;
  life->child->send(control);
}

void DuckDbEngine::release(const DatabaseRef& database) {
  close(database.location);
}

void DuckDbEngine::forget(const SessionRef& session) {
  const auto directory = scratch_of(session);
  if (!directory) return;
  close(*directory + "/scratch.duckdb");
  std::error_code ignored;  // what stays is swept at the next start
  // Renamed first: a file that is being closed would make others beside it meanwhile.
  const std::string gone = *directory + ".gone";
  std::filesystem::remove_all(gone, ignored);
  std::filesystem::rename(*directory, gone, ignored);
  std::filesystem::remove_all(gone, ignored);
}

}  // namespace

std::unique_ptr<Engine> make_duckdb_engine(DuckDbSettings settings) {
  return std::make_unique<DuckDbEngine>(std::move(settings));
}

}  // namespace hearth::packs::sql
