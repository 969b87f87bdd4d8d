// What a session is told of changes, if it asked: of lists, resources and tasks.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "json/json.hpp"
#include "mcp/messages.hpp"
#include "mcp/session.hpp"
#include "mcp/tasks.hpp"

namespace hearth::mcp {
namespace {

std::string_view list_name(pack::ListKind kind) {
  switch (kind) {
    case pack::ListKind::tools:
      return "notifications/tools/list_changed";
    case pack::ListKind::resources:
      return "notifications/resources/list_changed";
    case pack::ListKind::prompts:
      return "notifications/prompts/list_changed";
  }
  return "";
}

// Marks a notification as one that a listener asked for.
std::string with_subscription(std::string_view params, std::string_view listener) {
  std::string out(params);
  out.pop_back();
  if (out.size() > 1) out.push_back(',');
  return out.append(R"("_meta":{"io.modelcontextprotocol/subscriptionId":)")
      .append(listener)
      .append("}}");
}

}  // namespace

bool Session::Filter::wants(pack::ListKind kind) const {
  switch (kind) {
    case pack::ListKind::tools:
      return tools;
    case pack::ListKind::resources:
      return resources;
    case pack::ListKind::prompts:
      return prompts;
  }
  return false;
}

void Session::subscribe(const Request& request) {
  auto uri = string_of(request.parts.uri, "uri");
  if (!uri) return refuse(request, uri.error());
  if (catalog_.find_resource(*uri) == nullptr && catalog_.match_template(*uri).first == nullptr)
    return sink_->send(resource_not_found(request.id, *uri, request.meta.era), request.id);
  if (subscriptions_.size() >= limits_.subscriptions && !subscriptions_.contains(*uri)) {
    return refuse(request,
                  Error{Errc::busy, "too many resources are watched", {"unsubscribe some"}});
  }
  subscriptions_.insert(*uri);
  catalog_.followed(*uri, *caller_);
  succeed(request, "{}");
}

void Session::unsubscribe(const Request& request) {
  const auto uri = string_of(request.parts.uri, "uri");
  if (!uri) return refuse(request, uri.error());
  subscriptions_.erase(*uri);
  succeed(request, "{}");
}

Result<std::string> Session::grant(std::string_view notifications, Filter& filter) const {
  const auto wanted = json::parse(notifications.empty() ? "null" : notifications);
  if (!wanted) return std::unexpected(wanted.error());
  if (!wanted->is_object())
    return fail(Errc::invalid_args, "params.notifications: expected an object");
  json::Object granted;
  filter.tools = json::bool_or(*wanted, "toolsListChanged", false);
  filter.resources = json::bool_or(*wanted, "resourcesListChanged", false);
  filter.prompts = json::bool_or(*wanted, "promptsListChanged", false);
  if (filter.tools) granted["toolsListChanged"] = true;
  if (filter.resources) granted["resourcesListChanged"] = true;
  if (filter.prompts) granted["promptsListChanged"] = true;
  const auto take = [&](std::string_view name, auto& kept, auto may_have) {
    const json::Value* texts = json::find(*wanted, name);
    if (texts == nullptr || !texts->is_array()) return;
    json::Array list;
    for (const json::Value& text : texts->as_array()) {
      if (!text.is_string() || !may_have(text.as_string())) continue;
      kept.emplace(text.as_string());
      list.push_back(text);
    }
    granted[name] = std::move(list);
  };
  take("resourceSubscriptions", filter.uris, [](std::string_view) { return true; });
  if (const auto& tasks = catalog_.tasks()) {
    filter.wants_tasks = json::find(*wanted, "taskIds") != nullptr;
    take("taskIds", filter.tasks,
         [&](std::string_view id) { return tasks->find(id, task_owner()).has_value(); });
  }
  return json::dump(json::Value(granted));
}

// Acknowledged at once, answered never: it ends with its cancellation or the connection.
void Session::listen(const Request& request) {
  Filter filter;
  const auto granted = grant(request.parts.notifications, filter);
  if (!granted) return refuse(request, granted.error());
  if (filter.wants_tasks && !request.meta.abilities.follow_tasks)
    return sink_->send(missing_ability(request.id, tasks_ability), request.id);
  if (listeners_.size() >= limits_.in_flight || filter.uris.size() > limits_.subscriptions) {
    return refuse(request, Error{Errc::busy, "too many subscriptions in one session", {}});
  }
  if (calls_->has(request.id) || listeners_.contains(request.id))
    return refuse(request, Error{Errc::invalid_args, "a request with this id is in flight", {}});
  const std::string params = R"({"notifications":)" + *granted + '}';
  for (const std::string& uri : filter.uris) catalog_.followed(uri, *caller_);
  listeners_.emplace(request.id, std::move(filter));
  sink_->send(make_notification("notifications/subscriptions/acknowledged",
                                with_subscription(params, request.id)),
              request.id);
}

void Session::list_changed(pack::ListKind kind) {
  if (sink_ == nullptr) return;
  if (sink_->is_congested()) {
    untold_lists_.insert(kind);
  } else {
    tell_list(kind);
  }
}

void Session::tell_list(pack::ListKind kind) {
  if (is_initialized_) sink_->send(make_notification(list_name(kind), "{}"), "");
  tell_listeners(list_name(kind), "{}",
                 [kind](const Filter& filter) { return filter.wants(kind); });
}

void Session::resource_updated(const std::string& uri, const pack::Audience& audience) {
  if (sink_ == nullptr || !audience.includes(*caller_)) return;
  const bool is_prefix = uri.ends_with('*');
  const std::string_view begin = std::string_view(uri).substr(0, uri.size() - (is_prefix ? 1 : 0));
  for (const std::string& each : watched(begin)) {
    if (is_prefix || each == uri) tell_of(each);
  }
}

bool Session::watches(std::string_view prefix, const pack::Audience& audience) const {
  return sink_ != nullptr && audience.includes(*caller_) && !watched(prefix).empty();
}

// The URIs it follows that begin so.
std::set<std::string> Session::watched(std::string_view prefix) const {
  std::set<std::string> uris;
  const auto add = [&](const auto& followed) {
    for (const std::string& uri : followed) {
      if (uri.starts_with(prefix)) uris.insert(uri);
    }
  };
  add(subscriptions_);
  for (const auto& [id, filter] : listeners_) add(filter.uris);
  return uris;
}

// Sending may end the session.
void Session::tell_of(const std::string& uri) {
  if (sink_ == nullptr) return;
  if (sink_->is_congested()) {
    untold_resources_.insert(uri);
  } else {
    tell_resource(uri);
  }
}

void Session::tell_resource(const std::string& uri) {
  constexpr std::string_view name = "notifications/resources/updated";
  const std::string params = R"({"uri":)" + json::quoted(uri) + '}';
  if (subscriptions_.contains(uri)) sink_->send(make_notification(name, params), "");
  tell_listeners(name, params, [&](const Filter& filter) { return filter.uris.contains(uri); });
}

void Session::tell_listeners(std::string_view name,
                             std::string_view params,
                             const std::function<bool(const Filter&)>& wants) {
  std::vector<std::string> ids;  // sending may end the session
  for (const auto& [id, filter] : listeners_) {
    if (wants(filter)) ids.push_back(id);
  }
  for (const std::string& id : ids) {
    if (sink_ != nullptr) sink_->send(make_notification(name, with_subscription(params, id)), id);
  }
}

void Session::catch_up() {
  if (untold_lists_.empty() && untold_resources_.empty() && untold_tasks_.empty()) return;
  if (sink_ == nullptr || sink_->is_congested()) return;
  // Taken first: sending may bring us here again.
  for (const pack::ListKind kind : std::exchange(untold_lists_, {})) list_changed(kind);
  for (const std::string& uri : std::exchange(untold_resources_, {})) resource_updated(uri, {});
  for (const std::string& id : std::exchange(untold_tasks_, {})) {
    if (const auto task = catalog_.tasks()->find(id, task_owner())) task_changed(**task);
  }
}

}  // namespace hearth::mcp
