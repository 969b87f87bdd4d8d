// The only way out of a sandbox that a network rule opens: an HTTP proxy on a Unix socket that lies
// in the sandbox. It knows CONNECT, and requests with an http:// address (proxy_request.hpp).
//
// Names are looked up here, and a name that leads to this machine or its private networks is
// refused, so that a name server cannot open what no rule names (a rule may name such an address
// itself). Behind CONNECT it sees host names, not what is said: TLS is end to end. Threads: one
// that accepts, one for each connection, at most 16 at once; all end with the object.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/host_rule.hpp"

namespace hearth::packs::mandates::sandbox {

class ConnectProxy final {
 public:
  // Listens in a new private directory.
  [[nodiscard]] static Result<std::unique_ptr<ConnectProxy>> start(std::vector<HostRule> rules);
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  [[nodiscard]] const std::string& socket_path() const;
  // "host:port", each once, of what was asked for and not allowed; at most 100.
  [[nodiscard]] std::vector<std::string> refused() const;

 private:
  class Server;
  explicit ConnectProxy(std::unique_ptr<Server> server);
  const std::unique_ptr<Server> server_;
};

}  // namespace hearth::packs::mandates::sandbox
