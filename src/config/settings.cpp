#include "config/settings.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/ids.hpp"
#include "base/name_space.hpp"
#include "config/keys.hpp"

namespace hearth::config {
namespace {

using DaemonKey = Key<Settings>;

constexpr std::string_view some_paths =
    "a list of absolute paths, such as [\"/srv/docs\", \"~/notes\"]";

// Relative paths would mean another place for every client that starts the daemon.
bool is_anchored(std::string_view path) {
  return path.starts_with('/') || path.starts_with("~/");
}

template <typename Predicate>
bool take_list(std::vector<std::string>& field, const RawValue& value, Predicate fits) {
  auto items = as_list(value);
  return items && std::ranges::all_of(*items, fits) && store(field, std::move(items));
}

template <typename Number>
bool take_in_range(Number& field,
                   std::optional<std::size_t> value,
                   std::size_t low,
                   std::size_t high) {
  if (!value || *value < low || *value > high) return false;
  field = static_cast<Number>(*value);
  return true;
}

template <typename Word>
bool take_word(Word& field,
               const RawValue& value,
               std::initializer_list<std::pair<std::string_view, Word>> words) {
  const auto text = as_text(value);
  for (const auto& [name, word] : words) {
    if (text == name) {
      field = word;
      return true;
    }
  }
  return false;
}

constexpr std::size_t mib = std::size_t{1} << 20;

constexpr std::array daemon_keys{
    DaemonKey{
        "idle_timeout", a_duration,
        [](Settings& to, const RawValue& v) { return store(to.idle_timeout, as_duration(v)); }},
    DaemonKey{
        "drain_timeout", a_duration,
        [](Settings& to, const RawValue& v) { return store(to.drain_timeout, as_duration(v)); }},
    DaemonKey{"packs", "a list of pack names, not empty; leave it out to enable all",
              [](Settings& to, const RawValue& v) { return store(to.packs, as_list(v)); }},
    DaemonKey{"data", "an absolute path, or one under ~/",
              [](Settings& to, const RawValue& v) {
                auto path = as_text(v);
                return path && is_anchored(*path) && store(to.data, std::move(path));
              }},
    DaemonKey{"durability", "\"power\" or \"process\"",
              [](Settings& to, const RawValue& v) {
                return take_word(to.durability, v,
                                 {{"power", Durability::power}, {"process", Durability::process}});
              }},
    DaemonKey{"log_level", "\"debug\", \"info\", \"warning\" or \"error\"",
              [](Settings& to, const RawValue& v) {
                using log::Level;
                return take_word(to.log_level, v,
                                 {{"debug", Level::debug},
                                  {"info", Level::info},
                                  {"warning", Level::warning},
                                  {"error", Level::error}});
              }},
    DaemonKey{"log_size", "a size from \"64KiB\" to \"1GiB\"",
              [](Settings& to, const RawValue& v) {
                return take_in_range(to.log_size, as_size(v), mib / 16, 1024 * mib);
              }},
    DaemonKey{"log_keep", "an integer from 0 to 100",
              [](Settings& to, const RawValue& v) {
                return take_in_range(to.log_keep, as_count(v), 0, 100);
              }},
    DaemonKey{"max_sessions", "an integer from 1 to 100000",
              [](Settings& to, const RawValue& v) {
                return take_in_range(to.limits.max_sessions, as_count(v), 1, 100'000);
              }},
    DaemonKey{"session_requests", "an integer from 1 to 10000",
              [](Settings& to, const RawValue& v) {
                return take_in_range(to.limits.session_requests, as_count(v), 1, 10'000);
              }},
    // A session's queue must hold at least one message, and all sessions together as well.
    DaemonKey{"session_queue", "a size from \"8MiB\" (one message) to \"1GiB\"",
              [](Settings& to, const RawValue& v) {
                return take_in_range(to.limits.session_queue, as_size(v), 8 * mib, 1024 * mib);
              }},
    DaemonKey{"bytes_in_flight", "a size from \"8MiB\" (one message) to \"4GiB\"",
              [](Settings& to, const RawValue& v) {
                return take_in_range(to.limits.bytes_in_flight, as_size(v), 8 * mib, 4096 * mib);
              }},
    DaemonKey{"request_timeout", a_duration,
              [](Settings& to, const RawValue& v) {
                return store(to.limits.request_timeout, as_duration(v));
              }},
    DaemonKey{"roots", some_paths,
              [](Settings& to, const RawValue& v) { return take_list(to.roots, v, is_anchored); }},
    DaemonKey{
        "namespaces",
        "a list of namespaces (letters, digits, '-', '_', '.'), not empty; leave it out to serve "
        "all",
        [](Settings& to, const RawValue& v) { return take_list(to.namespaces, v, is_namespace); }},
};

// The daemon itself refuses what is not loopback; this keeps a mistake from getting that far.
constexpr std::array http_keys{
    DaemonKey{
        "enabled", "true or false",
        [](Settings& to, const RawValue& v) { return store(to.http.is_enabled, as_bool(v)); }},
    DaemonKey{"address", "a loopback address: \"127.0.0.1\" or \"::1\"",
              [](Settings& to, const RawValue& v) {
                return take_word<std::string>(to.http.address, v,
                                              {{"127.0.0.1", "127.0.0.1"}, {"::1", "::1"}});
              }},
    DaemonKey{"port", "a port from 0 to 65535; 0: the one of last time, or any that is free",
              [](Settings& to, const RawValue& v) {
                return take_in_range(to.http.port, as_count(v), 0, 65'535);
              }},
    DaemonKey{
        "token", "true or false",
        [](Settings& to, const RawValue& v) { return store(to.http.requires_token, as_bool(v)); }},
};

using ApproverKey = Key<Approver>;
constexpr std::array approver_keys{
    ApproverKey{"sha256", "64 hexadecimal digits, as sha256sum prints them",
                [](Approver& to, const RawValue& v) {
                  return store(to.sha256, as_text(v)) && to.sha256.size() == 64 &&
                         to.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
                }},
    ApproverKey{"file", "an absolute path or one below ~/",
                [](Approver& to, const RawValue& v) {
                  return store(to.file, as_text(v)) && is_anchored(to.file);
                }},
    ApproverKey{"env", "the name of a variable",
                [](Approver& to, const RawValue& v) {
                  return store(to.environment, as_text(v)) && !to.environment.empty();
                }},
    ApproverKey{"command", "a program and its arguments, as a list",
                [](Approver& to, const RawValue& v) {
                  return store(to.command, as_list(v)) && !to.command.empty();
                }},
};

// "approvers.NAME.KEY" of [http]; nothing when it is something else.
std::optional<std::pair<std::string, std::string>> approver_key(std::string_view key) {
  static constexpr std::string_view head = "approvers.";
  if (!key.starts_with(head)) return std::nullopt;
  key.remove_prefix(head.size());
  const auto dot = std::min(key.find('.'), key.size());
  return std::pair(std::string(key.substr(0, dot)),
                   std::string(key.substr(std::min(dot + 1, key.size()))));
}

Result<void> take_http_section(std::string_view file, const Section& section, Settings& settings) {
  for (const Entry& entry : section.entries) {
    const std::string where = format_place(file, entry.at);
    const auto own = approver_key(entry.key);
    Result<void> taken;
    if (!own) {
      taken = take_key<Settings>(http_keys, "http", where, entry.key, entry.value, settings);
    } else {
      auto& all = settings.http.approvers;
      auto found = std::ranges::find(all, own->first, &Approver::name);
      if (found == all.end()) found = all.insert(found, Approver{.name = own->first});
      taken = take_key<Approver>(approver_keys, "http.approvers." + own->first, where, own->second,
                                 entry.value, *found);
    }
    if (!taken) return taken;
  }
  for (const Approver& each : settings.http.approvers) {
    const int sources = int{!each.sha256.empty()} + int{!each.file.empty()} +
                        int{!each.environment.empty()} + int{!each.command.empty()};
    if (sources == 1) continue;
    return fail(Errc::invalid_args,
                format_place(file, section.at) + ": [http.approvers." + each.name +
                    "]: expected one of sha256, file, env and command",
                {"leave the others out"});
  }
  return {};
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += ',';
    text += item;
  }
  return text;
}

// One item a line, since items hold commas (paths do) more often than line ends.
std::optional<std::string> lines_of(const RawValue& value) {
  std::string text;
  for (const std::string& item : value.items) {
    if (item.find('\n') != std::string::npos) return std::nullopt;
    if (&item != &value.items.front()) text += '\n';
    text += item;
  }
  return text;
}

std::optional<std::string> pack_value(const RawValue& value) {
  if (value.kind == RawKind::other || value.kind == RawKind::table) return std::nullopt;
  return value.kind == RawKind::list ? lines_of(value) : value.text;
}

// `pack` is nullptr where the packs are not known: then any key is one.
Result<void> take_pack_entry(PackSection& values,
                             std::string_view file,
                             const Section& section,
                             const Entry& entry,
                             const KnownPack* pack) {
  static const PackKey anything{"", "a text, number, boolean or a list of these", nullptr};
  const PackKey* key = &anything;
  if (pack != nullptr) {
    // An empty [pack.table], its settings all left out, is none.
    const bool is_empty_table = entry.value.kind == RawKind::table &&
                                std::ranges::any_of(pack->keys, [&](const PackKey& known) {
                                  return known.name.starts_with(entry.key + '.');
                                });
    if (is_empty_table) return {};
    const auto found = std::ranges::find_if(
        pack->keys, [&](const PackKey& known) { return is_named(known.name, entry.key); });
    if (found == pack->keys.end()) {
      std::vector<std::string> known;
      for (const PackKey& each : pack->keys) known.push_back(each.name);
      return unknown_name(format_place(file, entry.at) + ": " + section.name + "." + entry.key,
                          "key", entry.key, known);
    }
    key = &*found;
  }
  auto value = pack_value(entry.value);
  if (!value || (key->fits != nullptr && !key->fits(*value))) {
    return unfit(format_place(file, entry.at), section.name + "." + entry.key, key->expects,
                 entry.value);
  }
  values[entry.key] = std::move(*value);
  return {};
}

Result<void> take_pack_section(Settings& settings,
                               std::string_view file,
                               const Section& section,
                               std::span<const KnownPack> known_packs) {
  const auto pack = std::ranges::find(known_packs, section.name, &KnownPack::name);
  auto& values = settings.pack_settings[section.name];
  for (const Entry& entry : section.entries) {
    auto taken =
        take_pack_entry(values, file, section, entry, pack == known_packs.end() ? nullptr : &*pack);
    if (!taken) return taken;
  }
  if (pack == known_packs.end() || !pack->misfit) return {};
  const auto misfit = pack->misfit(values);
  if (!misfit) return {};
  const auto entry = std::ranges::find(section.entries, misfit->key, &Entry::key);
  const Place at = entry == section.entries.end() ? section.at : entry->at;
  return fail(Errc::invalid_args, format_place(file, at) + ": " + section.name + "." + misfit->key +
                                      ": " + misfit->why);
}

std::vector<std::string> names_of(std::span<const KnownPack> packs) {
  std::vector<std::string> names;
  for (const KnownPack& pack : packs) names.push_back(pack.name);
  return names;
}

// A section that no pack has. Without the list of packs only a near miss of ours is one.
std::optional<Error> misnamed_section(std::string_view file,
                                      const Section& section,
                                      std::span<const KnownPack> known_packs) {
  std::vector<std::string> known{"daemon", "http", "client"};
  std::ranges::copy(names_of(known_packs), std::back_inserter(known));
  const bool is_known = std::ranges::find(known, section.name) != known.end();
  if (is_known) return std::nullopt;
  if (known_packs.empty() && closest_names(section.name, known, 1).empty()) return std::nullopt;
  return unknown_name(format_place(file, section.at) + ": [" + section.name + "]", "section",
                      section.name, known)
      .error();
}

Result<void> expand_home(std::string& path, const Environment& environment) {
  if (!path.starts_with("~/")) return {};
  const auto home = environment("HOME");
  if (!home || !home->starts_with('/')) {
    return fail(Errc::invalid_args, path + ": HOME is not set, so ~ means nothing",
                {"write the absolute path"});
  }
  path.replace(0, 1, *home);
  return {};
}

Result<void> expand_homes(Settings& settings, const Environment& environment) {
  if (auto done = expand_home(settings.data, environment); !done) return done;
  for (std::string& root : settings.roots) {
    if (auto done = expand_home(root, environment); !done) return done;
  }
  for (Approver& approver : settings.http.approvers) {
    if (auto done = expand_home(approver.file, environment); !done) return done;
  }
  return {};
}

Result<void> take_override(Settings& settings, const Override& given) {
  if (given.key == "http") {
    settings.http.is_enabled = true;
    if (given.value == "on") return {};
    return take_key<Settings>(http_keys, "http", given.origin, "port",
                              RawValue{RawKind::typed, given.value, {}}, settings);
  }
  return take_key<Settings>(daemon_keys, "", given.origin, given.key,
                            RawValue{RawKind::typed, given.value, {}}, settings);
}

}  // namespace

Result<Settings> parse_settings(std::string_view text,
                                std::string_view file,
                                std::span<const KnownPack> known_packs) {
  auto sections = parse_document(text, file);
  if (!sections) return std::unexpected(std::move(sections.error()));
  Settings settings;
  for (const Section& section : *sections) {
    if (section.name.empty() && !section.entries.empty()) {
      const Entry& stray = section.entries.front();
      return fail(
          Errc::invalid_args,
          format_place(file, stray.at) + ": " + stray.key +
              ": a setting outside of any section; expected [daemon], [http], [client] or a pack");
    }
    if (section.name.empty() || section.name == "client") continue;
    if (auto error = misnamed_section(file, section, known_packs))
      return std::unexpected(std::move(*error));
    auto taken = section.name == "daemon"
                     ? take_section<Settings>(daemon_keys, file, section, settings)
                 : section.name == "http" ? take_http_section(file, section, settings)
                                          : take_pack_section(settings, file, section, known_packs);
    if (!taken) return std::unexpected(std::move(taken.error()));
  }
  return settings;
}

Result<Settings> load_settings(const std::string& path,
                               const Environment& environment,
                               std::span<const Override> overrides,
                               std::span<const KnownPack> known_packs) {
  auto text = read_optional(path);
  if (!text) return std::unexpected(std::move(text.error()));
  auto settings = parse_settings(*text, path, known_packs);
  if (!settings) return settings;
  static constexpr std::array<std::pair<const char*, const char*>, 2> variables{
      {{"HEARTH_IDLE_TIMEOUT", "idle_timeout"}, {"HEARTH_DRAIN_TIMEOUT", "drain_timeout"}}};
  for (const auto& [variable, key] : variables) {
    const auto value = environment(variable);
    if (!value || value->empty()) continue;
    if (auto taken = take_override(*settings, {key, *value, variable}); !taken)
      return std::unexpected(std::move(taken.error()));
  }
  for (const Override& given : overrides) {
    if (auto taken = take_override(*settings, given); !taken)
      return std::unexpected(std::move(taken.error()));
  }
  const std::vector<std::string> known = names_of(known_packs);
  for (const std::string& pack : settings->packs) {
    if (known.empty() || std::ranges::find(known, pack) != known.end()) continue;
    return unknown_name("packs", "pack", pack, known);
  }
  if (auto done = expand_homes(*settings, environment); !done)
    return std::unexpected(std::move(done.error()));
  return settings;
}

bool is_named(std::string_view known, std::string_view key) {
  while (!known.empty() && !key.empty()) {
    const auto known_end = std::min(known.find('.'), known.size());
    const auto key_end = std::min(key.find('.'), key.size());
    const std::string_view name = known.substr(0, known_end);
    if (name != "*" && name != key.substr(0, key_end)) return false;
    known.remove_prefix(std::min(known_end + 1, known.size()));
    key.remove_prefix(std::min(key_end + 1, key.size()));
  }
  return known.empty() && key.empty();
}

std::string config_id(const Settings& settings, std::string_view data_path) {
  std::vector<std::string> packs = settings.packs;
  std::ranges::sort(packs);
  // Separators that no name or path can hold keep different settings from reading the same.
  std::string text = "packs\n" + joined(packs) + "\ndata\n" + std::string(data_path);
  for (const auto& [section, values] : settings.pack_settings) {
    for (const auto& [name, value] : values) {
      text += '\0' + section + '\0' + name + '\0' + value;
    }
  }
  return fingerprint_hex(text);
}

}  // namespace hearth::config
