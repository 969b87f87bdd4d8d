// `hearth events`.
#include <charconv>
#include <optional>
#include <string>

#include "base/terminal_text.hpp"
#include "cli/command.hpp"

namespace hearth::cli {
namespace {

std::vector<Parameter> event_parameters() {
  return {{.name = "follow",
           .about = "Go on showing events as they come, until interrupted",
           .kind = ValueKind::boolean,
           .short_name = 'f'},
          {.name = "since",
           .about = "Only events with a number above this one",
           .kind = ValueKind::integer},
          {.name = "kinds",
           .about = "Only these: daemon, session, request, warm, store, pack (comma-separated)"}};
}

// "12:00:01.123  session opened    s1a2b3c4  default  {…}"
std::string line_of(const json::Value& event) {
  const std::string_view at = json::string_or(event, "at", "");
  std::string line(at.size() > 11 ? at.substr(11) : at);
  line += "  " + std::string(json::string_or(event, "kind", "")) + ' ' +
          std::string(json::string_or(event, "what", ""));
  for (const char* name : {"session", "namespace"}) {
    const auto value = json::string_or(event, name, "");
    if (!value.empty()) line.append("  ").append(value);
  }
  if (const json::Value* data = json::find(event, "data")) line += "  " + json::dump(*data);
  return printable(line, Lines::join) + "\n";
}

Result<json::Object> subscription(const Arguments& arguments) {
  json::Object params{{"follow", arguments.flag("follow")}};
  if (const auto text = arguments.one("since")) {
    std::int64_t since = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, since);
    if (error != std::errc{} || stop != end || since < 0)
      return fail(Errc::invalid_args,
                  "--since: expected the number of an event, got \"" + *text + "\"");
    params["since"] = since;
  }
  if (const auto text = arguments.one("kinds")) {
    json::Array kinds;
    for (std::size_t at = 0; at <= text->size();) {
      const auto comma = std::min(text->find(',', at), text->size());
      kinds.emplace_back(text->substr(at, comma - at));
      at = comma + 1;
    }
    params["kinds"] = std::move(kinds);
  }
  return params;
}

// Shows what comes until the daemon leaves. True when a successor is to be asked.
Result<bool> follow(client::Connection& connection, const Output& output, json::Object& params) {
  bool has_stopped = false;
  bool is_unread = false;
  const auto ended = connection.listen([&](const json::Value& message) {
    const auto method = json::string_or(message, "method", "");
    const json::Value* body = json::find(message, "params");
    if (client::tells_of_stop(message)) has_stopped = true;
    if (method == "events/missed" && body != nullptr)
      output.note(std::to_string(json::int_or(*body, "count", 0)) + " events came too fast");
    if (method != "events/event" || body == nullptr) return true;
    params["since"] = json::int_or(*body, "seq", 0);
    is_unread = output.text(output.is_json() ? json::dump(*body) + "\n" : line_of(*body)) != 0;
    return !is_unread;
  });
  if (is_unread) return false;
  if (!ended && ended.error().code != Errc::unavailable) return std::unexpected(ended.error());
  return !has_stopped;
}

Result<int> run_events(const Context& context, const Arguments& arguments) {
  const Output& output = context.output();
  auto params = subscription(arguments);
  if (!params) return std::unexpected(params.error());
  const bool follows = arguments.flag("follow");
  auto connection = context.connect_running();
  for (bool is_first = true;; is_first = false) {
    if (!connection) return std::unexpected(std::move(connection.error()));
    const auto result = connection->request("events/subscribe", *params, context.request_timeout());
    if (!result) return std::unexpected(result.error());
    (*params)["epoch"] = json::string_or(*result, "epoch", "");
    std::string text;
    const json::Value* events = json::find(*result, "events");
    if (events != nullptr && events->is_array()) {
      for (const json::Value& event : events->get_array())
        text += output.is_json() && follows ? json::dump(event) + "\n" : line_of(event);
    }
    if (!follows) return output.result(*result, text);
    const auto lost = json::int_or(*result, "lost", 0);
    if (lost > 0 && !is_first) output.note(std::to_string(lost) + " events are kept no longer");
    if (output.text(text) != 0) return 0;
    const auto goes_on = follow(*connection, output, *params);
    if (!goes_on) return std::unexpected(goes_on.error());
    if (!*goes_on) return 0;
    connection = context.connect_shared();  // it was killed or replaced
  }
}

constexpr std::array commands{
    Command{"events", "Show what has happened in the daemon: sessions, packs, stores, requests",
            "Requests are shown from the moment somebody follows them. With --follow and --json, "
            "one event a line. Exits with 6 when no daemon is running.",
            event_parameters, run_events},
};

}  // namespace

std::span<const Command> event_commands() {
  return commands;
}

}  // namespace hearth::cli
