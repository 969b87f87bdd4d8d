// The pack itself: its life, its stores, how warm they are.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "packs/knowledge/embedders.hpp"
#include "packs/knowledge/engine/search.hpp"
#include "packs/knowledge/knowledge.hpp"
#include "packs/knowledge/stores.hpp"
#include "packs/knowledge/tools.hpp"

namespace hearth::packs::knowledge {
namespace {

class Knowledge final : public pack::Pack {
 public:
  Knowledge() : stores_([this](const std::string& name_space) { return open(name_space); }) {}

  std::string_view name() const override { return "knowledge"; }
  void declare(pack::Binder& tools) override;
  std::vector<pack::Setting> settings() const override { return embedder_settings(); }
  void start(pack::PackContext& context) override;
  void stop() override;
  pack::PackStatus status() const override;
  bool is_standing_by() const override { return runner_.has_watches(); }
  std::vector<pack::StoreStatus> stores() const override;

 private:
  struct Warm {
    pack::Warmth warmth = pack::Warmth::cold;
    std::string reason;
  };

  Result<std::unique_ptr<KnowledgeStore>> open(const std::string& name_space);
  void choose_embedder();
  void tell_of_changes(const std::vector<std::string>& ids, const std::string& name_space);
  void warm_up();

  pack::PackContext* context_ = nullptr;
  std::shared_ptr<Embedder> embedder_;  // of all stores; null: there are no vectors
  std::string no_embedder_;             // why
  mutable Stores stores_;
  ToolRunner runner_{stores_};
  mutable Guarded<Warm> warm_;
};

void Knowledge::declare(pack::Binder& tools) {
  declare_search_tools(tools, runner_);
  declare_memory_tools(tools, runner_);
  declare_entry_tools(tools, runner_);
  declare_graph_tools(tools, runner_);
  declare_corpus_tools(tools, runner_);
  declare_resources(tools, runner_);
}

void Knowledge::start(pack::PackContext& context) {
  context_ = &context;
  runner_.start(context);
  choose_embedder();
  warm_.lock()->warmth = pack::Warmth::warming;
  auto queued = context.submit([this, running = runner_.running()] { warm_up(); });
  if (!queued) *warm_.lock() = {};  // the first call will do it
}

void Knowledge::choose_embedder() {
  no_embedder_ = "[knowledge.embedder] is of kind \"none\"";
  auto settings =
      read_embedder_settings([this](std::string_view name) { return context_->setting(name); });
  if (!settings) {
    no_embedder_ = settings.error().message;
    log::error("no embedder", {log::kv("why", no_embedder_)});
    return;
  }
  std::string log_path;
  if (settings->openai.server) {
    const auto directory = context_->data_directory("default");
    if (directory) log_path = (*directory / "embedder.log").string();
  }
  embedder_ = make_embedder(std::move(*settings), log_path);
}

// On the writer's thread. What a search finds may change with every entry.
void Knowledge::tell_of_changes(const std::vector<std::string>& ids,
                                const std::string& name_space) {
  std::vector<std::string> uris{"hearth://knowledge/recent", "hearth://knowledge/search/*"};
  for (const std::string& id : ids) uris.push_back("hearth://knowledge/" + id);
  context_->resources_updated(uris, {.name_space = name_space});
}

void Knowledge::warm_up() {
  Result<void> done;
  if (auto store = stores_.get("default"); !store) {
    done = std::unexpected(std::move(store.error()));
  } else if (auto reader = (*store)->reader({}); !reader) {
    done = std::unexpected(std::move(reader.error()));
  } else if (auto page = search_entries(**store, **reader, {.query = "warm", .filter = {}});
             !page) {
    done = std::unexpected(std::move(page.error()));
  }
  if (done) {
    *warm_.lock() = {pack::Warmth::warm, ""};
    return;
  }
  log::warning("knowledge is not warm", {log::kv("why", done.error().message)});
  *warm_.lock() = {pack::Warmth::degraded, done.error().message};
}

void Knowledge::stop() {
  runner_.stop();
  stores_.close();
  runner_.wait();
}

pack::PackStatus Knowledge::status() const {
  const Warm warm = *warm_.lock();
  return {.warmth = warm.warmth, .reason = warm.reason};
}

std::vector<pack::StoreStatus> Knowledge::stores() const {
  std::vector<pack::StoreStatus> list;
  for (const Stores::Named& each : stores_.all()) {
    list.push_back({each.name_space, each.store->path(), each.store->bytes()});
  }
  return list;
}

Result<std::unique_ptr<KnowledgeStore>> Knowledge::open(const std::string& name_space) {
  const auto directory = context_->data_directory(name_space);
  if (!directory) return std::unexpected(directory.error());
  const bool is_read_only = context_->store_owner().has_value();
  auto store =
      KnowledgeStore::open((*directory / "knowledge.db").string(), context_->clock(),
                           {.durability = context_->is_power_safe() ? store::Durability::power
                                                                    : store::Durability::process,
                            .is_read_only = is_read_only,
                            .embedder = embedder_,
                            .no_embedder = no_embedder_,
                            .changed = [this, name_space](const std::vector<std::string>& ids) {
                              tell_of_changes(ids, name_space);
                            }});
  if (!store && is_read_only && store.error().code == Errc::not_found) {
    return fail(Errc::unavailable, "namespace " + name_space + " has no knowledge store yet; " +
                                       *context_->store_owner() +
                                       ", which owns the data, makes it at its first use");
  }
  if (!store) return std::unexpected(std::move(store.error()).within("open knowledge store"));
  runner_.resume_watches(name_space, **store);
  context_->publish(pack::EventKind::store, "opened", name_space, R"({"pack":"knowledge"})");
  auto warm = warm_.lock();
  // What degraded the warm-up may be gone since.
  if (name_space == "default" && warm->warmth != pack::Warmth::warming) {
    *warm = {pack::Warmth::warm, ""};
  }
  return store;
}

}  // namespace

std::unique_ptr<pack::Pack> make_pack() {
  return std::make_unique<Knowledge>();
}

}  // namespace hearth::packs::knowledge
