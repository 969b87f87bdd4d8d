#include "packs/sql/duckdb/instances.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <thread>
#include <utility>

#include "base/unique_fd.hpp"
#include "packs/sql/duckdb/cells.hpp"
#include "packs/sql/duckdb/foreign_scan.hpp"
#include "packs/sql/duckdb/gate.hpp"
#include "packs/sql/duckdb/memory.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

constexpr std::chrono::milliseconds lock_patience{2'000};
constexpr std::chrono::milliseconds lock_pause{5};
// For those who use a file that has to be opened anew.
constexpr std::chrono::milliseconds users_patience{2'000};

using Config = Owned<duckdb_config, &Api::duckdb_destroy_config>;

std::string spills_of(const InstanceSpec& spec) {
  return spec.spills.empty() ? "" : spec.spills + "/" + std::string(spill_directory);
}

Result<Config> configuration(const InstanceSpec& spec) {
  Config config;
  if (api().duckdb_create_config(config.out()) != DuckDBSuccess) {
    return fail(Errc::busy, "no memory for DuckDB's configuration");
  }
  const std::initializer_list<std::pair<const char*, std::string>> options{
      {"access_mode", spec.is_read_only ? "READ_ONLY" : "READ_WRITE"},
      {"temp_directory", spills_of(spec)},
      {"memory_limit", spec.memory_limit == 0 ? "" : std::to_string(spec.memory_limit) + "B"},
      {"threads", spec.threads == 0 ? "" : std::to_string(spec.threads)},
      {"allocator_background_threads", has_own_allocator() ? "false" : "true"},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"allow_persistent_secrets", "false"},
      // Never by itself: it would wait for all who read, within a COMMIT (checkpoints.hpp).
      {"checkpoint_threshold", "1TB"},
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
    if (spec.keeps_keys) allowed.push_back(spec.directory + "/exchange");
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

// A file that was made elsewhere may have views and macros that call what no text may call here.
Result<void> check_definitions(duckdb_connection link) {
  auto found = run(link,
                   "SELECT view_name, sql FROM system.main.duckdb_views() WHERE NOT internal "
                   "UNION ALL SELECT function_name, macro_definition FROM "
                   "system.main.duckdb_functions() WHERE NOT internal AND macro_definition IS NOT "
                   "NULL");
  if (!found) return std::unexpected(std::move(found.error()));
  std::vector<Type> types(2);
  types[0].id = types[1].id = DUCKDB_TYPE_VARCHAR;
  for (;;) {
    const Chunk chunk(api().duckdb_fetch_chunk(found->get()));
    const auto size = chunk ? api().duckdb_data_chunk_get_size(chunk.get()) : 0;
    if (size == 0) return {};
    Batch rows(2);
    (void)add_rows(types, chunk.get(), 0, size, SIZE_MAX, rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      auto may = check_calls(rows.at(row, 1).text);
      if (!may)
        return std::unexpected(
            std::move(may.error())
                .within("its view or macro " + std::string(rows.at(row, 0).text)));
    }
  }
}

std::uint64_t log_bytes_of(const std::string& path) {
  struct ::stat log{};
  const bool is_there = ::stat((path + ".wal").c_str(), &log) == 0;
  return is_there ? static_cast<std::uint64_t>(log.st_size) : 0;
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
  auto instance =
      std::make_shared<Instance>(spec, std::move(*database), log_bytes_of(spec.path) > 0);
  auto link = instance->connect();
  if (!link) return std::unexpected(std::move(link.error()));
  if (auto done = register_foreign_scan(instance->database(), link->get()); !done) {
    return std::unexpected(std::move(done.error()));
  }
  if (spec.keeps_keys && !spec.is_read_only) {
    if (auto done = prepare_keys(link->get()); !done) return std::unexpected(done.error());
  }
  if (auto done = lock_down(link->get(), spec); !done) return std::unexpected(done.error());
  if (!spec.keeps_keys) {
    if (auto done = check_definitions(link->get()); !done)
      return std::unexpected(std::move(done.error()));
  }
  return instance;
}

}  // namespace

Confinement confinement_of(const InstanceSpec& spec) {
  Confinement to{spec.readable, {}, spec.start};
  (spec.is_read_only ? to.readable : to.writable).push_back(spec.directory);
  to.writable.push_back(spec.spills);
  std::erase(to.writable, "");
  return to;
}

Result<std::shared_ptr<Instance>> Instance::open(const InstanceSpec& spec, Spawner& spawner) {
  Result<std::shared_ptr<Instance>> opened = fail(Errc::internal, "not opened");
  spawner.run([&] {
    // Which the rules below name.
    if (const std::string spills = spills_of(spec); !spills.empty()) ::mkdir(spills.c_str(), 0700);
    auto confined = confine_this_thread(confinement_of(spec));
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

std::uint64_t Instance::log_bytes() const {
  return log_bytes_of(spec_.path);
}

bool Instances::State::is_changing(const std::string& path) const {
  const auto slot = slots.find(path);
  return slot != slots.end() && slot->second.is_changing();
}

bool Instances::State::is_open_elsewhere(const std::string& path) const {
  const auto file = identity_at(path);
  return file && std::ranges::any_of(slots, [&](const auto& entry) {
           return entry.first != path && entry.second.file == file;
         });
}

Result<std::shared_ptr<Instance>> Instances::get(const InstanceSpec& spec) {
  const auto until = std::chrono::steady_clock::now() + users_patience;
  {
    auto state = state_.lock();
    for (;;) {
      state.wait([&](const State& now) { return !now.is_changing(spec.path); });
      const auto slot = state->slots.find(spec.path);
      if (slot == state->slots.end()) {
        if (!state->is_open_elsewhere(spec.path)) break;
      } else if (auto open = slot->second.instance.lock();
                 open && slot->second.serves(spec, *open)) {
        slot->second.kept = open;
        return open;
      } else {
        slot->second.kept.reset();  // closed with its last user
      }
      if (state->is_changing(spec.path)) continue;
      const bool is_over = !state.wait_until(
          until, [before = state->changes](const State& now) { return now.changes != before; });
      if (is_over) {
        return fail(Errc::busy, spec.path + " is in use as it was before, or by another name",
                    {"try again when those queries have ended"});
      }
    }
    state->slots.emplace(spec.path, Slot{});
  }
  return open(spec);
}

// Its slot is there, and changing.
Result<std::shared_ptr<Instance>> Instances::open(const InstanceSpec& spec) {
  if (spec.must_exist && !identity_at(spec.path)) {
    settle(spec.path, std::nullopt);
    return fail(Errc::not_found, "there is no file " + spec.path + " any more",
                {"sql_detach it, and sql_attach the file where it is now"});
  }
  auto opened = Instance::open(spec, spawner_);
  if (!opened) {
    settle(spec.path, std::nullopt);
    return opened;
  }
  auto instance = closing_itself(std::move(*opened));
  settle(spec.path, Slot{.kept = instance, .instance = instance, .file = identity_at(spec.path)});
  return instance;
}

// On a thread with the rights of its database: whoever lets go of it last may have others.
std::shared_ptr<Instance> Instances::closing_itself(std::shared_ptr<Instance> instance) {
  Instance* const plain = instance.get();
  return {plain, [this, last = std::move(instance)](Instance*) mutable {
            spawner_
                .start([this, last = std::move(last)]() mutable {
                  (void)confine_this_thread(last->confinement());
                  const std::string path = last->spec().path;
                  last.reset();
                  settle(path, std::nullopt);
                })
                .detach();
          }};
}

void Instances::settle(const std::string& path, std::optional<Slot> slot) {
  {
    const auto state = state_.lock();
    ++state->changes;
    if (slot) {
      state->slots[path] = std::move(*slot);
    } else {
      state->slots.erase(path);
    }
  }
  state_.notify_all();
}

void Instances::drop(const std::string& path) {
  std::shared_ptr<Instance> last;  // let go without the lock
  const auto state = state_.lock();
  const auto slot = state->slots.find(path);
  if (slot != state->slots.end()) last = std::move(slot->second.kept);
}

}  // namespace hearth::packs::sql::duckdb
