#include "secrets/vault.hpp"

#include <algorithm>
#include <utility>

namespace hearth::secrets {
namespace {

bool is_meant(std::string_view pattern, std::string_view use) {
  if (pattern.starts_with('*'))
    return use.size() >= pattern.size() && use.ends_with(pattern.substr(1));
  if (pattern.ends_with('*')) return use.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == use;
}

std::unexpected<Error> not_for(const NamedSecret& secret, std::string_view use) {
  return fail(Errc::permission, "the secret " + secret.name + " is not for " + std::string(use),
              {"add it to the secret's scopes if it is to be"});
}

}  // namespace

bool is_secret_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Result<std::unique_ptr<Vault>> Vault::open(std::vector<NamedSecret> secrets, Redactor redactor) {
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    const NamedSecret& each = secrets[i];
    if (!is_secret_name(each.name))
      return fail(Errc::invalid_args, "\"" + each.name + "\" is no name of a secret",
                  {"use letters, digits, - and _"});
    if (!each.source.is_set())
      return fail(Errc::invalid_args, "the secret " + each.name + " names no source",
                  {"name a variable, a file or a command"});
    for (std::size_t j = 0; j < i; ++j) {
      if (secrets[j].name == each.name)
        return fail(Errc::invalid_args, "there are two secrets " + each.name);
    }
  }
  return std::unique_ptr<Vault>(new Vault(std::move(secrets), std::move(redactor)));
}

Vault::Vault(std::vector<NamedSecret> secrets, Redactor redactor)
    : secrets_(std::move(secrets)), redactor_(std::move(redactor)) {}

Result<std::string> Vault::for_tool(std::string_view name,
                                    std::string_view tool,
                                    const std::stop_token& stop) const {
  return read(name, tool, &NamedSecret::tools, stop);
}

Result<std::string> Vault::for_host(std::string_view name,
                                    std::string_view host,
                                    const std::stop_token& stop) const {
  return read(name, host, &NamedSecret::hosts, stop);
}

Result<std::string> Vault::for_command(std::string_view name,
                                       const CommandUse& use,
                                       const std::stop_token& stop) const {
  const auto secret = find(name, use);
  if (!secret) return std::unexpected(secret.error());
  return value_of(**secret, stop);
}

Result<void> Vault::check_command(std::string_view name, const CommandUse& use) const {
  const auto secret = find(name, use);
  if (!secret) return std::unexpected(secret.error());
  return {};
}

Result<void> Vault::check_tool(std::string_view name, std::string_view tool) const {
  const auto secret = find(name, tool, &NamedSecret::tools);
  if (!secret) return std::unexpected(secret.error());
  return {};
}

Result<void> Vault::check_host(std::string_view name, std::string_view host) const {
  const auto secret = find(name, host, &NamedSecret::hosts);
  if (!secret) return std::unexpected(secret.error());
  return {};
}

std::vector<std::string> Vault::names_for_tool(std::string_view tool) const {
  std::vector<std::string> names;
  for (const NamedSecret& each : secrets_) {
    if (find(each.name, tool, &NamedSecret::tools)) names.push_back(each.name);
  }
  return names;
}

Result<void> Vault::learn(std::string_view name, const std::stop_token& stop) const {
  const auto secret = find(name);
  if (!secret) return std::unexpected(secret.error());
  if (auto value = value_of(**secret, stop); !value)
    return std::unexpected(std::move(value.error()));
  return {};
}

Result<const NamedSecret*> Vault::find(std::string_view name) const {
  const auto secret = std::ranges::find(secrets_, name, &NamedSecret::name);
  if (secret == secrets_.end())
    return fail(Errc::not_found, "there is no secret " + std::string(name),
                {"name it in the configuration"});
  return &*secret;
}

Result<const NamedSecret*> Vault::find(std::string_view name,
                                       std::string_view use,
                                       std::vector<std::string> NamedSecret::* scope) const {
  const auto secret = find(name);
  if (!secret) return secret;
  const auto& scopes = (**secret).*scope;
  if (std::ranges::none_of(scopes, [&](const std::string& each) { return is_meant(each, use); }))
    return not_for(**secret, use);
  return secret;
}

Result<const NamedSecret*> Vault::find(std::string_view name, const CommandUse& use) const {
  const auto secret = find(name);
  if (!secret) return secret;
  if (std::ranges::none_of((*secret)->commands, use.obeys))
    return not_for(**secret, use.program.empty() ? "commands" : "the command " + use.program);
  // Wherever the command can go, the secret can.
  for (const std::string& host : use.hosts) {
    if (auto meant = find(name, host, &NamedSecret::hosts); !meant) return meant;
  }
  return secret;
}

Result<std::string> Vault::value_of(const NamedSecret& secret, const std::stop_token& stop) const {
  auto value = read_secret(secret.source, stop);
  if (!value) return std::unexpected(std::move(value.error()).within("secret " + secret.name));
  if (value->size() < Redactor::shortest)
    return fail(Errc::invalid_args,
                "the secret " + secret.name + " is too short to be kept out of texts",
                {"use one of at least 6 characters"});
  redactor_.add(secret.name, *value);
  return value;
}

Result<std::string> Vault::read(std::string_view name,
                                std::string_view use,
                                std::vector<std::string> NamedSecret::* scope,
                                const std::stop_token& stop) const {
  const auto secret = find(name, use, scope);
  if (!secret) return std::unexpected(secret.error());
  return value_of(**secret, stop);
}

}  // namespace hearth::secrets
