#include "packs/mandates/workbench.hpp"

#include <future>
#include <utility>

namespace hearth::packs::mandates {

Workbench::Workbench(pack::PackContext& context, Settings settings)
    : context_(context),
      settings_(std::move(settings)),
      own_(context.own_directories()),
      roots_(context.roots()) {}

Result<std::shared_ptr<const sandbox::Sandbox>> Workbench::sandbox(const std::stop_token& stop) {
  auto held = sandbox_.lock();
  if (*held) return *held;
  auto opened = sandbox::Sandbox::open(
      {.bubblewrap = settings_.bubblewrap, .first_process = {}, .hidden = own_}, stop);
  if (!opened) return std::unexpected(std::move(opened.error()));
  *held = std::move(*opened);
  return *held;
}

bool Workbench::is_reading(const std::string& tool) const {
  const auto annotations = context_.annotations_of(tool);
  return annotations && annotations->read_only;
}

Result<std::string> Workbench::call_tool(const ToolRequest& request, const std::stop_token& stop) {
  auto caller = std::make_shared<pack::Caller>();
  caller->session = "mandate";
  caller->kind = "mandate";
  caller->client_name = "mandate " + request.mandate;
  caller->cwd = request.workspace;
  caller->project_root = request.workspace;
  caller->name_space = request.name_space;
  caller->read_only = request.read_only;
  pack::Call::Context context;
  context.caller = std::move(caller);
  context.key = request.key;
  context.stop = stop;
  // Answered also when it is stopped: the call ends then.
  auto answered = std::make_shared<std::promise<Result<pack::Reply>>>();
  auto answer = answered->get_future();
  context_.call_tool(
      request.tool, request.arguments, std::move(context),
      [answered](Result<pack::Reply> reply) { answered->set_value(std::move(reply)); });
  auto reply = answer.get();
  if (!reply) return std::unexpected(std::move(reply.error()));
  if (reply->questions) {
    return fail(Errc::unsupported, request.tool + " asks its caller, and nobody is there");
  }
  return std::move(reply->structured);
}

std::unique_lock<std::mutex> Workbench::hold(const std::string& workspace) {
  std::mutex* mutex = nullptr;
  {
    auto all = workspaces_.lock();
    auto& place = (*all)[workspace];
    if (!place) place = std::make_unique<std::mutex>();
    mutex = place.get();
  }
  return std::unique_lock(*mutex);
}

Result<std::string> Workbench::model_key(const std::stop_token& stop) {
  auto key = secrets::read_secret(settings_.model.key, stop);
  if (key && !key->empty()) redactor_.add("model.key", *key);
  return key;
}

}  // namespace hearth::packs::mandates
