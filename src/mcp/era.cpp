#include "mcp/era.hpp"

#include <functional>

#include "base/version.hpp"
#include "json/envelope.hpp"
#include "json/json.hpp"

namespace hearth::mcp {
namespace {

// A flame, as SVG.
constexpr std::string_view icon =
    "data:image/svg+xml;base64,PHN2ZyB4bWxucz0naHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmcnIHZpZXdCb3g9"
    "JzAgMCAyNCAyNCc+PHBhdGggZmlsbD0nI2UyNTgyMicgZD0nTTEyIDJjNCA1IDcgOCA3IDEyYTcgNyAwIDAgMS0xNC"
    "AwYzAtMyAyLTUgMy03IDEgMiAyIDMgMyAzIDEtMiAxLTUgMS04eicvPjwvc3ZnPg==";

constexpr std::string_view tasks_extension = "io.modelcontextprotocol/tasks";

constexpr std::array<std::string_view, 8> level_names{"debug", "info",     "notice", "warning",
                                                      "error", "critical", "alert",  "emergency"};

}  // namespace

std::string supported_versions() {
  std::string out = "[";
  for (const auto revision : modern_revisions) out.append(json::quoted(revision)).push_back(',');
  for (const auto revision : legacy_revisions) out.append(json::quoted(revision)).push_back(',');
  out.back() = ']';
  return out;
}

Result<Abilities> read_abilities(std::string_view capabilities) {
  Abilities abilities;
  Result<void> inner;
  const auto outer =
      json::scan_members(capabilities, [&](std::string_view name, std::string_view value) {
        if (!inner) return;
        const bool is_offered = value.starts_with('{');
        if (name == "sampling") abilities.sample = is_offered;
        if (name == "roots") abilities.list_roots = is_offered;
        if (name == "extensions" && is_offered) {
          inner = json::scan_members(value, [&](std::string_view known, std::string_view settings) {
            if (known == tasks_extension) abilities.follow_tasks = settings.starts_with('{');
          });
        }
        if (name != "elicitation" || !is_offered) return;
        bool is_empty = true;
        inner = json::scan_members(value, [&](std::string_view mode, std::string_view) {
          is_empty = false;
          if (mode == "form") abilities.elicit_form = true;
          if (mode == "url") abilities.elicit_page = true;
        });
        if (is_empty) abilities.elicit_form = true;  // as before there were modes
      });
  if (!outer) return std::unexpected(outer.error());
  if (!inner) return std::unexpected(inner.error());
  return abilities;
}

std::optional<pack::LogLevel> read_level(std::string_view name) {
  const auto* found = std::ranges::find(level_names, name);
  if (found == level_names.end()) return std::nullopt;
  const auto index = std::min<std::ptrdiff_t>(found - level_names.begin(),
                                              static_cast<int>(pack::LogLevel::error));
  return static_cast<pack::LogLevel>(index);
}

std::string_view level_name(pack::LogLevel level) {
  return level_names[static_cast<std::size_t>(level)];
}

Result<Params> read_params(std::string_view text) {
  Params params;
  if (text.empty()) return params;
  static constexpr std::array<std::pair<std::string_view, std::string_view Params::*>, 14> members{{
      {"name", &Params::name},
      {"arguments", &Params::arguments},
      {"_meta", &Params::meta},
      {"cursor", &Params::cursor},
      {"uri", &Params::uri},
      {"level", &Params::level},
      {"ref", &Params::reference},
      {"argument", &Params::argument},
      {"context", &Params::context},
      {"inputResponses", &Params::answers},
      {"requestState", &Params::state},
      {"notifications", &Params::notifications},
      {"task", &Params::task},
      {"taskId", &Params::task_id},
  }};
  const auto scanned = json::scan_members(text, [&](std::string_view name, std::string_view value) {
    if (value == "null") return;
    for (const auto& [known, member] : members) {
      if (name == known) params.*member = value;
    }
  });
  if (!scanned) return std::unexpected(scanned.error());
  return params;
}

Result<std::string> string_of(std::string_view member, std::string_view what) {
  auto value =
      member.empty() ? Result<std::string>(fail(Errc::invalid_args, "")) : json::unquote(member);
  if (value) return value;
  return fail(Errc::invalid_args, "params." + std::string(what) + ": expected a string" +
                                      (member.empty() ? ", got nothing" : ""));
}

Result<Meta> read_meta(std::string_view text) {
  Meta meta;
  if (text.empty()) return meta;
  if (!text.starts_with('{')) return fail(Errc::invalid_args, "params._meta: expected an object");
  Result<void> inner;
  bool has_capabilities = false;
  const auto scanned = json::scan_members(text, [&](std::string_view name, std::string_view value) {
    if (name == "progressToken") {
      if (json::parse(value)) meta.progress_token = value;
    }
    if (!name.starts_with(meta_prefix) || !inner) return;
    name.remove_prefix(meta_prefix.size());
    if (name == "protocolVersion") {
      meta.era = Era::modern;
      auto revision = json::unquote(value);
      if (!revision) inner = std::unexpected(revision.error());
      if (revision) meta.revision = std::move(*revision);
    } else if (name == "clientCapabilities") {
      has_capabilities = true;
      auto abilities = read_abilities(value);
      if (!abilities) inner = std::unexpected(abilities.error());
      if (abilities) meta.abilities = *abilities;
    } else if (name == "logLevel") {
      const auto level = json::unquote(value);
      if (level) meta.log_level = read_level(*level);
      if (!meta.log_level) inner = fail(Errc::invalid_args, "params._meta: unknown logLevel");
    } else if (name == "clientInfo") {
      const auto info = json::parse(value);
      if (info) meta.client_name = json::string_or(*info, "name", "").substr(0, 200);
    }
  });
  if (!scanned) return std::unexpected(scanned.error());
  if (!inner) return std::unexpected(inner.error());
  if (meta.era == Era::modern && !has_capabilities)
    return fail(Errc::invalid_args,
                "params._meta: io.modelcontextprotocol/clientCapabilities is "
                "missing");
  return meta;
}

std::string server_info(bool has_icon) {
  std::string text = R"({"name":"hearth","title":"Hearth","version":)" + json::quoted(version());
  if (has_icon)
    text.append(R"(,"icons":[{"src":")")
        .append(icon)
        .append(R"(","mimeType":"image/svg+xml","sizes":["any"]}])");
  return text + '}';
}

std::string dressed(std::string result, Era era, Dress dress) {
  if (era == Era::legacy) return result;
  static const std::string plain = server_info(false);
  result.pop_back();  // its brace
  if (result.size() > 1) result.push_back(',');
  result.append(R"("resultType":")").append(dress.type).push_back('"');
  // Lists change with hearth's configuration only, and then we say so; contents change any time.
  if (dress.caching != Caching::none) {
    result.append(dress.caching == Caching::list ? R"(,"ttlMs":300000)" : R"(,"ttlMs":0)");
    result.append(R"(,"cacheScope":"private")");
  }
  result.append(R"(,"_meta":{"io.modelcontextprotocol/serverInfo":)");
  return result.append(dress.has_icon ? server_info(true) : plain).append("}}");
}

}  // namespace hearth::mcp
