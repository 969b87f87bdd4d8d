#include "daemon/pack_host.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.hpp"

namespace hearth::daemon {

class PackHost::Context final : public pack::PackContext {
 public:
  Context(PackHost& host, std::string pack) : host_(host), pack_(std::move(pack)) {}

  Result<std::filesystem::path> data_directory(std::string_view name_space) override {
    const std::string path = host_.paths_.data + "/" + std::string(name_space) + "/" + pack_;
    if (auto made = ipc::ensure_private_directory(path); !made)
      return std::unexpected(made.error());
    return path;
  }
  const std::optional<std::string>& store_owner() const override { return host_.store_owner_; }
  Result<void> submit(std::move_only_function<void()> job) override {
    return host_.pool_.submit(guarded(std::move(job)));
  }
  Result<void> submit_long(std::move_only_function<void()> job) override {
    return host_.long_pool_.submit(guarded(std::move(job)));
  }
  void post(std::move_only_function<void()> job) override { host_.loop_.post(std::move(job)); }
  void list_changed(pack::ListKind kind) override {
    host_.loop_.post([&catalog = host_.catalog_, kind] { catalog.list_changed(kind); });
  }
  void resource_updated(const std::string& uri, const std::string& name_space) override {
    host_.loop_.post([&catalog = host_.catalog_, uri, name_space] {
      catalog.resource_updated(uri, name_space);
    });
  }
  std::optional<std::string> setting(std::string_view name) const override {
    const auto section = host_.settings_.pack_settings.find(pack_);
    if (section == host_.settings_.pack_settings.end()) return std::nullopt;
    const auto value = section->second.find(std::string(name));
    if (value == section->second.end()) return std::nullopt;
    return value->second;
  }
  const Clock& clock() const override { return host_.clock_; }
  std::vector<std::string> roots() const override { return host_.settings_.roots; }
  bool is_power_safe() const override {
    return host_.settings_.durability == config::Durability::power;
  }

 private:
  // A bug or exhaustion ends the job, not the daemon.
  std::move_only_function<void()> guarded(std::move_only_function<void()> job) const {
    return [pack = pack_, job = std::move(job)]() mutable {
      try {
        job();
      } catch (const std::exception& error) {
        log::error("a job failed", {log::kv("pack", pack), log::kv("error", error.what())});
      }
    };
  }

  PackHost& host_;
  std::string pack_;
};

PackHost::PackHost(io::Loop& loop,
                   io::Pool& pool,
                   io::Pool& long_pool,
                   mcp::Catalog& catalog,
                   const Clock& clock,
                   const ipc::Paths& paths,
                   const config::Settings& settings)
    : loop_(loop),
      pool_(pool),
      long_pool_(long_pool),
      catalog_(catalog),
      clock_(clock),
      paths_(paths),
      settings_(settings) {}

PackHost::~PackHost() = default;

void PackHost::add(std::unique_ptr<pack::Pack> pack) {
  const std::string name(pack->name());
  const auto& enabled = settings_.packs;  // none named: all; "hearth" itself always
  const bool is_enabled =
      enabled.empty() || name == "hearth" || std::ranges::find(enabled, name) != enabled.end();
  if (!is_enabled) return;
  catalog_.add(*pack);
  entries_.push_back({std::make_unique<Context>(*this, name), std::move(pack)});
}

void PackHost::start(std::optional<std::string> store_owner) {
  store_owner_ = std::move(store_owner);
  for (Entry& entry : entries_) entry.pack->start(*entry.context);
}

void PackHost::stop() {
  for (Entry& entry : entries_) {
    entry.pack->stop();
    log::debug("pack stopped", {log::kv("pack", entry.pack->name())});
  }
}

std::vector<const pack::Pack*> PackHost::packs() const {
  std::vector<const pack::Pack*> all;
  for (const Entry& entry : entries_) all.push_back(entry.pack.get());
  return all;
}

std::vector<std::string> PackHost::names() const {
  std::vector<std::string> all;
  for (const Entry& entry : entries_) all.emplace_back(entry.pack->name());
  return all;
}

}  // namespace hearth::daemon
