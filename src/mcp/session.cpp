#include "mcp/session.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.hpp"
#include "base/version.hpp"
#include "json/json.hpp"
#include "mcp/messages.hpp"
#include "mcp/tasks.hpp"

namespace hearth::mcp {
namespace {

constexpr std::string_view instructions =
    "Hearth keeps knowledge and other tools warm in one local daemon shared by all sessions of "
    "this user. Use knowledge_search before asking the user for facts about their work, and "
    "knowledge_remember for what should outlive this conversation. The resource hearth://guide "
    "says more.";

constexpr std::string_view compact_instructions =
    "Hearth keeps knowledge and other tools warm in one local daemon shared by all sessions of "
    "this user. Its verbs run through the tool request; look them up with the tool verbs. Use "
    "knowledge_search before asking the user for facts about their work, and knowledge_remember "
    "for what should outlive this conversation. The resource hearth://guide says more.";

std::string_view instructions_for(Surface surface) {
  return surface == Surface::compact ? compact_instructions : instructions;
}

std::string capabilities(Era era, bool has_tasks) {
  std::string text =
      R"({"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},)"
      R"("prompts":{"listChanged":true},"completions":{},"logging":{})";
  if (has_tasks && era == Era::modern)
    text.append(R"(,"extensions":{"io.modelcontextprotocol/tasks":{}})");
  if (has_tasks && era == Era::legacy)
    text.append(R"(,"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})");
  return text + '}';
}

// An object whose values are strings; others are taken as their JSON text.
Result<pack::Variables> variables_of(std::string_view text) {
  pack::Variables variables;
  if (text.empty()) return variables;
  const auto scanned = json::scan_members(text, [&](std::string_view name, std::string_view value) {
    auto plain = json::unquote(value);
    variables[std::string(name)] = plain ? std::move(*plain) : std::string(value);
  });
  if (!scanned) return std::unexpected(scanned.error());
  return variables;
}

}  // namespace

// The whole surface: what each era knows.
const std::map<std::string_view, Session::Method> Session::methods = [] {
  std::map<std::string_view, Method> table;
  for (const Method& method : {
           Method{"initialize", &Session::initialize, true, false},
           Method{"ping", &Session::ping, true, false},
           Method{"logging/setLevel", &Session::set_level, true, false},
           Method{"resources/subscribe", &Session::subscribe, true, false},
           Method{"resources/unsubscribe", &Session::unsubscribe, true, false},
           Method{"server/discover", &Session::discover, false, true},
           Method{"subscriptions/listen", &Session::listen, false, true},
           Method{"tools/list", &Session::list_tools, true, true},
           Method{"tools/call", &Session::call_tool, true, true},
           Method{"resources/list", &Session::list_resources, true, true},
           Method{"resources/templates/list", &Session::list_templates, true, true},
           Method{"resources/read", &Session::read_resource, true, true},
           Method{"prompts/list", &Session::list_prompts, true, true},
           Method{"prompts/get", &Session::get_prompt, true, true},
           Method{"completion/complete", &Session::complete, true, true},
           Method{"tasks/get", &Session::get_task, true, true},
           Method{"tasks/cancel", &Session::cancel_task, true, true},
           Method{"tasks/update", &Session::update_task, false, true},
           Method{"tasks/result", &Session::await_task, true, false},
           Method{"tasks/list", &Session::list_tasks, true, false},
       }) {
    table.emplace(method.name, method);
  }
  return table;
}();

Session::Session(io::Loop& loop,
                 Catalog& catalog,
                 SessionLimits limits,
                 std::shared_ptr<const pack::Caller> caller,
                 MessageSink& sink)
    : loop_(loop),
      catalog_(catalog),
      limits_(limits),
      caller_(std::move(caller)),
      sink_(&sink),
      calls_(std::make_shared<Calls>(loop, catalog, clock_, sink)) {
  catalog_.enter(*this);
  if (catalog_.tasks()) catalog_.tasks()->enter(task_owner(), *this);
}

Session::~Session() {
  close();
}

void Session::close() {
  catalog_.leave(*this);
  if (catalog_.tasks()) catalog_.tasks()->leave(task_owner(), *this);
  sink_ = nullptr;
  calls_->close();
}

void Session::handle(const json::Envelope& message, std::size_t bytes) {
  if (sink_ == nullptr) return;
  catch_up();
  if (message.is_response()) return calls_->resolve(message.id, message.result, message.error);
  if (message.is_request()) return answer(message, bytes);
  if (message.method == "notifications/cancelled") cancel(message);
  // initialized, roots/list_changed and unknown ones need no answer
}

void Session::answer(const json::Envelope& message, std::size_t bytes) {
  auto parts = read_params(message.params);
  auto meta = parts ? read_meta(parts->meta) : Result<Meta>(std::unexpected(parts.error()));
  if (!meta) return sink_->send(make_error(message.id, meta.error()), message.id);
  const Request request{.id = message.id,
                        .method = message.method,
                        .params = message.params,
                        .hearth = message.hearth,
                        .bytes = bytes,
                        .parts = *parts,
                        .meta = std::move(*meta)};
  const bool is_modern = request.meta.era == Era::modern;
  if (is_modern &&
      std::ranges::find(modern_revisions, request.meta.revision) == modern_revisions.end())
    return sink_->send(refused_version(request.id, request.meta.revision), request.id);
  const auto found = methods.find(request.method);
  const Method* method = found == methods.end() ? nullptr : &found->second;
  if (method != nullptr && !is_modern && !method->is_legacy) {
    return refuse(request, Error{Errc::invalid_args,
                                 "params._meta: io.modelcontextprotocol/protocolVersion is missing",
                                 {}});
  }
  if (method == nullptr || (is_modern && !method->is_modern)) {
    return sink_->send(make_error(request.id, method_not_found,
                                  "unknown method \"" + std::string(request.method) + "\""),
                       request.id);
  }
  if (is_modern) {
    revision_ = request.meta.revision;
    if (!request.meta.client_name.empty()) client_name_ = request.meta.client_name;
  }
  (this->*method->answer)(request);
}

void Session::succeed(const Request& request, std::string result, Dress dress) {
  sink_->send(make_result(request.id, dressed(std::move(result), request.meta.era, dress)),
              request.id);
}

void Session::refuse(const Request& request, const Error& error) {
  sink_->send(make_error(request.id, error), request.id);
}

void Session::initialize(const Request& request) {
  const auto params = json::parse(request.params.empty() ? "{}" : request.params);
  if (!params) return refuse(request, params.error());
  revision_ = negotiate_revision(json::string_or(*params, "protocolVersion", ""));
  if (const json::Value* client = json::find(*params, "clientInfo"))
    client_name_ = json::string_or(*client, "name", "").substr(0, 200);
  if (const json::Value* offered = json::find(*params, "capabilities")) {
    if (auto abilities = read_abilities(json::dump(*offered))) abilities_ = *abilities;
  }
  is_initialized_ = true;
  std::string result = R"({"protocolVersion":)" + json::quoted(revision_);
  // Tasks and icons came with the newest of that era.
  const bool is_newest = revision_ == legacy_revisions.front();
  result.append(R"(,"capabilities":)")
      .append(capabilities(Era::legacy, is_newest && catalog_.tasks() != nullptr));
  result.append(R"(,"serverInfo":)").append(server_info(is_newest));
  result.append(R"(,"instructions":)").append(json::quoted(instructions_for(limits_.surface)));
  succeed(request, result + '}');
}

void Session::discover(const Request& request) {
  std::string result = R"({"supportedVersions":)" + supported_versions();
  result.append(R"(,"capabilities":)")
      .append(capabilities(Era::modern, catalog_.tasks() != nullptr));
  result.append(R"(,"instructions":)").append(json::quoted(instructions_for(limits_.surface)));
  succeed(request, result + '}', {.caching = Caching::list, .has_icon = true});
}

void Session::ping(const Request& request) {
  succeed(request, "{}");
}

void Session::set_level(const Request& request) {
  const auto name = json::unquote(request.parts.level);
  const auto level = name ? read_level(*name) : std::nullopt;
  if (!level) {
    return refuse(request,
                  Error{Errc::invalid_args,
                        "params.level: expected one of the syslog levels, debug to emergency",
                        {}});
  }
  log_level_ = *level;
  calls_->set_log_level(*level);
  succeed(request, "{}");
}

void Session::send_list(const Request& request, const Listing& listing) {
  std::string cursor;
  if (!request.parts.cursor.empty()) {
    auto text = string_of(request.parts.cursor, "cursor");
    if (!text) return refuse(request, text.error());
    cursor = text->empty() ? "?" : std::move(*text);
  }
  const auto page = listing.page(cursor);
  if (!page) return refuse(request, page.error());
  if (request.meta.era == Era::legacy)
    return sink_->send(make_result(request.id, *page), request.id);
  succeed(request, std::string(*page), {.caching = Caching::list});
}

void Session::list_tools(const Request& request) {
  send_list(request, catalog_.tools(limits_.surface));
}

void Session::list_resources(const Request& request) {
  send_list(request, catalog_.resources());
}

void Session::list_templates(const Request& request) {
  send_list(request, catalog_.templates());
}

void Session::list_prompts(const Request& request) {
  send_list(request, catalog_.prompts());
}

std::chrono::milliseconds Session::time_limit_of(std::chrono::milliseconds own) const {
  const auto ours = limits_.call_time;
  if (own.count() == 0 || ours.count() == 0) return std::max(own, ours);
  return std::min(own, ours);
}

// What a repeated request brings along, in the modern era: answers, and its own state.
Result<void> Session::read_rounds(const Request& request, CallStart& start) const {
  if (!request.parts.answers.empty()) {
    auto& answers = start.context.answers;
    const auto scanned = json::scan_members(
        request.parts.answers,
        [&](std::string_view name, std::string_view value) { answers.emplace(name, value); });
    if (!scanned) return std::unexpected(scanned.error());
  }
  if (request.parts.state.empty()) return {};
  const auto sealed = string_of(request.parts.state, "requestState");
  if (!sealed) return std::unexpected(sealed.error());
  auto state = catalog_.seal().open(*sealed, state_owner(start.form, start.subject, *caller_),
                                    clock_.wall());
  if (!state) return std::unexpected(state.error());
  start.context.state = std::move(*state);
  return {};
}

void Session::start(const Request& request, CallStart start) {
  if (is_draining_) {
    return refuse(
        request,
        Error{Errc::draining, "the daemon is leaving; nothing was done", {"send it again"}});
  }
  if (calls_->in_flight() >= limits_.in_flight) {
    return refuse(
        request, Error{Errc::busy,
                       std::to_string(calls_->in_flight()) + " calls of this session are in flight",
                       {"wait for some"}});
  }
  start.id = request.id;
  start.bytes = request.bytes;
  start.meta = request.meta;
  start.abilities = request.meta.era == Era::modern ? request.meta.abilities : abilities_;
  start.context.caller = caller_;
  start.context.client = client_name_;
  if (request.meta.era == Era::modern) {
    if (const auto read = read_rounds(request, start); !read) return refuse(request, read.error());
  }
  if (listeners_.contains(request.id) || !calls_->start(std::move(start)))
    refuse(request, Error{Errc::invalid_args, "a request with this id is in flight", {}});
}

void Session::call_tool(const Request& request) {
  const auto name = string_of(request.parts.name, "name");
  if (!name) return refuse(request, name.error());
  ToolEntry* tool = catalog_.find_tool(*name);
  if (tool == nullptr) {
    Error unknown{Errc::invalid_args, "unknown tool \"" + *name + "\"", catalog_.suggest(*name)};
    if (!unknown.suggestions.empty())
      unknown.message += "; did you mean \"" + unknown.suggestions.front() + "\"?";
    return refuse(request, unknown);
  }
  CallStart call;
  call.form = AnswerForm::tool;
  call.subject = tool->name;
  call.tool = tool;
  call.time_limit = time_limit_of(tool->spec.time_limit);
  if (!request.hearth.empty()) {
    if (const auto own = json::parse(request.hearth)) {
      call.context.key = json::string_or(*own, "key", "").substr(0, 128);
      call.context.is_resend = json::int_or(*own, "attempt", 1) > 1;
    }
  }
  if (is_for_task(request, *tool)) return call_as_task(request, *tool, std::move(call));
  if (const auto why = refuse_without_task(request, *tool)) return sink_->send(*why, request.id);
  if (call.context.is_resend && tool->spec.resend == pack::ResendRule::refuse) {
    call.run = [tool](pack::Call refused) {
      refused.answer(std::unexpected(outcome_unknown(tool->name)));
    };
  } else if (tool->spec.asks) {
    call.run = [tool, arguments = std::string(request.parts.arguments)](pack::Call made) {
      tool->handler(arguments, std::move(made));
    };
  } else {
    call.run = [tool, arguments = request.parts.arguments](pack::Call made) {
      tool->handler(arguments, std::move(made));
    };
  }
  start(request, std::move(call));
}

void Session::read_resource(const Request& request) {
  auto uri = string_of(request.parts.uri, "uri");
  if (!uri) return refuse(request, uri.error());
  CallStart call;
  call.form = AnswerForm::resource;
  call.subject = *uri;
  call.time_limit = time_limit_of(std::chrono::minutes(1));
  if (ResourceEntry* resource = catalog_.find_resource(*uri)) {
    call.run = [resource, uri = std::move(*uri)](pack::Call made) {
      resource->handler(uri, {}, std::move(made));
    };
    return start(request, std::move(call));
  }
  auto match = catalog_.match_template(*uri);
  if (match.first == nullptr)
    return sink_->send(resource_not_found(request.id, *uri, request.meta.era), request.id);
  call.run = [match = std::move(match), uri = std::move(*uri)](pack::Call made) {
    match.first->handler(uri, match.second, std::move(made));
  };
  start(request, std::move(call));
}

void Session::get_prompt(const Request& request) {
  const auto name = string_of(request.parts.name, "name");
  if (!name) return refuse(request, name.error());
  PromptEntry* prompt = catalog_.find_prompt(*name);
  if (prompt == nullptr) {
    return refuse(request,
                  Error{Errc::invalid_args, "unknown prompt \"" + *name + "\"", {"prompts/list"}});
  }
  auto arguments = variables_of(request.parts.arguments);
  if (!arguments) return refuse(request, arguments.error());
  for (const pack::PromptArgument& argument : prompt->spec.arguments) {
    if (!argument.required || arguments->contains(argument.name)) continue;
    return refuse(request, Error{Errc::invalid_args,
                                 "params.arguments." + argument.name +
                                     ": is missing: " + argument.description,
                                 {}});
  }
  CallStart call;
  call.form = AnswerForm::prompt;
  call.subject = prompt->name;
  call.time_limit = time_limit_of(std::chrono::minutes(1));
  call.run = [prompt, arguments = std::move(*arguments)](pack::Call made) {
    prompt->handler(arguments, std::move(made));
  };
  start(request, std::move(call));
}

void Session::complete(const Request& request) {
  const auto reference =
      json::parse(request.parts.reference.empty() ? "{}" : request.parts.reference);
  const auto argument = json::parse(request.parts.argument.empty() ? "{}" : request.parts.argument);
  const auto context = json::parse(request.parts.context.empty() ? "{}" : request.parts.context);
  for (const auto* part : {&reference, &argument, &context}) {
    if (!*part) return refuse(request, part->error());
  }
  const std::string_view type = json::string_or(*reference, "type", "");
  pack::Completer* completer = nullptr;
  if (type == "ref/prompt") {
    PromptEntry* prompt = catalog_.find_prompt(json::string_or(*reference, "name", ""));
    if (prompt != nullptr) completer = &prompt->completer;
  } else if (type == "ref/resource") {
    TemplateEntry* entry = catalog_.find_template(json::string_or(*reference, "uri", ""));
    if (entry != nullptr) completer = &entry->completer;
  }
  if (completer == nullptr) {
    return refuse(request, Error{Errc::invalid_args,
                                 "params.ref: names no prompt and no resource template",
                                 {"prompts/list", "resources/templates/list"}});
  }
  pack::Variables others;
  const json::Value* known = json::find(*context, "arguments");
  if (known != nullptr && known->is_object()) {
    for (const auto& [key, value] : known->as_object()) {
      if (value.is_string()) others[std::string(key)] = value.as_string();
    }
  }
  std::vector<std::string> values;
  try {
    if (*completer) {
      values = (*completer)(json::string_or(*argument, "name", ""),
                            json::string_or(*argument, "value", ""), others);
    }
  } catch (const std::exception& error) {  // a bug or exhaustion
    log::error("a completer failed", {log::kv("error", error.what())});
    return refuse(request, Error{Errc::internal, "nothing could be proposed", {}});
  }
  constexpr std::size_t most = 100;  // the protocol's
  const std::size_t total = values.size();
  values.resize(std::min(total, most));
  json::Array list(values.begin(), values.end());
  const json::Object completion{
      {"values", std::move(list)}, {"total", total}, {"hasMore", total > most}};
  succeed(request, R"({"completion":)" + json::dump(json::Value(completion)) + '}');
}

void Session::cancel(const json::Envelope& message) {
  std::string_view id;
  const auto scanned = json::scan_members(message.params.empty() ? "{}" : message.params,
                                          [&](std::string_view name, std::string_view value) {
                                            if (name == "requestId") id = value;
                                          });
  if (!scanned) return;
  if (const auto listener = listeners_.find(id); listener != listeners_.end()) {
    listeners_.erase(listener);
    return;
  }
  calls_->cancel(id);
}

}  // namespace hearth::mcp
