// [mandates] of config.toml.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.hpp"
#include "packs/mandates/engine/ledger.hpp"
#include "packs/mandates/model/chat_model.hpp"
#include "packs/mandates/workspace/policy.hpp"
#include "secrets/secret.hpp"
#include "secrets/vault.hpp"

namespace hearth::packs::mandates {

struct ModelSettings {
  std::string url;  // empty: there is no model
  std::string socket;
  std::string name;
  model::ShapeMode mode = model::ShapeMode::tool;
  secrets::SecretSource key;
  std::string key_secret;  // in its place: a named one, which is for the server's host
  std::chrono::milliseconds timeout{120'000};
  std::int64_t input_price = 0;  // of a million tokens, in millionths of the unit of money
  std::int64_t output_price = 0;
};

struct Settings {
  int workers = 4;
  // The most that a mandate does by itself: all of them come from tool calls, which agents make.
  // `ask`: whatever writes, runs a command or calls a tool that writes waits for a person.
  workspace::Scope agents_may = workspace::Scope::ask;
  // Whether a client's answer to an elicitation decides. It may be given without a person.
  bool elicitation = false;
  ModelSettings model;
  Limits day;  // of all mandates, in whatever namespace
  std::string bubblewrap = "bwrap";
  std::vector<std::string> tool_chains;  // directories beyond /usr for commands to read
  std::vector<secrets::NamedSecret> secrets;
};

[[nodiscard]] std::vector<pack::Setting> known_settings();
// What is wrong with them together: a secret without a source, or with two, or that is none.
[[nodiscard]] std::optional<pack::Misfit> check_settings(
    const std::map<std::string, std::string>& section);
[[nodiscard]] Settings read_settings(
    const std::function<std::optional<std::string>(std::string_view)>& setting,
    const std::vector<std::string>& secrets = {});  // their names

}  // namespace hearth::packs::mandates
