#include "web/admission.hpp"

#include <string>
#include <utility>

#include "mcp/messages.hpp"

namespace hearth::web {
namespace {

constexpr std::string_view default_namespace = "default";

int status_of_refusal(std::string_view reason) {
  return reason == "draining" || reason == "busy" ? 503 : 403;
}

std::unexpected<NotServed> not_served(std::string message) {
  return std::unexpected(NotServed{.status = 400,
                                   .number = mcp::invalid_request,
                                   .error = {Errc::invalid_args, std::move(message), {}}});
}

}  // namespace

std::expected<ipc::Greeting, NotServed> admit(daemon::Server& server,
                                              const Request& request,
                                              std::string_view client_name,
                                              std::string_view client_version) {
  ipc::Greeting greeting;
  greeting.kind = "http";
  greeting.client_name = client_name.empty() ? "http" : client_name;
  greeting.client_version = client_version;
  const auto name_space = request.header("Hearth-Namespace");
  greeting.name_space = name_space.empty() ? default_namespace : name_space;
  if (auto checked = ipc::check_namespace(greeting.name_space); !checked)
    return not_served("Hearth-Namespace: " + checked.error().message);
  const auto surface = request.parameter("surface").value_or("full");
  greeting.is_compact = surface == "compact";
  if (!greeting.is_compact && surface != "full")
    return not_served("?surface=: expected \"full\" or \"compact\"");
  if (const auto welcome = server.check(greeting); !welcome) {
    return std::unexpected(NotServed{.status = status_of_refusal(welcome.error().reason),
                                     .number = mcp::server_error,
                                     .error = welcome.error().error});
  }
  return greeting;
}

Response refusal(const NotServed& why, std::string_view id) {
  return refusal(why.status, why.number, why.error.message, id);
}

}  // namespace hearth::web
