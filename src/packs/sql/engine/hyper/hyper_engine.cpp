#include "packs/sql/engine/hyper/hyper_engine.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <system_error>
#include <utility>

#include "base/guarded.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "packs/sql/engine/hyper/hyper_connection.hpp"
#include "packs/sql/engine/hyper/hyper_server.hpp"
#include "packs/sql/engine/pg/sql_text.hpp"

namespace hearth::packs::sql::hyper {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes scratch_life{10};  // after its last use, for a session to come back
constexpr std::string_view scratch_prefix = "scratch-";

std::string program_of(const HyperSettings& settings) {
  if (!settings.program.empty()) return settings.program;
  const char* const path = std::getenv("HYPERD_PATH");
  return path == nullptr ? "" : path;
}

bool is_below(const fs::path& path, const fs::path& root) {
  return std::ranges::mismatch(root, path).in1 == root.end();
}

// A session's id becomes part of a file's name.
Result<void> check_session(const std::string& id) {
  const bool is_name = !id.empty() && std::ranges::all_of(id, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  if (is_name) return {};
  return fail(Errc::internal, "the session's id cannot name a file");
}

class HyperEngine final : public Engine {
 public:
  explicit HyperEngine(HyperSettings settings)
      : settings_(std::move(settings)),
        program_(program_of(settings_)),
        server_(ServerPlan{.program = program_,
                           .directory = settings_.runtime,
                           .memory = settings_.memory,
                           .threads = settings_.threads,
                           .idle = settings_.idle}) {}

  std::string_view kind() const override { return "hyper"; }
  Capabilities capabilities() const override { return {}; }

  Result<std::unique_ptr<sql::Connection>> connect(const DatabaseRef& reference,
                                                   const SessionRef& session,
                                                   const Work& work) override;
  void forget(const SessionRef& session) override;
  void rest() override { server_.rest(); }
  void stop() override { server_.stop(); }
  EngineStatus status() const override {
    EngineStatus status;
    status.version = *version_.lock();
    status.pid = server_.pid();
    status.is_running = status.pid != 0;
    status.problem =
        program_.empty() ? "HYPERD_PATH and path in [sql.hyper] are not set" : server_.problem();
    return status;
  }

 private:
  [[nodiscard]] Result<std::string> path_of(const DatabaseRef& reference,
                                            const SessionRef& session);
  [[nodiscard]] Result<std::string> own_path(const std::string& alias, const SessionRef& session);
  [[nodiscard]] static Result<std::string> attached_path(const std::string& location,
                                                         const SessionRef& session);
  [[nodiscard]] std::shared_ptr<HyperDatabase> database(const std::string& path);
  [[nodiscard]] Result<void> create(const std::string& path, const Work& work);
  void sweep(const fs::path& directory);

  const HyperSettings settings_;
  const std::string program_;
  HyperServer server_;
  Guarded<std::map<std::string, std::weak_ptr<HyperDatabase>>> databases_;  // by path
  mutable Guarded<std::string> version_;
};

Result<std::unique_ptr<sql::Connection>> HyperEngine::connect(const DatabaseRef& reference,
                                                              const SessionRef& session,
                                                              const Work& work) {
  if (program_.empty()) {
    return fail(Errc::unavailable, "hyperd is not installed",
                {"set HYPERD_PATH, or path in [sql.hyper], to the program hyperd",
                 "docs/sql-engines.md says where to get it"});
  }
  auto path = path_of(reference, session);
  if (!path) return std::unexpected(std::move(path.error()));
  if (::access(path->c_str(), F_OK) != 0) {
    if (reference.access == Access::read_only)
      return fail(Errc::not_found, "there is no file " + *path);
    if (auto created = create(*path, work); !created)
      return std::unexpected(std::move(created.error()));
  }
  auto connection =
      HyperConnection::open(server_, database(*path), reference.alias, reference.access, work);
  if (!connection) return std::unexpected(std::move(connection.error()));
  return std::unique_ptr<sql::Connection>(std::move(*connection));
}

// ---- Files ------------------------------------------------------------------------------------

Result<std::string> HyperEngine::path_of(const DatabaseRef& reference, const SessionRef& session) {
  return reference.location.empty() ? own_path(reference.alias, session)
                                    : attached_path(reference.location, session);
}

Result<std::string> HyperEngine::own_path(const std::string& alias, const SessionRef& session) {
  auto directory = settings_.data(session.name_space);
  if (!directory) return std::unexpected(std::move(directory.error()));
  if (alias != "scratch") return (*directory / "persistent.hyper").string();
  if (auto checked = check_session(session.id); !checked)
    return std::unexpected(std::move(checked.error()));
  sweep(*directory);
  return (*directory / (std::string(scratch_prefix) + session.id + ".hyper")).string();
}

// Its directory must exist, and lie where the session may go: links are followed before that is
// asked.
Result<std::string> HyperEngine::attached_path(const std::string& location,
                                               const SessionRef& session) {
  const fs::path asked(location);
  std::error_code failed;
  const fs::path real = asked.is_absolute() ? fs::weakly_canonical(asked, failed) : fs::path();
  if (failed || real.empty())
    return fail(Errc::invalid_args, "a database file is named by its absolute path");
  const bool is_allowed = std::ranges::any_of(session.roots, [&](const std::string& root) {
    std::error_code ignored;
    const fs::path real_root = fs::canonical(root, ignored);
    return !ignored && is_below(real, real_root);
  });
  if (!is_allowed) {
    return fail(Errc::permission, location + " lies outside of the directories of this session",
                {"move it into the project", "add its directory to roots in [daemon]"});
  }
  if (real.extension() != ".hyper")
    return fail(Errc::invalid_args, "a file of this engine is named *.hyper");
  if (!fs::is_directory(real.parent_path(), failed))
    return fail(Errc::not_found, "there is no directory " + real.parent_path().string());
  if (fs::exists(real, failed) && !fs::is_regular_file(real, failed))
    return fail(Errc::invalid_args, location + " is no regular file");
  return real.string();
}

std::shared_ptr<HyperDatabase> HyperEngine::database(const std::string& path) {
  auto databases = databases_.lock();
  std::erase_if(*databases, [](const auto& entry) { return entry.second.expired(); });
  auto& known = (*databases)[path];
  auto database = known.lock();
  if (!database) {
    // The file's time becomes that of its last use: the sweep goes by it.
    database = std::shared_ptr<HyperDatabase>(new HyperDatabase(path), [](HyperDatabase* unused) {
      if (fs::path(unused->path()).filename().string().starts_with(scratch_prefix))
        ::utimensat(AT_FDCWD, unused->path().c_str(), nullptr, 0);
      delete unused;
    });
    known = database;
  }
  return database;
}

// Made under another name and moved to its place, which others may do at the same time: the first
// one counts. A kill leaves a file that nobody opens.
Result<void> HyperEngine::create(const std::string& path, const Work& work) {
  const std::string unfinished = path + "." + random_hex(16) + ".new";
  {
    auto link = server_.connect(work);
    if (!link) return std::unexpected(std::move(link.error()));
    *version_.lock() = (*link)->parameter("server_version");
    if (auto made = (*link)->run("CREATE DATABASE " + pg::quote_name(unfinished), {}, work); !made)
      return std::unexpected(std::move(made.error()).within("create " + path));
  }
  const int moved =
      ::renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE);
  const int reason = errno;
  if (moved == 0) {
    const UniqueFd directory(
        ::open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || ::fsync(directory.get()) != 0)
      return fail_errno("create " + path, errno);
    return {};
  }
  ::unlink(unfinished.c_str());
  if (reason == EEXIST) return {};
  return fail_errno("create " + path, reason);
}

void HyperEngine::forget(const SessionRef& session) {
  const auto path = own_path("scratch", session);
  if (path) ::unlink(path->c_str());
}

// What sessions left behind that did not come back, and creations that were cut off.
void HyperEngine::sweep(const fs::path& directory) {
  const auto databases = databases_.lock();
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed)) {
    const std::string name = entry.path().filename();
    const bool is_scratch = name.starts_with(scratch_prefix) && name.ends_with(".hyper");
    if (!is_scratch && !name.ends_with(".new")) continue;
    const auto used = entry.last_write_time(failed);
    if (failed || fs::file_time_type::clock::now() - used < scratch_life) continue;
    const auto open = databases->find(entry.path().string());
    if (open != databases->end() && !open->second.expired()) continue;
    log::info("old scratch database removed", {log::kv("path", entry.path().string())});
    fs::remove(entry.path(), failed);
  }
}

}  // namespace

std::unique_ptr<Engine> make_hyper_engine(HyperSettings settings) {
  return std::make_unique<HyperEngine>(std::move(settings));
}

}  // namespace hearth::packs::sql::hyper
