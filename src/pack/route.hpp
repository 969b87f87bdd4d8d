// A way to a pack by plain HTTP, for scripts and pages of the user's own: docs/http.md.
#pragma once

#include <string>

namespace hearth::pack {

// Exactly one of `tool` and `decision` is set.
struct Route {
  // "GET", "DELETE": arguments from the path and the query; "POST": and from the body.
  std::string method;
  std::string path;  // "/v1/approvals/{proposal}": level 1 of RFC 6570, names of arguments
  std::string tool;  // the verb of one of the pack's tools: "approval"
  // What only a person decides: the "verb" that Pack::in_person is given, with path and body. Wants
  // an approver's credential.
  std::string decision = {};
};

}  // namespace hearth::pack
