// The packs of this daemon: started together, stopped together, each lent its context.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "config/settings.hpp"
#include "daemon/event_log.hpp"
#include "daemon/verb_calls.hpp"
#include "io/loop.hpp"
#include "io/pool.hpp"
#include "ipc/paths.hpp"
#include "mcp/catalog.hpp"
#include "pack/pack.hpp"

namespace hearth::daemon {

// Loop thread, but stop() (a pool thread of nobody's: the caller's).
class PackHost final {
 public:
  PackHost(io::Loop& loop,
           io::Pool& pool,       // short work: reads
           io::Pool& long_pool,  // work of seconds: imports
           mcp::Catalog& catalog,
           VerbCalls& verbs,
           EventLog& events,
           const Clock& clock,
           const ipc::Paths& paths,
           config::Settings& settings);
  ~PackHost();

  // Takes the pack if the settings enable it, and lists what it offers.
  void add(std::unique_ptr<pack::Pack> pack);
  // `store_owner` names the process that owns the stores, if that is another one: then nothing is
  // written.
  void start(std::optional<std::string> store_owner);
  void stop();
  void session_changed(const pack::Caller& caller, bool is_open);
  void resource_followed(const std::string& uri, const pack::Caller& caller);

  // Gives each pack what has changed of its live settings, in the settings of the daemon, and tells
  // it, also where nothing has. The names of the others that have changed ("sql.threads"): those
  // stay as they are.
  [[nodiscard]] std::vector<std::string> take_settings(
      const std::map<std::string, config::PackSection>& read);

  // Hands a person's decision to the pack; `not_found` when it is not served.
  void in_person(std::string_view pack,
                 std::string_view arguments,
                 pack::Reviewer reviewer,
                 std::move_only_function<void(Result<std::string>)> answer);

  [[nodiscard]] const std::optional<std::string>& store_owner() const { return store_owner_; }
  [[nodiscard]] std::vector<const pack::Pack*> packs() const;
  [[nodiscard]] bool is_standing_by() const;  // one of them
  [[nodiscard]] std::vector<std::string> names() const;

  // [daemon] namespaces. Any thread.
  [[nodiscard]] bool serves(std::string_view name_space) const;

 private:
  class Context;
  struct Entry {
    std::unique_ptr<Context> context;
    std::unique_ptr<pack::Pack> pack;  // after its context: it goes first
  };

  void keep_for_pool_threads();

  io::Loop& loop_;
  io::Pool& pool_;
  io::Pool& long_pool_;
  mcp::Catalog& catalog_;
  VerbCalls& verbs_;
  EventLog& events_;
  const Clock& clock_;
  const ipc::Paths& paths_;
  config::Settings& settings_;
  // Of the settings, for pool threads.
  mutable Guarded<std::vector<std::string>> roots_;
  mutable Guarded<std::vector<std::string>> namespaces_;
  std::optional<std::string> store_owner_;
  std::vector<Entry> entries_;
};

}  // namespace hearth::daemon
