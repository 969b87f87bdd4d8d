// Who is asking: what a pack may know about the session a call came from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearth::pack {

// Constant for the life of a session, except that a client may bind other roots. Paths are
// absolute.
struct Caller {
  std::string session;         // public id, as `daemon status` shows it
  std::string kind;            // "bridge", "cli", "raw", "embedded"
  std::string client_name;     // what the program calls itself: "claude-code", "hearth"
  std::string client_version;  //
  std::int64_t pid = 0;        // of the connected process
  std::string cwd;             // the caller's working directory; empty when unknown
  std::string project_root;    // git top level of cwd, else cwd; empty when that would be / or the
                               // home directory
  std::string name_space = "default";
  bool read_only = false;  // the session asked for no writes
};

// The directories that a caller's files may be written to: its project, or none.
[[nodiscard]] inline std::vector<std::string> project_of(const Caller& caller) {
  if (caller.project_root.empty()) return {};
  return {caller.project_root};
}

}  // namespace hearth::pack
