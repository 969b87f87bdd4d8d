// The walls of namespaces and mounts, as arguments of bubblewrap (bwrap(1)).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "packs/mandates/inside/order.hpp"
#include "packs/mandates/sandbox/plan.hpp"

namespace hearth::packs::mandates::sandbox {

// Where things lie in the sandbox.
inline constexpr const char* inner_program = "/run/hearth/first";
inline constexpr const char* inner_proxy = "/run/hearth/proxy";
inline constexpr const char* inner_home = "/tmp/home";
inline constexpr int inner_proxy_port = 3128;

struct Surroundings {
  std::string program;                                // hearth-sandbox, outside
  std::string proxy_socket;                           // outside; empty: none
  int users = -1;                                     // descriptors with the text of /etc/passwd …
  int groups = -1;                                    // … and /etc/group
  std::vector<std::pair<std::string, int>> replaced;  // paths, and descriptors of their content
  std::vector<std::string> hidden;  // of the daemon: seen by nobody, even below a workspace
};

// Never 0: the daemon's own number, or another where that is root.
[[nodiscard]] unsigned inner_user();

// What bubblewrap is told; the first process and its order are not in it.
[[nodiscard]] std::vector<std::string> bubblewrap_arguments(const Plan& plan,
                                                            const Surroundings& around);
// What Landlock allows, by the same plan.
void add_landlock_paths(inside::Order& order, const Plan& plan);

// All of the command's environment: "NAME=value".
[[nodiscard]] std::vector<std::string> environment_of(const Plan& plan);
// Why a variable may not be set for a command; empty: it may. Names that make programs load or run
// other code, or that change what git and shells take for configuration, are refused.
[[nodiscard]] std::string refusal_of_variable(const std::string& name, const std::string& value);

}  // namespace hearth::packs::mandates::sandbox
