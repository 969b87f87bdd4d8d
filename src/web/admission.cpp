#include "web/admission.hpp"

#include "mcp/messages.hpp"

namespace hearth::web {
namespace {

constexpr std::string_view default_namespace = "default";

int status_of_refusal(std::string_view reason) {
  return reason == "draining" || reason == "busy" ? 503 : 403;
}

}  // namespace

std::expected<ipc::Greeting, Response> admit(daemon::Server& server,
                                             const Request& request,
                                             std::string_view client_name,
                                             std::string_view client_version,
                                             std::string_view id) {
  ipc::Greeting greeting;
  greeting.kind = "http";
  greeting.client_name = client_name.empty() ? "http" : client_name;
  greeting.client_version = client_version;
  const auto name_space = request.header("Hearth-Namespace");
  greeting.name_space = name_space.empty() ? default_namespace : name_space;
  if (auto checked = ipc::check_namespace(greeting.name_space); !checked) {
    return std::unexpected(
        refusal(400, mcp::invalid_request, "Hearth-Namespace: " + checked.error().message, id));
  }
  const auto surface = request.parameter("surface").value_or("full");
  greeting.is_compact = surface == "compact";
  if (!greeting.is_compact && surface != "full") {
    return std::unexpected(
        refusal(400, mcp::invalid_request, "?surface=: expected \"full\" or \"compact\"", id));
  }
  if (const auto welcome = server.check(greeting); !welcome) {
    return std::unexpected(refusal(status_of_refusal(welcome.error().reason), mcp::server_error,
                                   welcome.error().error.message, id));
  }
  return greeting;
}

}  // namespace hearth::web
