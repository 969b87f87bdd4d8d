// The secrets that the configuration names: read when they are needed, given only to the tools and
// hosts they are for, and known to the redactor from then on.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "secrets/redactor.hpp"
#include "secrets/secret.hpp"

namespace hearth::secrets {

struct NamedSecret {
  std::string name;  // letters, digits, - and _
  SecretSource source;
  // Names of tools and hosts; "*.example.org" for what ends so, "issues_*" for what begins so.
  // Empty: none.
  std::vector<std::string> tools;
  std::vector<std::string> hosts;
  // Rules for commands in the sandbox, in whatever form its owner knows. Empty: none.
  std::vector<std::string> commands;
};

// Whether it can be the name of one.
[[nodiscard]] bool is_secret_name(std::string_view text);

// A command that asks for one.
struct CommandUse {
  std::string program;                            // as errors name it; empty: not known yet
  std::function<bool(const std::string&)> obeys;  // one of NamedSecret::commands
  std::vector<std::string> hosts;                 // all that it may reach
};

// Thread-safe.
class Vault final {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Vault>> open(std::vector<NamedSecret> secrets,
                                                           Redactor redactor);

  // `permission` where the secret is not for that tool, or not for that host; `not_found`; what
  // read_secret says. Values are not kept: one that is renewed counts at once.
  [[nodiscard]] Result<std::string> for_tool(std::string_view name,
                                             std::string_view tool,
                                             const std::stop_token& stop) const;
  [[nodiscard]] Result<std::string> for_host(std::string_view name,
                                             std::string_view host,
                                             const std::stop_token& stop) const;
  // It goes to a command that obeys one of the secret's rules, and reaches no host that the secret
  // is not for.
  [[nodiscard]] Result<std::string> for_command(std::string_view name,
                                                const CommandUse& use,
                                                const std::stop_token& stop) const;

  // What for_tool(), for_host() and for_command() would say of the scope alone; read nothing.
  [[nodiscard]] Result<void> check_tool(std::string_view name, std::string_view tool) const;
  [[nodiscard]] Result<void> check_host(std::string_view name, std::string_view host) const;
  [[nodiscard]] Result<void> check_command(std::string_view name, const CommandUse& use) const;
  // Those that a tool may be given.
  [[nodiscard]] std::vector<std::string> names_for_tool(std::string_view tool) const;
  // Reads it, so that the redactor knows it before anybody uses it.
  [[nodiscard]] Result<void> learn(std::string_view name, const std::stop_token& stop) const;

  [[nodiscard]] const Redactor& redactor() const { return redactor_; }

 private:
  Vault(std::vector<NamedSecret> secrets, Redactor redactor);
  [[nodiscard]] Result<const NamedSecret*> find(std::string_view name) const;
  [[nodiscard]] Result<const NamedSecret*> find(
      std::string_view name,
      std::string_view use,
      std::vector<std::string> NamedSecret::* scope) const;
  [[nodiscard]] Result<const NamedSecret*> find(std::string_view name, const CommandUse& use) const;
  [[nodiscard]] Result<std::string> value_of(const NamedSecret& secret,
                                             const std::stop_token& stop) const;
  [[nodiscard]] Result<std::string> read(std::string_view name,
                                         std::string_view use,
                                         std::vector<std::string> NamedSecret::* scope,
                                         const std::stop_token& stop) const;

  const std::vector<NamedSecret> secrets_;
  mutable Redactor redactor_;
};

}  // namespace hearth::secrets
