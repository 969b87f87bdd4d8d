#include "packs/sql/duckdb/instances.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <initializer_list>
#include <thread>
#include <utility>

#include "base/unique_fd.hpp"
#include "packs/sql/duckdb/foreign_scan.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

constexpr std::chrono::milliseconds lock_patience{2'000};
constexpr std::chrono::milliseconds lock_pause{5};

using Config = Owned<duckdb_config, &Api::duckdb_destroy_config>;

Result<Config> configuration(const InstanceSpec& spec) {
  Config config;
  if (api().duckdb_create_config(config.out()) != DuckDBSuccess) {
    return fail(Errc::busy, "no memory for DuckDB's configuration");
  }
  const std::initializer_list<std::pair<const char*, std::string>> options{
      {"access_mode", spec.is_read_only ? "READ_ONLY" : "READ_WRITE"},
      {"temp_directory",
       spec.directory.empty() ? "" : spec.directory + "/" + std::string(spill_directory)},
      {"memory_limit", spec.memory_limit == 0 ? "" : std::to_string(spec.memory_limit) + "B"},
      {"threads", spec.threads == 0 ? "" : std::to_string(spec.threads)},
      // Gives memory back a second after it was freed, not when the next query happens to.
      {"allocator_background_threads", "true"},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"allow_persistent_secrets", "false"},
      {"duckdb_api", "hearth"},
  };
  for (const auto& [name, value] : options) {
    if (value.empty()) continue;
    if (api().duckdb_set_config(config.get(), name, value.c_str()) != DuckDBSuccess) {
      return fail(Errc::internal, std::string("DuckDB refuses ") + name + " = " + value);
    }
  }
  return config;
}

std::string list_literal(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& each : texts) list += (list.empty() ? "" : ", ") + sql_literal(each);
  return "[" + list + "]";
}

// Neither can be undone while the database is open; and gate.hpp lets nobody SET anything. What
// reads files is left to the kernel where that confines it, because DuckDB's own list of
// directories refuses every relative name; all others open no file but their own.
Result<void> lock_down(duckdb_connection link, const InstanceSpec& spec) {
  std::vector<std::string> steps;
  const bool kernel_decides = !spec.readable.empty() && is_confined_by_kernel();
  if (!kernel_decides) {
    std::vector<std::string> allowed = spec.readable;
    if (!spec.directory.empty()) allowed.push_back(spec.directory + "/exchange");
    steps.push_back("SET GLOBAL allowed_directories = " + list_literal(allowed));
    steps.emplace_back("SET GLOBAL enable_external_access = false");
  }
  for (const std::string& each : steps) {
    if (auto done = run(link, each); !done) return std::unexpected(std::move(done.error()));
  }
  return {};
}

// Answers of writes are kept for a day.
Result<void> prepare_keys(duckdb_connection link) {
  const auto yesterday = std::chrono::duration_cast<std::chrono::milliseconds>(
      (std::chrono::system_clock::now() - std::chrono::hours(24)).time_since_epoch());
  const std::string schema(internal_schema);
  for (const std::string& each :
       {"CREATE SCHEMA IF NOT EXISTS " + schema,
        "CREATE TABLE IF NOT EXISTS " + schema +
            ".calls (id VARCHAR PRIMARY KEY, fingerprint VARCHAR NOT NULL, "
            "rows_affected VARCHAR NOT NULL, made_ms BIGINT NOT NULL)",
        "DELETE FROM " + schema + ".calls WHERE made_ms < " + std::to_string(yesterday.count())}) {
    if (auto done = run(link, each); !done) return std::unexpected(std::move(done.error()));
  }
  return {};
}

Result<Database> open_file(const std::string& path, duckdb_config config) {
  Database database;
  char* why = nullptr;
  if (api().duckdb_open_ext(path.c_str(), database.out(), config, &why) == DuckDBSuccess) {
    return database;
  }
  const Error error = engine_error(why == nullptr ? "cannot open the database" : why);
  api().duckdb_free(why);
  return std::unexpected(Error(error).within("open " + path));
}

// A process that was killed while it made a database leaves a file without all of its headers,
// which DuckDB refuses from then on. Nothing was ever committed to it. Who makes one holds its
// lock.
void remove_half_made(const InstanceSpec& spec) {
  constexpr ::off_t headers = 3 * 4096;  // of DuckDB's format: the file's, and two of its database
  const auto is_half_made = [](const struct ::stat& status) {
    return S_ISREG(status.st_mode) && status.st_size < headers;
  };
  struct ::stat status{};
  const bool is_ours = spec.keeps_keys && !spec.is_read_only;
  if (!is_ours || ::lstat(spec.path.c_str(), &status) != 0 || !is_half_made(status)) return;
  struct ::stat journal{};  // of a database that was used
  if (::lstat((spec.path + ".wal").c_str(), &journal) == 0 && journal.st_size > 0) return;
  const UniqueFd file(::open(spec.path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  struct ::flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (!file.valid() || ::fcntl(file.get(), F_SETLK, &lock) != 0) return;
  if (::fstat(file.get(), &status) == 0 && is_half_made(status))
    ::rename(spec.path.c_str(), (spec.path + ".half-made").c_str());
}

Result<Database> open_ours(const InstanceSpec& spec, duckdb_config config) {
  remove_half_made(spec);
  return open_file(spec.path, config);
}

Result<std::shared_ptr<Instance>> open_here(const InstanceSpec& spec) {
  auto config = configuration(spec);
  if (!config) return std::unexpected(std::move(config.error()));
  auto database = open_ours(spec, config->get());
  // The process of a daemon that was killed takes a moment to go.
  const auto until = std::chrono::steady_clock::now() + lock_patience;
  while (!database && database.error().code == Errc::busy &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(lock_pause);
    database = open_ours(spec, config->get());
  }
  if (!database) return std::unexpected(std::move(database.error()));
  auto instance = std::make_shared<Instance>(spec, std::move(*database));
  auto link = instance->connect();
  if (!link) return std::unexpected(std::move(link.error()));
  if (auto done = register_foreign_scan(instance->database(), link->get()); !done) {
    return std::unexpected(std::move(done.error()));
  }
  if (spec.keeps_keys && !spec.is_read_only) {
    if (auto done = prepare_keys(link->get()); !done) return std::unexpected(done.error());
  }
  if (auto done = lock_down(link->get(), spec); !done) return std::unexpected(done.error());
  return instance;
}

}  // namespace

Result<std::shared_ptr<Instance>> Instance::open(const InstanceSpec& spec, Spawner& spawner) {
  Result<std::shared_ptr<Instance>> opened = fail(Errc::internal, "not opened");
  spawner.run([&] {
    // Which the rules below name.
    const std::string spills = spec.directory + "/" + std::string(spill_directory);
    if (!spec.directory.empty()) ::mkdir(spills.c_str(), 0700);
    auto confined = confine_this_thread({spec.readable, spec.directory, spec.start});
    opened = confined ? open_here(spec) : std::unexpected(std::move(confined.error()));
  });
  return opened;
}

Result<Link> Instance::connect() const {
  Link link;
  if (api().duckdb_connect(database_.get(), link.out()) != DuckDBSuccess) {
    return fail(Errc::unavailable, "DuckDB refuses another connection");
  }
  return link;
}

Result<std::shared_ptr<Instance>> Instances::get(const InstanceSpec& spec) {
  {
    auto slots = slots_.lock();
    slots.wait([&](auto& all) { return !all[spec.path].is_opening; });
    Slot& slot = (*slots)[spec.path];
    if (slot.instance) return slot.instance;
    slot.is_opening = true;
  }
  auto opened = Instance::open(spec, spawner_);
  auto slots = slots_.lock();
  Slot& slot = (*slots)[spec.path];
  slot.is_opening = false;
  if (opened) slot.instance = *opened;
  slots_.notify_all();
  return opened;
}

void Instances::drop(const std::string& path) {
  std::shared_ptr<Instance> last;  // closed without the lock
  auto slots = slots_.lock();
  const auto slot = slots->find(path);
  if (slot == slots->end() || slot->second.is_opening) return;
  last = std::move(slot->second.instance);
  slots->erase(slot);
}

}  // namespace hearth::packs::sql::duckdb
