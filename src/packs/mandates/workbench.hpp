// What observing, thinking and acting share: the sandbox, the tools of other packs, the secrets,
// and one owner at a time for each workspace.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "pack/pack.hpp"
#include "packs/mandates/engine/helpers.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"
#include "packs/mandates/secret_learning.hpp"
#include "packs/mandates/settings.hpp"
#include "packs/mandates/workspace_locks.hpp"
#include "secrets/redactor.hpp"

namespace hearth::packs::mandates {

struct ToolRequest {
  std::string tool;
  std::string arguments;
  std::string mandate;
  std::string workspace;
  std::string name_space;
  std::string key;         // done once under it, where the tool can
  bool is_resend = false;  // it may have been done before
  bool read_only = false;
};

// A command of the sandbox that asks for secrets.
struct CommandRequest {
  std::vector<std::string> words;
  std::vector<std::string> hosts;  // as its rule names them
  std::vector<SecretVariable> secrets;
};

// [mandates] as it was read at one time, and the secrets that it names. A reload makes another;
// whoever works with one holds it.
struct Configuration {
  const Settings settings;
  const Result<std::unique_ptr<secrets::Vault>> vault;
};

// What is known of the sandbox: "not tried yet", "being tried", "all hold", or why there is none.
struct Walls {
  std::string text = "not tried yet";
  bool is_problem = false;
};

// One for all namespaces. Members are for any thread, and block.
class Workbench final {
 public:
  // On the loop thread. `context` outlives the workbench.
  Workbench(pack::PackContext& context, Settings settings);

  [[nodiscard]] std::shared_ptr<const Configuration> configuration() const {
    return *configuration_.lock();
  }
  [[nodiscard]] std::shared_ptr<const Settings> settings() const;
  // Those of a configuration that was read again; what is under way keeps the earlier ones.
  void take(Settings settings);
  [[nodiscard]] const secrets::Redactor& redactor() const { return redactor_; }
  [[nodiscard]] pack::PackContext& context() const { return context_; }
  // Where workspaces may lie besides the caller's project.
  [[nodiscard]] std::vector<std::string> roots() const { return context_.roots(); }
  // Hearth's own directories.
  [[nodiscard]] const std::vector<std::string>& own() const { return own_; }

  // Proved at its first use, some 0.3 s, for which others wait; `unavailable` without one, and
  // tried again the next time.
  [[nodiscard]] Result<std::shared_ptr<const sandbox::Sandbox>> sandbox(
      const std::stop_token& stop);
  // Never waits.
  [[nodiscard]] Walls walls() const { return *walls_.lock(); }
  // Whether it says that it changes nothing; one that is not there does not.
  [[nodiscard]] bool is_reading(const std::string& tool) const;
  // Structured content as JSON text. Places for secrets in the arguments are filled with those that
  // are for the tool (secret_slots_wire.hpp); what it answers holds none.
  [[nodiscard]] Result<std::string> call_tool(const ToolRequest& request,
                                              const std::stop_token& stop);
  // Whether call_tool() could fill them, and with which names; reads no secret.
  [[nodiscard]] Result<void> check_secrets(const std::string& tool,
                                           std::string_view arguments) const;
  [[nodiscard]] std::vector<std::string> secrets_for(const std::string& tool) const;
  // The variables that its secrets fill. Each must be for this command, and for every host that the
  // command may reach.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> command_variables(
      const CommandRequest& request, const std::stop_token& stop) const;
  // What command_variables() would say of the scopes; reads no secret. Without words: whatever the
  // command's words will be.
  [[nodiscard]] Result<void> check_secrets(const CommandRequest& request) const;
  // Reads the secrets of each configuration, and the model's key, so that none is shown before its
  // first use. What cannot be read is logged, and fails when it is needed.
  [[nodiscard]] SecretLearning& learning() { return learning_; }
  // Of all namespaces.
  [[nodiscard]] const std::shared_ptr<DayTotal>& days() const { return days_; }
  // For all runs, in whatever namespace.
  [[nodiscard]] const std::shared_ptr<Helpers>& helpers() const { return helpers_; }
  // Held while a workspace's files are changed.
  [[nodiscard]] WorkspaceLocks& workspaces() { return workspaces_; }
  // Once for a daemon: what a kill left in all namespaces.
  [[nodiscard]] std::once_flag& recovered() { return recovered_; }
  // That of the configuration's model, and for no other; empty where none is needed.
  [[nodiscard]] Result<std::string> model_key(const Configuration& configuration,
                                              const std::stop_token& stop) const;

 private:
  [[nodiscard]] static Result<secrets::CommandUse> use_of(const CommandRequest& request);
  [[nodiscard]] std::vector<SecretToLearn> secrets_of(
      const std::shared_ptr<const Configuration>& configuration) const;
  [[nodiscard]] Result<void> learn_model_key(const Configuration& configuration,
                                             const std::stop_token& stop) const;

  pack::PackContext& context_;
  const std::vector<std::string> own_;
  mutable secrets::Redactor redactor_;  // knows the secrets of all configurations
  mutable Guarded<std::shared_ptr<const Configuration>> configuration_;
  std::once_flag recovered_;
  Guarded<std::shared_ptr<const sandbox::Sandbox>> sandbox_;
  mutable Guarded<Walls> walls_;
  WorkspaceLocks workspaces_;
  const std::shared_ptr<DayTotal> days_ = std::make_shared<DayTotal>();
  const std::shared_ptr<Helpers> helpers_;
  SecretLearning learning_;  // last: its thread uses what stands above
};

}  // namespace hearth::packs::mandates
