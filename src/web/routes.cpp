#include "web/routes.hpp"

#include <algorithm>
#include <boost/url/parse_query.hpp>
#include <charconv>
#include <utility>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "daemon/control.hpp"
#include "daemon/verb_calls.hpp"
#include "json/outcome.hpp"
#include "web/admission.hpp"

namespace hearth::web {
namespace {

constexpr const char* reload_path = "/v1/admin/reload";
constexpr const char* shutdown_path = "/v1/admin/shutdown";

int status_of(Errc code) {
  switch (code) {
    case Errc::invalid_args:
      return 400;
    case Errc::permission:
    case Errc::read_only:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
    case Errc::mismatch:
      return 409;
    case Errc::unsupported:
      return 501;
    case Errc::busy:
    case Errc::draining:
    case Errc::unavailable:
    case Errc::engine_restarted:
      return 503;
    case Errc::timed_out:
      return 504;
    default:
      return 500;
  }
}

Response failed(const Error& error) {
  return failure(status_of(error.code), error);
}
Response success(std::string_view data) {
  return {200, std::string(json_type), json::success_envelope(data) + "\n", {}};
}

// As the tool's schema has it: what cannot be read so is left to the tool to complain about.
json::Value typed(std::string_view text, std::string_view type) {
  if (type == "boolean" && (text == "true" || text == "false")) return text == "true";
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (type == "integer" && error == std::errc{} && end == text.data() + text.size()) return number;
  return json::Value(text);
}

// The query as arguments of a tool; only a name that its schema has is one.
Result<void> take_query(const std::string& query,
                        const std::string& schema_text,
                        json::Object& arguments) {
  const auto parameters = boost::urls::parse_query(query);
  if (!parameters) return fail(Errc::invalid_args, "the query is malformed");
  const auto schema = json::parse(schema_text);
  const json::Value* properties = schema ? json::find(*schema, "properties") : nullptr;
  for (const auto& parameter : *parameters) {
    const std::string name = parameter.key.decode();
    const json::Value* property = properties == nullptr ? nullptr : json::find(*properties, name);
    if (property == nullptr) return fail(Errc::invalid_args, "?" + name + "=: there is no such");
    // Which of two is meant nobody can tell.
    if (arguments.contains(name))
      return fail(Errc::invalid_args, name + " is there twice", {"name it once"});
    arguments[name] = typed(parameter.value.decode(), json::string_or(*property, "type", ""));
  }
  return {};
}

Result<json::Object> read_body(const Request& request) {
  if (request.body.empty()) return json::Object{};
  const auto type = request.header("Content-Type");
  if (!equals_ignoring_case(type.substr(0, json_type.size()), json_type))
    return fail(Errc::invalid_args, "Content-Type: application/json is needed");
  auto body = json::parse(request.body);
  if (!body) return std::unexpected(std::move(body.error()));
  if (!body->is_object()) return fail(Errc::invalid_args, "expected a JSON object");
  return body->as_object();
}

}  // namespace

Routes::Routes(daemon::FrontHost& host,
               Approvers approvers,
               bool is_guarded,
               HttpCounts& counts,
               std::function<void()> on_quiet)
    : host_(host),
      approvers_(std::move(approvers)),
      is_guarded_(is_guarded),
      counts_(counts),
      on_quiet_(std::move(on_quiet)),
      self_(std::make_shared<Routes*>(this)) {
  for (const char* const path : {reload_path, shutdown_path})
    entries_.push_back({{"POST", path, ""}, "", mcp::UriTemplate(path)});
  for (const pack::Pack* pack : host.packs()) {
    for (pack::Route& route : pack->routes()) {
      mcp::UriTemplate pattern(route.path);
      entries_.push_back({std::move(route), std::string(pack->name()), std::move(pattern)});
    }
  }
}

std::vector<std::string_view> Routes::methods(std::string_view path) const {
  std::vector<std::string_view> all;
  for (const Entry& entry : entries_) {
    if (entry.pattern.match(path)) all.push_back(entry.route.method);
  }
  return all;
}

const Routes::Entry* Routes::find(const Request& request, pack::Variables& variables) const {
  for (const Entry& entry : entries_) {
    if (entry.route.method != request.method) continue;
    if (auto match = entry.pattern.match(request.path)) {
      variables = std::move(*match);
      return &entry;
    }
  }
  return nullptr;
}

Result<json::Object> Routes::arguments_of(const Entry& entry,
                                          const Request& request,
                                          const pack::Variables& variables) const {
  auto arguments = read_body(request);
  if (!arguments) return arguments;
  for (const auto& [name, value] : variables) {
    if (arguments->contains(name))
      return fail(Errc::invalid_args, name + " stands in the path", {"leave it out of the body"});
    (*arguments)[name] = value;
  }
  const mcp::ToolEntry* tool =
      host_.server().catalog().find_tool(entry.pack + "_" + entry.route.tool);
  const std::string schema = tool == nullptr ? "{}" : tool->spec.input_schema;
  if (auto taken = take_query(request.query, schema, *arguments); !taken)
    return std::unexpected(std::move(taken.error()));
  return arguments;
}

void Routes::serve(const Request& request, std::shared_ptr<Answer> answer) {
  auto greeting = admit(host_.server(), request, request.header("User-Agent"), "");
  if (!greeting) return answer->send(failure(greeting.error().status, greeting.error().error));
  pack::Variables variables;
  const Entry& entry = *find(request, variables);
  if (entry.pack.empty()) return reload_or_leave(entry, answer);
  auto arguments = arguments_of(entry, request, variables);
  if (!arguments) return answer->send(failed(arguments.error()));
  if (entry.route.decision.empty())
    return call_tool(entry, request, *arguments, *greeting, std::move(answer));
  decide(entry, request, std::move(*arguments), greeting->name_space, std::move(answer));
}

void Routes::reload_or_leave(const Entry& entry, const std::shared_ptr<Answer>& answer) {
  if (!is_guarded_) {
    return answer->send(failed({Errc::permission,
                                "without a token nobody may do that over HTTP",
                                {"`hearth daemon reload` or `hearth daemon stop`"}}));
  }
  if (entry.route.path == shutdown_path) {
    log::info("asked to leave", {log::kv("over", "HTTP")});
    answer->send(success(R"({"draining":true})"));
    return host_.commands().stop("stop");
  }
  const auto needs_restart = host_.commands().reload();
  if (!needs_restart) return answer->send(failed(needs_restart.error()));
  answer->send(success(json::dump(
      json::Value{{"reloaded", true},
                  {"needs_restart", json::Array(needs_restart->begin(), needs_restart->end())}})));
}

void Routes::call_tool(const Entry& entry,
                       const Request& request,
                       const json::Object& arguments,
                       const ipc::Greeting& greeting,
                       std::shared_ptr<Answer> answer) {
  auto caller = std::make_shared<pack::Caller>();
  caller->session = "http";
  caller->kind = greeting.kind;
  caller->client_name = greeting.client_name;
  caller->name_space = greeting.name_space;
  auto [stop, done] = begin(request, std::move(answer), false);
  host_.verbs().call(entry.pack + "_" + entry.route.tool, json::dump(arguments),
                     {.caller = std::move(caller), .stop = std::move(stop)},
                     [finish = std::move(done)](Result<pack::Reply> reply) mutable {
                       if (!reply) return finish(std::unexpected(std::move(reply.error())));
                       if (reply->questions)
                         return finish(fail(Errc::unsupported, "this needs a client of MCP"));
                       finish(std::move(reply->structured));
                     });
}

void Routes::decide(const Entry& entry,
                    const Request& request,
                    json::Object arguments,
                    const std::string& name_space,
                    std::shared_ptr<Answer> answer) {
  const auto name = is_guarded_ ? approvers_.find(request) : std::nullopt;
  if (!name) {
    ++counts_.refusals["approver"];
    log::warning("refused a decision", {log::kv("over", "HTTP"), log::kv("path", request.path),
                                        log::kv("why", "no approver's credential")});
    std::vector<std::string> remedies{
        approvers_.empty() ? "no approver is known; docs/http.md says how to name one"
                           : "the token of every request does not do"};
    // With a hash in config.toml, nothing said so at the start.
    const std::size_t size = request.header(approver_header).size();
    if (size > 0 && (size < least_credential || size > most_credential))
      remedies.emplace_back("a credential has 32 to 512 characters, and this one has " +
                            std::to_string(size));
    return answer->send(failed({Errc::permission,
                                std::string("only a person decides this: ") + approver_header +
                                    " bears no approver's credential",
                                std::move(remedies)}));
  }
  if (arguments.contains("verb")) {
    return answer->send(
        failed({Errc::invalid_args, "verb: the path says it", {"leave it out of the body"}}));
  }
  arguments["verb"] = entry.route.decision;
  auto [stop, done] = begin(request, std::move(answer), true);
  host_.commands().in_person(entry.pack, json::dump(arguments),
                             {.name = *name + " over HTTP", .name_space = name_space},
                             std::move(done));
}

Routes::Held::Held(daemon::Server& server, std::size_t bytes)
    : server_(server), share_(server.budget()) {
  share_.set(0, bytes);
  server_.request_began();
}

Routes::Held::~Held() {
  share_.leave();
  server_.request_ended();
}

std::pair<std::stop_token, Routes::Done> Routes::begin(const Request& request,
                                                       std::shared_ptr<Answer> answer,
                                                       bool is_decision) {
  const std::uint64_t number = next_++;
  Call& call = calls_[number];
  call.held = std::make_unique<Held>(host_.server(), request.body.size());
  call.answer = std::move(answer);
  call.is_decision = is_decision;
  call.answer->on_gone([stop = call.stop]() mutable { stop.request_stop(); });
  return {call.stop.get_token(),
          [weak = std::weak_ptr(self_), number](const Result<std::string>& outcome) {
            if (const auto self = weak.lock()) (*self)->finish(number, outcome);
          }};
}

void Routes::finish(std::uint64_t number, const Result<std::string>& outcome) {
  {
    const auto ended = calls_.extract(number);
    if (ended.empty()) return;
    const Call& call = ended.mapped();
    call.answer->on_gone(nullptr);
    // It came too late to be decided: what was there is no longer.
    const bool is_late = call.is_decision && !outcome && outcome.error().code == Errc::timed_out;
    call.answer->send(outcome   ? success(*outcome)
                      : is_late ? failure(410, outcome.error())
                                : failed(outcome.error()));
  }
  on_quiet_();
}

void Routes::abandon(const Error& error) {
  for (auto& [number, call] : std::exchange(calls_, {})) {
    call.answer->on_gone(nullptr);
    call.answer->send(failed(error));
    call.stop.request_stop();
  }
}

void Routes::close() {
  for (auto& [number, call] : std::exchange(calls_, {})) {
    call.answer->on_gone(nullptr);
    call.stop.request_stop();
  }
}

}  // namespace hearth::web
