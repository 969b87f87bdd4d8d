#include <unistd.h>

#include <array>

#include "config/keys.hpp"
#include "config/settings.hpp"

namespace hearth::config {
namespace {

using ClientKey = Key<ClientSettings>;

// Kept as text, since it is only passed on to a daemon that we start.
bool take_duration_text(std::optional<std::string>& field, const RawValue& value) {
  if (!as_duration(value)) return false;
  field = value.text;
  return true;
}

constexpr ClientKey name_space{
    "namespace", "the name of a namespace",
    [](ClientSettings& to, const RawValue& v) { return store(to.name_space, as_text(v)); }};
constexpr ClientKey no_daemon{
    "no_daemon", "true or false",
    [](ClientSettings& to, const RawValue& v) { return store(to.no_daemon, as_bool(v)); }};
constexpr ClientKey strict{"strict", "true or false", [](ClientSettings& to, const RawValue& v) {
                             return store(to.strict, as_bool(v));
                           }};
constexpr ClientKey read_only{
    "read_only", "true or false",
    [](ClientSettings& to, const RawValue& v) { return store(to.read_only, as_bool(v)); }};
constexpr ClientKey daemon_binary{
    "daemon_binary", "the absolute path of hearthd", [](ClientSettings& to, const RawValue& v) {
      auto path = as_text(v);
      return path && path->starts_with('/') && store(to.daemon_binary, std::move(path));
    }};
constexpr ClientKey idle_timeout{
    "idle_timeout", a_duration,
    [](ClientSettings& to, const RawValue& v) { return take_duration_text(to.idle_timeout, v); }};
constexpr ClientKey drain_timeout{
    "drain_timeout", a_duration,
    [](ClientSettings& to, const RawValue& v) { return take_duration_text(to.drain_timeout, v); }};

constexpr std::array client_keys{name_space, no_daemon, strict, read_only, daemon_binary};
// What a directory that somebody else may have written can decide: nothing that runs a program or
// starts and stops processes.
constexpr std::array project_keys{name_space, read_only};
constexpr std::array override_keys{name_space,    no_daemon,    strict,       read_only,
                                   daemon_binary, idle_timeout, drain_timeout};

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

Result<void> take_file(const std::string& path,
                       ClientSettings& settings,
                       Result<void> (*parse)(std::string_view, std::string_view, ClientSettings&)) {
  auto text = read_optional(path);
  if (!text) return std::unexpected(std::move(text.error()));
  if (text->empty()) return {};
  return parse(*text, path, settings);
}

Result<void> take_override(ClientSettings& settings, const Override& given) {
  return take_key<ClientSettings>(override_keys, "", given.origin, given.key,
                                  RawValue{RawKind::typed, given.value, {}}, settings);
}

Result<void> take_environment(ClientSettings& settings, const Environment& environment) {
  static constexpr std::array<std::pair<const char*, const char*>, 5> variables{
      {{"HEARTH_NAMESPACE", "namespace"},
       {"HEARTH_NO_DAEMON", "no_daemon"},
       {"HEARTH_STRICT", "strict"},
       {"HEARTH_IDLE_TIMEOUT", "idle_timeout"},
       {"HEARTH_DRAIN_TIMEOUT", "drain_timeout"}}};
  for (const auto& [variable, key] : variables) {
    const auto value = environment(variable);
    if (!value || value->empty()) continue;
    if (auto taken = take_override(settings, {key, *value, variable}); !taken) return taken;
  }
  return {};
}

}  // namespace

Result<void> parse_client(std::string_view text, std::string_view file, ClientSettings& settings) {
  const auto sections = parse_document(text, file);
  if (!sections) return std::unexpected(sections.error());
  for (const Section& section : *sections) {
    if (section.name != "client") continue;
    return take_section<ClientSettings>(client_keys, file, section, settings);
  }
  return {};
}

Result<void> parse_project(std::string_view text, std::string_view file, ClientSettings& settings) {
  const auto sections = parse_document(text, file);
  if (!sections) return std::unexpected(sections.error());
  if (sections->size() > 1) {
    const Section& section = (*sections)[1];
    return fail(Errc::invalid_args, format_place(file, section.at) + ": [" + section.name +
                                        "]: a project file has no sections; expected namespace or "
                                        "read_only at the top level");
  }
  return take_section<ClientSettings>(project_keys, file, sections->front(), settings);
}

std::optional<std::string> find_project_file(const std::string& cwd, const std::string& home) {
  const auto usable = [&](const std::string& directory) {
    return directory.starts_with('/') && directory != "/" && directory != home;
  };
  std::optional<std::string> nearest;
  for (std::string at = cwd; usable(at); at = parent_of(at)) {
    if (!nearest && exists(at + "/.hearth.toml")) nearest = at + "/.hearth.toml";
    if (exists(at + "/.git")) return nearest;
  }
  // No git: only the directory itself counts, not whatever lies above it.
  if (nearest && parent_of(*nearest) == cwd) return nearest;
  return std::nullopt;
}

Result<ClientSettings> load_client_settings(const std::string& path,
                                            const std::string& cwd,
                                            const Environment& environment,
                                            std::span<const Override> overrides) {
  ClientSettings settings;
  if (auto done = take_file(path, settings, parse_client); !done)
    return std::unexpected(std::move(done.error()));
  if (const auto file = find_project_file(cwd, environment("HOME").value_or(""))) {
    if (auto done = take_file(*file, settings, parse_project); !done)
      return std::unexpected(std::move(done.error()));
  }
  if (auto done = take_environment(settings, environment); !done)
    return std::unexpected(std::move(done.error()));
  for (const Override& given : overrides) {
    if (auto taken = take_override(settings, given); !taken)
      return std::unexpected(std::move(taken.error()));
  }
  return settings;
}

}  // namespace hearth::config
