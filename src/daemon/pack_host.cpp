#include "daemon/pack_host.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include "base/log.hpp"

namespace hearth::daemon {
namespace {

// The names that one of them has and the other has not, or not with that value.
std::vector<std::string> changed(const config::PackSection& now, const config::PackSection& then) {
  std::vector<std::string> names;
  for (const auto& [name, value] : now) {
    const auto found = then.find(name);
    if (found == then.end() || found->second != value) names.push_back(name);
  }
  for (const auto& [name, value] : then)
    if (!now.contains(name)) names.push_back(name);
  return names;
}

bool is_live(const std::vector<pack::Setting>& known, const std::string& key) {
  return std::ranges::any_of(known, [&](const pack::Setting& each) {
    return each.is_live && config::is_named(each.name, key);
  });
}

void take(config::PackSection& now, const config::PackSection& then, const std::string& key) {
  const auto found = then.find(key);
  if (found == then.end())
    now.erase(key);
  else
    now[key] = found->second;
}

}  // namespace

class PackHost::Context final : public pack::PackContext {
 public:
  Context(PackHost& host, const pack::Pack& pack) : host_(host), pack_(pack), name_(pack.name()) {}

  Result<std::filesystem::path> data_directory(std::string_view name_space) override {
    const std::string path = host_.paths_.data + "/" + std::string(name_space) + "/" + name_;
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
  void resources_updated(const std::vector<std::string>& uris,
                         const pack::Audience& audience) override {
    host_.loop_.post([&host = host_, uris, audience] {
      for (const std::string& uri : uris) host.catalog_.resource_updated(uri, audience);
      for (const Entry& each : host.entries_)
        each.pack->resources_changed(uris, audience.name_space);
    });
  }
  bool is_watched(std::string_view prefix, const pack::Audience& audience) const override {
    return host_.catalog_.is_watched(prefix, audience);
  }
  void publish(pack::EventKind kind,
               const std::string& what,
               const std::string& name_space,
               const std::string& data) override {
    host_.loop_.post([&events = host_.events_, kind, what, name_space, data] {
      events.add(kind == pack::EventKind::store ? "store" : "pack", what, name_space, "", data);
    });
  }
  std::optional<std::string> setting(std::string_view name) const override {
    const auto section = host_.settings_.pack_settings.find(name_);
    if (section == host_.settings_.pack_settings.end()) return std::nullopt;
    const auto value = section->second.find(std::string(name));
    if (value == section->second.end()) return std::nullopt;
    return value->second;
  }
  std::vector<std::string> names_in(std::string_view table) const override {
    const std::string begin = std::string(table) + ".";
    std::vector<std::string> names;
    const auto section = host_.settings_.pack_settings.find(name_);
    if (section == host_.settings_.pack_settings.end()) return names;
    for (const auto& [key, value] : section->second) {
      const auto end = key.find('.', begin.size());
      if (!key.starts_with(begin) || end == std::string::npos) continue;
      const std::string name = key.substr(begin.size(), end - begin.size());
      if (names.empty() || names.back() != name) names.push_back(name);
    }
    return names;
  }
  const Clock& clock() const override { return host_.clock_; }
  std::vector<std::string> roots() const override { return *host_.roots_.lock(); }
  bool serves(std::string_view name_space) const override { return host_.serves(name_space); }
  std::vector<std::string> own_directories() const override { return host_.paths_.all(); }
  void call_tool(const std::string& tool,
                 std::string arguments,
                 pack::Call::Context context,
                 std::move_only_function<void(Result<pack::Reply>)> done) override {
    host_.loop_.post([&host = host_, tool, arguments = std::move(arguments),
                      context = std::move(context), done = std::move(done)]() mutable {
      host.verbs_.call(tool, arguments, std::move(context), std::move(done));
    });
  }
  // The catalog does not change once packs run.
  std::optional<pack::Annotations> annotations_of(const std::string& tool) const override {
    const mcp::ToolEntry* entry = host_.catalog_.find_tool(tool);
    if (entry == nullptr) return std::nullopt;
    return entry->spec.annotations;
  }
  bool is_power_safe() const override {
    return host_.settings_.durability == config::Durability::power;
  }

 private:
  // A bug or exhaustion ends the job, not the daemon.
  std::move_only_function<void()> guarded(std::move_only_function<void()> job) {
    return [this, job = std::move(job)]() mutable {
      try {
        job();
      } catch (const std::exception& error) {
        log::error("a job failed", {log::kv("pack", name_), log::kv("error", error.what())});
      }
      tell_warmth();
    };
  }

  // A pack's warmth changes by its work on the pool.
  void tell_warmth() {
    const pack::Warmth now = pack_.status().warmth;
    if (warmth_.exchange(now) == now) return;
    host_.loop_.post([&events = host_.events_, name = name_, now] {
      events.add("warm", pack::warmth_name(now), "", "", R"({"pack":")" + name + "\"}");
    });
  }

  PackHost& host_;
  const pack::Pack& pack_;
  const std::string name_;
  std::atomic<pack::Warmth> warmth_ = pack::Warmth::cold;
};

PackHost::PackHost(io::Loop& loop,
                   io::Pool& pool,
                   io::Pool& long_pool,
                   mcp::Catalog& catalog,
                   VerbCalls& verbs,
                   EventLog& events,
                   const Clock& clock,
                   const ipc::Paths& paths,
                   config::Settings& settings)
    : loop_(loop),
      pool_(pool),
      long_pool_(long_pool),
      catalog_(catalog),
      verbs_(verbs),
      events_(events),
      clock_(clock),
      paths_(paths),
      settings_(settings) {}

PackHost::~PackHost() = default;

void PackHost::add(std::unique_ptr<pack::Pack> pack) {
  const std::string name(pack->name());
  const auto& enabled = settings_.packs;  // none named: all; hearth itself always
  const bool is_enabled = enabled.empty() || name.empty() || name == "hearth" ||
                          std::ranges::find(enabled, name) != enabled.end();
  if (!is_enabled) return;
  catalog_.add(*pack);
  entries_.push_back({std::make_unique<Context>(*this, *pack), std::move(pack)});
}

void PackHost::keep_for_pool_threads() {
  *roots_.lock() = settings_.roots;
  *namespaces_.lock() = settings_.namespaces;
}

bool PackHost::serves(std::string_view name_space) const {
  const auto only = namespaces_.lock();
  return only->empty() || std::ranges::find(*only, name_space) != only->end();
}

void PackHost::start(std::optional<std::string> store_owner) {
  store_owner_ = std::move(store_owner);
  keep_for_pool_threads();
  for (Entry& entry : entries_) entry.pack->start(*entry.context);
}

void PackHost::stop() {
  for (Entry& entry : entries_) {
    entry.pack->stop();
    log::debug("pack stopped", {log::kv("pack", entry.pack->name())});
  }
}

void PackHost::session_changed(const pack::Caller& caller, bool is_open) {
  for (Entry& entry : entries_) entry.pack->session_changed(caller, is_open);
}

void PackHost::resource_followed(const std::string& uri, const pack::Caller& caller) {
  for (Entry& entry : entries_) entry.pack->resource_followed(uri, caller);
}

std::vector<std::string> PackHost::take_settings(
    const std::map<std::string, config::PackSection>& read) {
  keep_for_pool_threads();
  std::vector<std::string> later;
  for (Entry& entry : entries_) {
    const std::string name(entry.pack->name());
    const auto section = read.find(name);
    const config::PackSection then =
        section == read.end() ? config::PackSection() : section->second;
    config::PackSection& now = settings_.pack_settings[name];
    const std::vector<pack::Setting> known = entry.pack->settings();
    for (const std::string& key : changed(now, then)) {
      if (is_live(known, key))
        take(now, then, key);
      else
        later.push_back(name + "." + key);
    }
    entry.pack->settings_changed();
  }
  return later;
}

void PackHost::in_person(std::string_view pack,
                         std::string_view arguments,
                         pack::Reviewer reviewer,
                         std::move_only_function<void(Result<std::string>)> answer) {
  for (Entry& entry : entries_) {
    if (entry.pack->name() != pack) continue;
    return entry.pack->in_person(arguments, std::move(reviewer), std::move(answer));
  }
  answer(fail(Errc::not_found, "this daemon does not serve the pack " + std::string(pack)));
}

bool PackHost::is_standing_by() const {
  return std::ranges::any_of(packs(), &pack::Pack::is_standing_by);
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
