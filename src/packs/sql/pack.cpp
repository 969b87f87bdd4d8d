// The pack: its engines, its sessions, its tools.
#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "packs/sql/engine/duckdb_engine.hpp"
#include "packs/sql/engine/hyper/hyper_engine.hpp"
#include "packs/sql/engine/pg/postgres_engine.hpp"
#include "packs/sql/sessions.hpp"
#include "packs/sql/settings.hpp"
#include "packs/sql/sql.hpp"
#include "packs/sql/tools.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Engine> make_hyper(pack::PackContext& context, const Settings& settings) {
  hyper::HyperSettings hyper;
  hyper.program = settings.hyperd;
  hyper.memory = std::to_string(settings.memory_limit >> 20) + "m";
  hyper.threads = settings.threads;
  hyper.idle = settings.engine_idle;
  hyper.data = [&context](std::string_view name_space) {
    return context.data_directory(name_space);
  };
  if (const auto own = context.data_directory("default")) hyper.runtime = *own / "hyperd";
  return hyper::make_hyper_engine(std::move(hyper));
}

class Sql final : public pack::Pack {
 public:
  explicit Sql(std::string hearthd) : hearthd_(std::move(hearthd)) {}
  [[nodiscard]] std::string_view name() const override { return "sql"; }
  [[nodiscard]] std::vector<pack::Setting> settings() const override { return known_settings(); }
  void declare(pack::Binder& tools) override {
    declare_query_tools(tools, runner_);
    declare_database_tools(tools, runner_);
    declare_data_tools(tools, runner_);
    declare_chart_tools(tools, runner_);
    declare_notebook_tools(tools, runner_);
    declare_watch_tools(tools, runner_);
    declare_resources(tools, runner_);
  }
  void start(pack::PackContext& context) override;
  void stop() override;
  void session_changed(const pack::Caller& caller, bool is_open) override {
    if (sessions_) sessions_->changed(caller.name_space, session_id(caller), is_open);
  }
  [[nodiscard]] pack::PackStatus status() const override;
  // A folder that is watched keeps the daemon, and so does a load that nobody waits for.
  [[nodiscard]] bool is_standing_by() const override {
    return !runner_.drop_folders().is_empty() || runner_.imports().is_running();
  }
  [[nodiscard]] std::vector<pack::StoreStatus> stores() const override;

 private:
  void resume_all_watches(const std::string& stores);

  pack::PackContext* context_ = nullptr;
  const std::string hearthd_;
  Sessions::DirectoryOf directory_of_;
  ToolRunner runner_;
  std::unique_ptr<Sessions> sessions_;  // once started
  // status() and stores() are asked on any thread, while other packs start, too.
  std::atomic<bool> is_started_ = false;
};

void Sql::start(pack::PackContext& context) {
  context_ = &context;
  const Settings settings =
      read_settings([&](std::string_view name) { return context.setting(name); });
  DuckDbSettings duckdb;
  duckdb.command = {hearthd_, "--engine", "duckdb"};
  directory_of_ = [&context](const std::string& name_space) -> Result<std::string> {
    auto path = context.data_directory(name_space);
    if (!path) return std::unexpected(std::move(path.error()));
    return path->string();
  };
  duckdb.directory = directory_of_;
  duckdb.memory_limit = settings.memory_limit;
  duckdb.threads = settings.threads;
  duckdb.is_read_only = context.store_owner().has_value();
  runner_.databases().add_engine(make_duckdb_engine(std::move(duckdb)));
  runner_.databases().add_engine(make_hyper(context, settings));
  runner_.databases().add_engine(pg::make_postgres_engine(
      {.password = {.passfile = settings.passfile, .command = settings.password_command},
       .ssl_mode = settings.ssl_mode}));
  runner_.start(context);
  const bool is_owner = !context.store_owner().has_value();
  sessions_ =
      std::make_unique<Sessions>(runner_, is_owner ? directory_of_ : nullptr,
                                 Sessions::Times{settings.scratch_kept, settings.engine_idle});
  start_watches(runner_);
  is_started_ = true;
  if (const auto own = context.data_directory("default"); own && is_owner) {
    resume_all_watches(own->parent_path().parent_path().string());
  }
}

// Of every namespace that has watched a folder before.
void Sql::resume_all_watches(const std::string& stores) {
  auto queued = context_->submit([this, stores] {
    std::error_code error;
    for (const auto& each : fs::directory_iterator(stores, error)) {
      std::error_code ignored;
      if (!fs::exists(each.path() / "sql" / notebook_name, ignored)) continue;
      resume_watches(runner_, each.path().filename().string());
    }
  });
  if (!queued) log::warning("folders are not watched", {log::kv("why", queued.error().message)});
}

void Sql::stop() {
  if (sessions_) sessions_->close();
  runner_.stop();
}

pack::PackStatus Sql::status() const {
  if (!is_started_) return {};
  const EngineStatus engine = runner_.databases().engines().front()->status();
  if (!engine.problem.empty()) return {pack::Warmth::degraded, engine.problem};
  if (!engine.is_running) return {};  // it starts when it is needed
  if (!engine.notes.empty()) return {pack::Warmth::degraded, engine.notes.front()};
  return {pack::Warmth::warm, {}};
}

std::vector<pack::StoreStatus> Sql::stores() const {
  std::vector<pack::StoreStatus> list;
  if (!is_started_) return list;
  for (const std::string& name_space : sessions_->name_spaces()) {
    const auto directory = directory_of_(name_space);
    if (!directory) continue;
    const std::string file = *directory + "/persistent/persistent.duckdb";
    std::error_code none;
    const auto bytes = fs::file_size(file, none);
    if (none) continue;
    const auto log = fs::file_size(file + ".wal", none);
    list.push_back({name_space, file, bytes + (none ? 0 : log)});
  }
  return list;
}

}  // namespace

std::unique_ptr<pack::Pack> make_pack(std::string hearthd) {
  return std::make_unique<Sql>(std::move(hearthd));
}

}  // namespace hearth::packs::sql
