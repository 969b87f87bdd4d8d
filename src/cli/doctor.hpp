// The checks of `hearth doctor`, each on its own so that tests can look at one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.hpp"
#include "ipc/paths.hpp"

namespace hearth::cli {

enum class Health : std::uint8_t { ok, warning, error };
[[nodiscard]] std::string_view health_name(Health health);

struct Check {
  std::string name;  // "runtime directory"
  Health health = Health::ok;
  std::string finding;  // what is the case
  std::string advice;   // what to do; empty when all is well
};

// Files and directories, whether or not a daemon runs. Change nothing.
[[nodiscard]] Check check_directory(std::string name, const std::string& path);
[[nodiscard]] Check check_disk_space(const std::string& path);
[[nodiscard]] Check check_file_limit();
[[nodiscard]] Check check_daemon_config(const ipc::Paths& paths);
[[nodiscard]] Check check_client_config(const Context& context);
[[nodiscard]] Check check_discovery(const ipc::Paths& paths, bool is_running);
[[nodiscard]] Check check_store_owner(const ipc::Paths& paths, bool is_running);
[[nodiscard]] Check check_fallbacks(const ipc::Paths& paths);

// All of them, and those that talk to the daemon.
[[nodiscard]] std::vector<Check> examine(const Context& context, const ipc::Paths& paths);

}  // namespace hearth::cli
