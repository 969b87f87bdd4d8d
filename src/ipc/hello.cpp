#include "ipc/hello.hpp"

#include <algorithm>
#include <limits>

#include "base/name_space.hpp"
#include "ipc/error_data.hpp"
#include "json/envelope.hpp"
#include "json/json.hpp"
#include "json/record.hpp"

namespace hearth::ipc {
namespace {

// What travels, apart from what the rest of the program uses: names of the wire, nesting of the
// wire.
struct ClientRecord {
  std::string name;
  std::string version;
  std::int64_t pid = 0;
  std::string kind = "cli";
};
BOOST_DESCRIBE_STRUCT(ClientRecord, (), (name, version, pid, kind))
json::Notes notes(const ClientRecord*) {
  return {{"name", "", json::defaulted | json::range(0, 200)},
          {"version", "", json::defaulted | json::range(0, 100)},
          {"pid", "", json::defaulted},
          {"kind", "", json::defaulted | json::one_of({"bridge", "cli", "embedded"})}};
}

struct OverridesRecord {
  std::vector<std::string> packs;
  std::string data;
  bool read_only = false;
};
BOOST_DESCRIBE_STRUCT(OverridesRecord, (), (packs, data, read_only))
json::Notes notes(const OverridesRecord*) {
  return {{"packs", "", json::defaulted | json::range(0, 100)},
          {"data", "", json::defaulted | json::range(0, 4096)},
          {"read_only", "", json::defaulted}};
}

json::Value member_or_empty(const json::Value& params, std::string_view name) {
  const json::Value* value = json::find(params, name);
  if (value == nullptr) return json::Object();
  return *value;
}

// What this daemon knows of a client's self-description: a newer client may say more. Overrides are
// demands, so that an unknown one is refused.
json::Value known_part(const json::Value& client) {
  if (!client.is_object()) return client;
  json::Object known;
  for (const json::Note& note : notes(static_cast<const ClientRecord*>(nullptr))) {
    if (const json::Value* value = json::find(client, note.name)) known[note.name] = *value;
  }
  return known;
}

// The protocol of a client that says none, or nonsense, is older than any.
int protocol_of(const json::Value& params) {
  const auto said = json::int_or(params, "protocol", 0);
  return static_cast<int>(std::clamp<std::int64_t>(said, 0, std::numeric_limits<int>::max()));
}

Result<std::string> bounded_text(const json::Value& params,
                                 std::string_view name,
                                 std::size_t most) {
  const json::Value* value = json::find(params, name);
  if (value == nullptr) return std::string();
  if (!value->is_string() || value->get_string().size() > most) {
    return fail(Errc::invalid_args, "hello." + std::string(name) + ": expected string of at most " +
                                        std::to_string(most) + " bytes");
  }
  return std::string(value->get_string());
}

json::Object encode_overrides(const Greeting& greeting) {
  json::Object overrides;
  if (!greeting.packs.empty())
    overrides["packs"] = json::Array(greeting.packs.begin(), greeting.packs.end());
  if (!greeting.data.empty()) overrides["data"] = greeting.data;
  if (greeting.read_only) overrides["read_only"] = true;
  return overrides;
}

std::string message_text(const json::Object& message) {
  std::string text;
  json::append(text, message);
  return text;
}

}  // namespace

Result<void> check_namespace(std::string_view name) {
  if (is_namespace(name)) return {};
  return fail(Errc::invalid_args,
              "namespace " + json::quoted(name.substr(0, 80)) +
                  ": expected 1–64 letters, digits, '-', '_' or '.', with neither '-' nor '.' in "
                  "front");
}

std::string encode_greeting(const Greeting& greeting) {
  json::Object params{{"protocol", greeting.protocol},
                      {"client",
                       {{"name", greeting.client_name},
                        {"version", greeting.client_version},
                        {"pid", greeting.pid},
                        {"kind", greeting.kind}}},
                      {"namespace", greeting.name_space},
                      {"cwd", greeting.cwd}};
  if (!greeting.resume.empty()) params["resume"] = greeting.resume;
  if (greeting.is_compact) params["surface"] = "compact";
  if (auto overrides = encode_overrides(greeting); !overrides.empty())
    params["overrides"] = overrides;
  return message_text({{"jsonrpc", "2.0"}, {"id", 0}, {"method", "hello"}, {"params", params}});
}

Result<Greeting> decode_greeting(std::string_view message) {
  const auto envelope = json::scan_envelope(message);
  if (!envelope) return std::unexpected(envelope.error());
  if (envelope->method != "hello" || envelope->id.empty()) {
    return fail(Errc::invalid_args, "the first message must be the request \"hello\"");
  }
  const auto params = json::parse(envelope->params.empty() ? "{}" : envelope->params);
  if (!params) return std::unexpected(params.error());
  const auto client =
      json::decode<ClientRecord>(known_part(member_or_empty(*params, "client")), "hello.client");
  if (!client) return std::unexpected(client.error());
  const auto overrides =
      json::decode<OverridesRecord>(member_or_empty(*params, "overrides"), "hello.overrides");
  if (!overrides) return std::unexpected(overrides.error());
  const auto name_space = bounded_text(*params, "namespace", 64);
  const auto cwd = bounded_text(*params, "cwd", 4096);
  const auto resume = bounded_text(*params, "resume", 128);
  const auto surface = bounded_text(*params, "surface", 64);
  if (!name_space) return std::unexpected(name_space.error());
  if (auto good = check_namespace(name_space->empty() ? "default" : *name_space); !good) {
    return std::unexpected(good.error());
  }
  if (!cwd) return std::unexpected(cwd.error());
  if (!resume) return std::unexpected(resume.error());
  if (!surface) return std::unexpected(surface.error());
  if (!surface->empty() && *surface != "full" && *surface != "compact") {
    return fail(Errc::invalid_args, "hello.surface: expected one of \"full\", \"compact\", got " +
                                        json::quoted(*surface));
  }
  return Greeting{.protocol = protocol_of(*params),
                  .client_name = client->name,
                  .client_version = client->version,
                  .pid = client->pid,
                  .kind = client->kind,
                  .name_space = name_space->empty() ? "default" : *name_space,
                  .cwd = *cwd,
                  .resume = *resume,
                  .is_compact = *surface == "compact",
                  .packs = overrides->packs,
                  .data = overrides->data,
                  .read_only = overrides->read_only};
}

std::string encode_welcome(const Welcome& welcome) {
  json::Object result{{"protocol", welcome.protocol},
                      {"daemon",
                       {{"version", welcome.version},
                        {"pid", welcome.pid},
                        {"started_at", welcome.started_at},
                        {"state", welcome.state}}},
                      {"served_config_id", welcome.config_id},
                      {"session", welcome.session},
                      {"resume", welcome.resume}};
  if (!welcome.challenge.empty()) result["challenge"] = welcome.challenge;
  if (!welcome.store_owner.empty()) result["store_owner"] = welcome.store_owner;
  return message_text({{"jsonrpc", "2.0"}, {"id", 0}, {"result", result}});
}

std::string encode_refusal(const Error& error, std::string_view reason) {
  json::Object data{{"reason", reason}, {"code", errc_name(error.code)}};
  if (!error.suggestions.empty()) {
    data["suggestions"] = json::Array(error.suggestions.begin(), error.suggestions.end());
  }
  return message_text({{"jsonrpc", "2.0"},
                       {"id", 0},
                       {"error", {{"code", -32000}, {"message", error.message}, {"data", data}}}});
}

std::expected<Welcome, Refusal> decode_welcome(std::string_view message) {
  const auto broken = [](std::string why) {
    return std::unexpected(Refusal{"protocol_mismatch", Error{Errc::mismatch, std::move(why), {}}});
  };
  const auto parsed = json::parse(message);
  if (!parsed) return broken("the daemon's answer to hello is no JSON");
  if (const json::Value* error = json::find(*parsed, "error")) {
    const json::Value* data = json::find(*error, "data");
    const json::Value none;
    Refusal refusal{
        std::string(json::string_or(data ? *data : none, "reason", "refused")),
        Error{errc_from_name(json::string_or(data ? *data : none, "code", "unavailable")),
              std::string(json::string_or(*error, "message", "the daemon refused")),
              {}}};
    if (data != nullptr) refusal.error.suggestions = read_suggestions(*data);
    return std::unexpected(std::move(refusal));
  }
  const json::Value* result = json::find(*parsed, "result");
  const json::Value* daemon = result ? json::find(*result, "daemon") : nullptr;
  if (daemon == nullptr) return broken("the daemon's answer to hello lacks \"daemon\"");
  const auto text = [](const json::Value& from, std::string_view name) {
    return std::string(json::string_or(from, name, ""));
  };
  Welcome welcome{.protocol = static_cast<int>(json::int_or(*result, "protocol", 0)),
                  .version = text(*daemon, "version"),
                  .pid = json::int_or(*daemon, "pid", 0),
                  .started_at = text(*daemon, "started_at"),
                  .state = text(*daemon, "state"),
                  .config_id = text(*result, "served_config_id"),
                  .session = text(*result, "session"),
                  .resume = text(*result, "resume"),
                  .challenge = text(*result, "challenge"),
                  .store_owner = text(*result, "store_owner")};
  if (welcome.config_id.empty())
    return broken("the daemon does not say under which configuration it serves");
  return welcome;
}

}  // namespace hearth::ipc
