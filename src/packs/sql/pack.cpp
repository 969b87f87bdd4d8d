// The pack: its engines, its sessions, its tools.
#include <filesystem>
#include <utility>

#include "base/log.hpp"
#include "base/program_path.hpp"
#include "packs/sql/engine/duckdb_engine.hpp"
#include "packs/sql/engine/hyper/hyper_engine.hpp"
#include "packs/sql/engine/pg/postgres_engine.hpp"
#include "packs/sql/sessions.hpp"
#include "packs/sql/settings.hpp"
#include "packs/sql/sql.hpp"
#include "packs/sql/tools.hpp"

namespace hearth::packs::sql {
namespace {

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
    if (sessions_) sessions_->changed(caller.name_space, caller.session, is_open);
  }
  [[nodiscard]] pack::PackStatus status() const override;
  // A folder that is watched keeps the daemon, and so does a load that nobody waits for.
  [[nodiscard]] bool is_standing_by() const override {
    return !runner_.drop_folders().is_empty() || runner_.imports().is_running();
  }
  [[nodiscard]] std::vector<pack::StoreStatus> stores() const override { return {}; }

 private:
  void resume_all_watches(const std::string& stores);

  pack::PackContext* context_ = nullptr;
  ToolRunner runner_;
  std::unique_ptr<Sessions> sessions_;  // once started
};

void Sql::start(pack::PackContext& context) {
  context_ = &context;
  const Settings settings =
      read_settings([&](std::string_view name) { return context.setting(name); });
  DuckDbSettings duckdb;
  duckdb.command = {program_path(), "--engine", "duckdb"};
  duckdb.directory = [&context](const std::string& name_space) -> Result<std::string> {
    auto path = context.data_directory(name_space);
    if (!path) return std::unexpected(std::move(path.error()));
    return path->string();
  };
  duckdb.memory_limit = settings.memory_limit;
  duckdb.threads = settings.threads;
  duckdb.is_read_only = context.store_owner().has_value();
  runner_.databases().add_engine(make_duckdb_engine(std::move(duckdb)));
  runner_.databases().add_engine(make_hyper(context, settings));
  runner_.databases().add_engine(pg::make_postgres_engine(
      {.password = {.passfile = settings.passfile, .command = settings.password_command}}));
  runner_.start(context);
  std::string stores;
  if (const auto own = context.data_directory("default"); own && !context.store_owner()) {
    stores = own->parent_path().parent_path().string();
  }
  start_watches(runner_);
  if (!stores.empty()) resume_all_watches(stores);
  sessions_ = std::make_unique<Sessions>(runner_, std::move(stores));
}

// Of every namespace that has watched a folder before.
void Sql::resume_all_watches(const std::string& stores) {
  auto queued = context_->submit([this, stores] {
    std::error_code error;
    for (const auto& each : std::filesystem::directory_iterator(stores, error)) {
      std::error_code ignored;
      if (!std::filesystem::exists(each.path() / "sql" / notebook_name, ignored)) continue;
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
  return {.warmth = pack::Warmth::warm};
}

}  // namespace

std::unique_ptr<pack::Pack> make_pack() {
  return std::make_unique<Sql>();
}

}  // namespace hearth::packs::sql
