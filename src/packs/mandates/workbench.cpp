#include "packs/mandates/workbench.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "packs/mandates/sandbox/host_rule.hpp"
#include "packs/mandates/secret_slots_wire.hpp"
#include "packs/mandates/workspace/command_rule.hpp"

namespace hearth::packs::mandates {
namespace {

// "api.example.org" of "https://api.example.org:8443/v1".
std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const auto user = url.rfind('@');
  if (user != std::string_view::npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) return std::string(url.substr(0, url.find(']') + 1));
  return std::string(url.substr(0, url.find(':')));
}

}  // namespace

Workbench::Workbench(pack::PackContext& context, Settings settings)
    : context_(context),
      own_(context.own_directories()),
      // As many as drive the runs of a namespace: each of those gets one, on average.
      helpers_(std::make_shared<Helpers>(static_cast<std::size_t>(settings.workers))),
      learning_(context.clock()) {
  take(std::move(settings));
}

std::shared_ptr<const Settings> Workbench::settings() const {
  auto all = configuration();
  const Settings* const settings = &all->settings;
  return {std::move(all), settings};
}

void Workbench::take(Settings settings) {
  auto vault = secrets::Vault::open(settings.secrets, redactor_);
  const auto now = std::make_shared<const Configuration>(std::move(settings), std::move(vault));
  *configuration_.lock() = now;
  learning_.take(secrets_of(now));
}

// Those that a command gives come last: it may take its time, and the others are known until then.
std::vector<SecretToLearn> Workbench::secrets_of(
    const std::shared_ptr<const Configuration>& configuration) const {
  std::vector<SecretToLearn> quick;
  std::vector<SecretToLearn> slow;
  const Settings& settings = configuration->settings;
  const ModelSettings& model = settings.model;
  const bool has_key = model.key.is_set() || !model.key_secret.empty();
  if (has_key && !model.url.empty()) {
    const bool is_command = !model.key.command.empty();
    (is_command ? slow : quick)
        .push_back({"the model's key",
                    [this, configuration](const std::stop_token& stop) {
                      return learn_model_key(*configuration, stop);
                    },
                    is_command});
  }
  for (const secrets::NamedSecret& each : settings.secrets) {
    const bool is_command = !each.source.command.empty();
    (is_command ? slow : quick)
        .push_back({"the secret " + each.name,
                    [configuration, name = each.name](const std::stop_token& stop) -> Result<void> {
                      const auto& vault = configuration->vault;
                      if (!vault) return std::unexpected(vault.error());
                      return (*vault)->learn(name, stop);
                    },
                    is_command});
  }
  std::ranges::move(slow, std::back_inserter(quick));
  return quick;
}

// A named one is among the secrets, and here only has to be for the server.
Result<void> Workbench::learn_model_key(const Configuration& configuration,
                                        const std::stop_token& stop) const {
  const ModelSettings& model = configuration.settings.model;
  if (!model.key_secret.empty()) {
    const auto& vault = configuration.vault;
    if (!vault) return std::unexpected(vault.error());
    auto may = (*vault)->check_host(model.key_secret, host_of(model.url));
    if (!may) return std::unexpected(std::move(may.error()).within("the model's key"));
    return {};
  }
  if (auto key = model_key(configuration, stop); !key)
    return std::unexpected(std::move(key.error()).within("the model's key"));
  return {};
}

Result<void> Workbench::check_secrets(const std::string& tool, std::string_view arguments) const {
  const auto now = configuration();
  const auto filled = fill_secrets(arguments, [&](std::string_view name) -> Result<std::string> {
    if (!now->vault) return std::unexpected(now->vault.error());
    if (auto may = (*now->vault)->check_tool(name, tool); !may)
      return std::unexpected(std::move(may.error()));
    return std::string();
  });
  if (!filled) return std::unexpected(filled.error());
  return {};
}

std::vector<std::string> Workbench::secrets_for(const std::string& tool) const {
  const auto now = configuration();
  return now->vault ? (*now->vault)->names_for_tool(tool) : std::vector<std::string>();
}

Result<secrets::CommandUse> Workbench::use_of(const CommandRequest& request) {
  secrets::CommandUse use;
  if (!request.words.empty()) use.program = request.words.front();
  use.obeys = [words = request.words](const std::string& line) {
    const auto rules = workspace::CommandRules::parse(std::array{line});
    return rules && (words.empty() || rules->check(words));
  };
  for (const std::string& host : request.hosts) {
    auto rule = sandbox::HostRule::parse(host);
    if (!rule) return std::unexpected(std::move(rule.error()));
    use.hosts.push_back(std::move(rule->host));
  }
  return use;
}

Result<std::vector<std::pair<std::string, std::string>>> Workbench::command_variables(
    const CommandRequest& request, const std::stop_token& stop) const {
  std::vector<std::pair<std::string, std::string>> variables;
  if (request.secrets.empty()) return variables;
  const auto now = configuration();
  if (!now->vault) return std::unexpected(now->vault.error());
  const auto use = use_of(request);
  if (!use) return std::unexpected(use.error());
  for (const SecretVariable& each : request.secrets) {
    auto value = (*now->vault)->for_command(each.secret, *use, stop);
    if (!value) return std::unexpected(std::move(value.error()));
    variables.emplace_back(each.variable, std::move(*value));
  }
  return variables;
}

Result<void> Workbench::check_secrets(const CommandRequest& request) const {
  if (request.secrets.empty()) return {};
  const auto now = configuration();
  if (!now->vault) return std::unexpected(now->vault.error());
  const auto use = use_of(request);
  if (!use) return std::unexpected(use.error());
  for (const SecretVariable& each : request.secrets) {
    if (auto may = (*now->vault)->check_command(each.secret, *use); !may) return may;
  }
  return {};
}

Result<std::shared_ptr<const sandbox::Sandbox>> Workbench::sandbox(const std::stop_token& stop) {
  auto held = sandbox_.lock();
  if (*held) return *held;
  const auto now = configuration();
  *walls_.lock() = {.text = "being tried", .is_problem = false};
  auto opened = sandbox::Sandbox::open(
      {.bubblewrap = now->settings.bubblewrap, .first_process = {}, .hidden = own_}, stop);
  if (!opened) {
    *walls_.lock() =
        stop.stop_requested() ? Walls() : Walls{.text = opened.error().message, .is_problem = true};
    return std::unexpected(std::move(opened.error()));
  }
  *walls_.lock() = {.text = (*opened)->self_test().describe(), .is_problem = false};
  *held = std::move(*opened);
  return *held;
}

bool Workbench::is_reading(const std::string& tool) const {
  const auto annotations = context_.annotations_of(tool);
  return annotations && annotations->read_only;
}

Result<std::string> Workbench::call_tool(const ToolRequest& request, const std::stop_token& stop) {
  auto caller = std::make_shared<pack::Caller>();
  caller->session = "mandate";
  caller->kind = "mandate";
  caller->client_name = "mandate " + request.mandate;
  caller->cwd = request.workspace;
  caller->project_root = request.workspace;
  caller->name_space = request.name_space;
  caller->read_only = request.read_only;
  pack::Call::Context context;
  context.caller = std::move(caller);
  context.key = request.key;
  context.is_resend = request.is_resend;
  context.stop = stop;
  // Answered also when it is stopped: the call ends then.
  auto answered = std::make_shared<std::promise<Result<pack::Reply>>>();
  auto answer = answered->get_future();
  const auto now = configuration();
  auto arguments = fill_secrets(request.arguments, [&](std::string_view name) {
    return now->vault ? (*now->vault)->for_tool(name, request.tool, stop)
                      : Result<std::string>(std::unexpected(now->vault.error()));
  });
  if (!arguments) return std::unexpected(std::move(arguments.error()));
  context_.call_tool(
      request.tool, std::move(*arguments), std::move(context),
      [answered](Result<pack::Reply> reply) { answered->set_value(std::move(reply)); });
  auto reply = answer.get();
  if (!reply) {
    reply.error().message = redactor_.redact(reply.error().message);
    for (std::string& each : reply.error().suggestions) each = redactor_.redact(each);
    return std::unexpected(std::move(reply.error()));
  }
  if (reply->questions) {
    return fail(Errc::unsupported, request.tool + " asks its caller, and nobody is there");
  }
  return redactor_.redact(reply->structured);
}

Result<std::string> Workbench::model_key(const Configuration& configuration,
                                         const std::stop_token& stop) const {
  const ModelSettings& model = configuration.settings.model;
  const auto& vault = configuration.vault;
  if (!model.key_secret.empty()) {
    if (!vault) return std::unexpected(vault.error());
    return (*vault)->for_host(model.key_secret, host_of(model.url), stop);
  }
  auto key = secrets::read_secret(model.key, stop);
  if (key && !key->empty()) redactor_.add("model.key", *key);
  return key;
}

}  // namespace hearth::packs::mandates
