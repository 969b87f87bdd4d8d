// The pack itself: its life, its settings, its stores.
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/values.hpp"
#include "json/json.hpp"
#include "packs/issues/engine/views/ready.hpp"
#include "packs/issues/issues.hpp"
#include "packs/issues/remote_sync.hpp"
#include "packs/issues/tools.hpp"
#include "store/private_directory.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_named_changes = 50;
constexpr std::size_t least_id_digits = 4;
constexpr const char* resources = "hearth://issues/";  // all begin so
constexpr const char* ready_resource = "hearth://issues/ready";
constexpr std::string_view claim_space = "issue:";  // of the locks of issues

// An issue is followed by its whole id, or by what that begins with.
void add_resources(std::string_view id, std::vector<std::string>& uris) {
  for (std::size_t digits = least_id_digits; digits <= id.size(); ++digits)
    uris.push_back(resources + std::string(id.substr(0, digits)));
}

class Issues final : public pack::Pack {
 public:
  Issues()
      : stores_([this](const Stores::Place& place, const std::string& common_directory) {
          return open(place, common_directory);
        }) {}

  std::string_view name() const override { return "issues"; }
  void declare(pack::Binder& tools) override;
  std::vector<pack::Setting> settings() const override;
  void start(pack::PackContext& context) override;
  void stop() override;
  void resource_followed(const std::string& uri, const pack::Caller& caller) override;
  void session_changed(const pack::Caller& caller, bool is_open) override {
    if (!is_open) runner_.whereabouts().left(caller.session);
  }
  // A repository is opened at its first use.
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }
  std::vector<pack::StoreStatus> stores() const override;
  std::string activity() const override {
    return background_sync_ ? background_sync_->activity() : std::string();
  }

 private:
  Result<std::unique_ptr<IssueStore>> open(const Stores::Place& place,
                                           const std::string& common_directory);
  struct CacheDirectories {
    std::string own;
    std::string other;  // of the process that owns the data; empty: this one does
  };
  [[nodiscard]] Result<CacheDirectories> cache_directories(const Stores::Place& place,
                                                           const std::string& common_directory);
  [[nodiscard]] pack::Audience audience_of(const std::string& name_space,
                                           const std::string& common_directory);
  void rest(const pack::Audience& audience, const std::string& common_directory);
  void tell_linked(const std::vector<IssueId>& changed,
                   const pack::Audience& audience,
                   const std::string& common_directory);
  void tell(const Projector::Changes& changes,
            const std::string& name_space,
            const std::string& common_directory);
  void tell_of_failure(const Stores::Named& store, const Error& error);

  pack::PackContext* context_ = nullptr;
  SignaturePolicy signatures_ = SignaturePolicy::off;
  std::chrono::milliseconds idle_{600'000};
  // Caches of a process that does not own the data.
  Guarded<std::optional<store::PrivateDirectory>> private_directory_;
  mutable Stores stores_;
  ToolRunner runner_{stores_};
  mutable std::optional<BackgroundSync> background_sync_;  // only if it is configured
};

void Issues::declare(pack::Binder& tools) {
  declare_issue_tools(tools, runner_);
  declare_list_tools(tools, runner_);
  declare_claim_tools(tools, runner_);
  declare_upkeep_tools(tools, runner_);
  declare_setup_tools(tools, runner_);
  declare_note_tools(tools, runner_);
  declare_resources(tools, runner_);
  declare_planning_tools(tools, runner_);
  declare_context_tools(tools, runner_);
  declare_exchange_tools(tools, runner_);
}

std::vector<pack::Setting> Issues::settings() const {
  return {
      pack::Setting{"signatures", "\"off\", \"warn\" or \"require\"",
                    [](std::string_view value) { return signature_policy_of(value).has_value(); }},
      pack::Setting{"idle", "a duration above 0, such as \"10m\"",
                    [](std::string_view value) {
                      return parse_duration(value) > std::chrono::milliseconds(0);
                    }},
      pack::Setting{"sync_every", "a duration such as \"5m\", or \"\"", [](std::string_view value) {
                      return value.empty() || parse_duration(value) > std::chrono::milliseconds(0);
                    }}};
}

void Issues::start(pack::PackContext& context) {
  context_ = &context;
  runner_.start(context);
  const auto signatures = context.setting("signatures");
  if (signatures) signatures_ = signature_policy_of(*signatures).value_or(signatures_);
  const auto idle = context.setting("idle");
  if (idle) idle_ = parse_duration(*idle).value_or(idle_);
  const auto every = parse_duration(context.setting("sync_every").value_or(""));
  // A process that serves one client leaves that to the one that serves all.
  if (every && !context.store_owner()) {
    // What is closed for idleness has been exchanged before.
    background_sync_.emplace(
        stores_, std::min(*every, idle_ / 2),
        [this](const auto& store, const Error& error) { tell_of_failure(store, error); });
  }
}

void Issues::stop() {
  if (background_sync_) background_sync_->stop();
  stores_.close();
  runner_.wait();
}

std::vector<pack::StoreStatus> Issues::stores() const {
  std::vector<pack::StoreStatus> list;
  for (const Stores::Named& each : stores_.all()) {
    std::error_code ignored;
    const auto bytes =
        std::filesystem::file_size(each.store->cache_directory() + "/cache.db", ignored);
    list.push_back({.name_space = each.name_space,
                    .path = each.store->common_directory(),
                    .bytes = ignored ? 0 : bytes});
  }
  return list;
}

// git is the truth and everybody may write it; only the cache has an owner. A process that does not
// own the data makes its own, a copy of the owner's if there is one, and leaves nothing behind.
Result<Issues::CacheDirectories> Issues::cache_directories(const Stores::Place& place,
                                                           const std::string& common_directory) {
  const auto data = context_->data_directory(place.name_space);
  if (!data) return std::unexpected(data.error());
  const std::string name = fingerprint_hex(common_directory);
  CacheDirectories directories{.own = (*data / name).string(), .other = {}};
  if (context_->store_owner()) {
    directories.other = directories.own;
    auto directory = private_directory_.lock();
    if (!*directory || !std::filesystem::exists((*directory)->path())) {
      auto made = store::PrivateDirectory::make("hearth-issues-cache-");
      if (!made) return std::unexpected(std::move(made.error()));
      directory->emplace(std::move(*made));
    }
    directories.own = (*directory)->path() + "/" + place.name_space + "-" + name;
  }
  if (::mkdir(directories.own.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno("make " + directories.own, errno);
  return directories;
}

Result<std::unique_ptr<IssueStore>> Issues::open(const Stores::Place& place,
                                                 const std::string& common_directory) {
  auto caches = cache_directories(place, common_directory);
  if (!caches) return std::unexpected(std::move(caches.error()));
  IssueStore::Options options{.directory = place.directory,
                              .cache_directory = std::move(caches->own),
                              .other_cache_directory = std::move(caches->other),
                              .is_power_safe = context_->is_power_safe(),
                              .signatures = signatures_,
                              .idle = idle_,
                              .roots = context_->roots(),
                              .own = context_->own_directories(),
                              .changed = {},
                              .locks_changed = {},
                              .when_idle = {}};
  options.changed = [this, name_space = place.name_space,
                     common_directory](const Projector::Changes& changes) {
    tell(changes, name_space, common_directory);
  };
  const pack::Audience audience = audience_of(place.name_space, common_directory);
  options.locks_changed = [this, audience](const std::vector<std::string>& held) {
    std::vector<std::string> uris{ready_resource};
    for (const std::string& resource : held) {
      if (resource.starts_with(claim_space))
        add_resources(resource.substr(claim_space.size()), uris);
    }
    context_->resources_updated(uris, audience);
  };
  options.when_idle = [this, audience, common_directory] { rest(audience, common_directory); };
  auto store = IssueStore::open(std::move(options), context_->clock());
  if (!store) return std::unexpected(std::move(store.error()).within("open issues"));
  context_->publish(pack::EventKind::store, "opened", place.name_space, R"({"pack":"issues"})");
  return store;
}

// Who reads the issues of that repository.
pack::Audience Issues::audience_of(const std::string& name_space,
                                   const std::string& common_directory) {
  return {.name_space = name_space, .concerns = [this, common_directory](const auto& caller) {
            return stores_.may_be_in({caller.name_space, runner_.whereabouts().of(caller)},
                                     common_directory);
          }};
}

// An open store is what notices the changes of others. Where its directory is in no repository the
// session follows nothing yet: a call may say later where that is.
void Issues::resource_followed(const std::string& uri, const pack::Caller& caller) {
  if (!uri.starts_with(resources)) return;
  auto queued = context_->submit(
      [this, place = Stores::Place{caller.name_space, runner_.whereabouts().of(caller)},
       running = runner_.running()] {
        const auto store = stores_.get(place, context_->is_power_safe());
        if (!store) log::debug("followed issues", {log::kv("error", store.error().message)});
      });
  if (!queued) log::warning("followed issues are not watched", {log::kv("cwd", caller.cwd)});
}

// A store that somebody follows stays open.
void Issues::rest(const pack::Audience& audience, const std::string& common_directory) {
  context_->post([this, audience, common_directory, running = runner_.running()]() mutable {
    if (context_->is_watched(resources, audience)) return;
    auto queued = context_->submit(
        [this, name_space = audience.name_space, common_directory, running = std::move(running)] {
          stores_.close_if_idle(name_space, common_directory);
        });
    if (!queued) log::debug("an idle issue store stays open", {});
  });
}

// What a resource says of other issues, of their state and of what waits for what, changes with
// them. Only worth finding out where somebody follows one.
void Issues::tell_linked(const std::vector<IssueId>& changed,
                         const pack::Audience& audience,
                         const std::string& common_directory) {
  context_->post([this, changed, audience, common_directory,
                  running = runner_.running()]() mutable {
    if (!context_->is_watched(resources, audience)) return;
    auto queued =
        context_->submit([this, changed, audience, common_directory, running = std::move(running)] {
          const auto store = stores_.find_open(audience.name_space, common_directory);
          if (!store) return;
          std::vector<std::string> uris;
          {
            const auto board = store->board();
            for (const Position each : linked_to(board->graph(), changed))
              add_resources(hex_of(board->graph().issue(each).id), uris);
          }
          if (!uris.empty()) context_->resources_updated(uris, audience);
        });
    if (!queued) log::debug("what links to a changed issue is not told", {});
  });
}

// On the writer's thread.
void Issues::tell(const Projector::Changes& changes,
                  const std::string& name_space,
                  const std::string& common_directory) {
  std::vector<std::string> uris;
  if (changes.lists) uris.emplace_back(ready_resource);
  json::Array ids;
  for (const IssueId& id : changes.issues) {
    if (ids.size() == most_named_changes) break;
    const std::string hex = hex_of(id);
    add_resources(hex, uris);
    ids.emplace_back(hex);
  }
  const bool is_all = changes.issues.size() > ids.size() || changes.others;
  if (is_all)
    uris.push_back(resources + std::string("*"));
  else if (changes.lists)
    tell_linked(changes.issues, audience_of(name_space, common_directory), common_directory);
  const json::Value data{{"repository", common_directory},
                         {"issues", std::move(ids)},
                         {"total", changes.issues.size()}};
  context_->resources_updated(uris, audience_of(name_space, common_directory));
  context_->publish(pack::EventKind::pack, "issues.changed", name_space, json::dump(data));
}

void Issues::tell_of_failure(const Stores::Named& store, const Error& error) {
  const std::string& repository = store.store->common_directory();
  log::warning("issues could not be exchanged with the remote",
               {log::kv("repository", repository), log::kv("why", error.message)});
  context_->publish(pack::EventKind::pack, "issues.sync_failed", store.name_space,
                    json::dump(json::Value{{"repository", repository}, {"why", error.message}}));
}

}  // namespace

std::unique_ptr<pack::Pack> make_pack() {
  return std::make_unique<Issues>();
}

}  // namespace hearth::packs::issues
