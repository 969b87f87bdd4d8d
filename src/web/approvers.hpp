// Who may decide over HTTP what only a person decides. Each has a credential of their own, besides
// the token that every request needs, and is known by it: the name comes from here, not from what
// the request says.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "web/message.hpp"

namespace hearth::web {

// Of [http.approvers.NAME]; exactly one of the sources is set.
struct ApproverSource {
  std::string name;
  std::string sha256;
  std::string file;
  std::string environment;
  std::vector<std::string> command;  // the first line it prints; it has five seconds
};

inline constexpr const char* approver_header = "Hearth-Approver";
inline constexpr std::size_t least_credential = 32;  // bytes: nobody guesses it
inline constexpr std::size_t most_credential = 512;

// Constant once loaded. Loop thread.
class Approvers final {
 public:
  Approvers() = default;
  // `token` is that of every request: it makes nobody an approver. Whoever's credential cannot be
  // had, is too short to be one, or is somebody else's too, is left out, and the log says why.
  Approvers(const std::vector<ApproverSource>& sources, std::string_view token);

  [[nodiscard]] bool empty() const { return known_.empty(); }
  [[nodiscard]] std::vector<std::string> names() const;
  // Whose credential the request bears in the header Hearth-Approver; nobody's: nothing. In a time
  // that says nothing of how much of it is right.
  [[nodiscard]] std::optional<std::string> find(const Request& request) const;

 private:
  struct Known {
    std::string name;
    std::string sha256;  // of the credential, which is not kept
  };
  std::vector<Known> known_;
};

}  // namespace hearth::web
