// What the user configured: the daemon's settings, the client's, and where they come from.
//
// Precedence, highest first: option, environment, the project's .hearth.toml, config.toml, default.
// Parsing is a pure function of text; a missing file is fine, an unreadable one is an error. Every
// complaint names the file, line and column (or the variable, or the option), the key, what was
// expected, and for an unknown key the nearest known one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"

namespace hearth::config {

// nullptr-safe getenv; the same shape as ipc::Environment.
using Environment = std::function<std::optional<std::string>(const char*)>;

// What an acknowledged write survives.
enum class Durability : std::uint8_t {
  power,    // loss of power: fsync before the answer
  process,  // kill -9 of everything, but not loss of power
};

// Bounds that keep one client from harming the others. Sizes in bytes.
struct Limits {
  std::size_t max_sessions = 4096;
  std::size_t session_requests = 64;                    // in flight, of one session
  std::size_t session_queue = std::size_t{16} << 20;    // unsent answers of one session
  std::size_t bytes_in_flight = std::size_t{24} << 20;  // of all sessions together
  std::chrono::milliseconds request_timeout{0};         // 0: each tool's own limit
  // A message half read, or an answer half sent, that makes no progress for this long ends its
  // session. No key of config.toml sets it.
  std::chrono::milliseconds stall{30'000};
};

// [http.approvers.NAME]: whom a credential makes decide over HTTP. Exactly one of the others is
// set.
struct Approver {
  std::string name;
  std::string sha256;                // of the credential, in hexadecimal: it is not on this machine
  std::string file;                  // absolute; holds it
  std::string environment;           // a variable of the daemon that holds it
  std::vector<std::string> command;  // prints it
  bool operator==(const Approver&) const = default;
};

// [http] of config.toml: MCP over HTTP for this machine.
struct Http {
  bool is_enabled = false;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;      // 0: the one of last time if it is free, else any
  bool requires_token = true;  // false is for tests and for containers with a single user
  std::vector<Approver> approvers;
  bool operator==(const Http&) const = default;
};

// By name ("embedder.url" in [knowledge.embedder]). A list is one item a line.
using PackSection = std::map<std::string, std::string>;

// [daemon] of config.toml, and the sections of the packs.
struct Settings {
  std::chrono::milliseconds idle_timeout{std::chrono::minutes(30)};  // 0: never leaves by itself
  std::chrono::milliseconds drain_timeout{std::chrono::seconds(10)};
  std::vector<std::string> packs;  // enabled ones; empty: all
  std::string data;                // absolute store path; empty: where Paths says
  Durability durability = Durability::power;
  log::Level log_level = log::Level::info;
  std::size_t log_size = std::size_t{8} << 20;  // bytes before the log is rotated
  int log_keep = 3;                             // old logs kept
  Limits limits;
  Http http;
  std::vector<std::string> roots;       // directories that tools may read besides the project's
  std::vector<std::string> namespaces;  // the only ones served; empty: all
  std::map<std::string, PackSection> pack_settings;  // by the pack's name
};

// A pack and what its section may hold, as pack::Setting has it.
struct PackKey {
  std::string name;                                // a "*" in it is any one name
  std::string expects;                             // completes "expected …"
  bool (*fits)(std::string_view value) = nullptr;  // nullptr: whatever it is
};
// A key that is there and wrong beside the others.
struct PackMisfit {
  std::string key;
  std::string why;
};
struct KnownPack {
  std::string name;
  std::vector<PackKey> keys;
  // The first one, of a section whose keys fit each alone. May be null.
  std::function<std::optional<PackMisfit>(const PackSection&)> misfit = nullptr;
};

// [client] of config.toml and what .hearth.toml may say.
struct ClientSettings {
  std::string name_space = "default";
  bool no_daemon = false;
  bool strict = false;
  bool read_only = false;
  std::string daemon_binary;  // hearthd to start; empty: the one beside this program
  // Passed on to a daemon that this client starts; set only by option or environment.
  std::optional<std::string> idle_timeout;
  std::optional<std::string> drain_timeout;
};

// One explicit setting: {"idle_timeout", "5m", "--idle-timeout"}. `key` is a key of [daemon] or
// [client], or "http" with a port or "on"; `origin` is what a complaint names. Lists are separated
// by commas.
struct Override {
  std::string key;
  std::string value;
  std::string origin;
};

// Whether a setting has the name of a known one: "secrets.token.env" that of "secrets.*.env".
[[nodiscard]] bool is_named(std::string_view known, std::string_view key);

// ---- The daemon -------------------------------------------------------------------------------

// Parses config.toml. `file` is only named in complaints. With `known_packs`, a section of another
// name is an error, and so is a key that its pack does not have; without, any section is taken for
// a pack's, with any keys.
[[nodiscard]] Result<Settings> parse_settings(std::string_view text,
                                              std::string_view file,
                                              std::span<const KnownPack> known_packs = {});

// The file at `path` (may be missing), then HEARTH_IDLE_TIMEOUT and HEARTH_DRAIN_TIMEOUT, then
// `overrides`. "~/" in paths is HOME.
[[nodiscard]] Result<Settings> load_settings(const std::string& path,
                                             const Environment& environment,
                                             std::span<const Override> overrides = {},
                                             std::span<const KnownPack> known_packs = {});

// Fingerprint of what changes answers: packs, store path, and the packs' own sections (engines,
// embedders). `data_path` is the path in use. Independent of the order in the file.
[[nodiscard]] std::string config_id(const Settings& settings, std::string_view data_path);

// ---- The client -------------------------------------------------------------------------------

// Takes [client] of config.toml over `settings`; other sections are the daemon's to judge.
[[nodiscard]] Result<void> parse_client(std::string_view text,
                                        std::string_view file,
                                        ClientSettings& settings);
// Takes a project's .hearth.toml over `settings`: `namespace` and `read_only`, nothing else.
[[nodiscard]] Result<void> parse_project(std::string_view text,
                                         std::string_view file,
                                         ClientSettings& settings);

// Where the project of `cwd` keeps its file: .hearth.toml in cwd or above it, up to the git top
// level; without git only in cwd itself; never in `home` or /. Nothing when there is none.
[[nodiscard]] std::optional<std::string> find_project_file(const std::string& cwd,
                                                           const std::string& home);

// config.toml at `path`, the project file of `cwd` (empty: none), HEARTH_NAMESPACE,
// HEARTH_NO_DAEMON, HEARTH_STRICT, HEARTH_IDLE_TIMEOUT, HEARTH_DRAIN_TIMEOUT, then `overrides`.
[[nodiscard]] Result<ClientSettings> load_client_settings(const std::string& path,
                                                          const std::string& cwd,
                                                          const Environment& environment,
                                                          std::span<const Override> overrides = {});

}  // namespace hearth::config
