// `hearth mandates approve|reject|…`: what only a person decides, at a terminal.
//
// What would be done is shown on the terminal itself, and the answer is read from it: nothing that
// is piped in or out decides. The daemon looks for itself whether a terminal is there.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/unique_fd.hpp"
#include "cli/command.hpp"
#include "cli/terminal_text.hpp"
#include "cli/text_diff.hpp"

namespace hearth::cli {
namespace {

Result<UniqueFd> open_terminal() {
  UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (terminal.valid()) return terminal;
  return fail(Errc::permission, "only a person decides this, and there is no terminal",
              {"run it in a terminal of your own"});
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::write(fd, text.data(), text.size());
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string read_line(int fd) {
  std::string line;
  for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

// In one line: another could look like one of ours.
std::string text_of(const json::Value& object, std::string_view name) {
  return printable(json::string_or(object, name, ""), Lines::join);
}

std::string describe_file(const json::Value& file, const Look& look) {
  std::string text = text_of(file, "action") + " " + text_of(file, "path");
  if (!json::string_or(file, "to", "").empty()) text += " -> " + text_of(file, "to");
  if ((json::int_or(file, "mode", 0) & 0111) != 0) text += " (a program)";
  // Whole lines: what is cut off would be approved unseen.
  return text + "\n" +
         text_diff(json::string_or(file, "before", ""), json::string_or(file, "after", ""), look,
                   std::string::npos) +
         "\n";
}

// Exactly what was sealed into the proposal.
std::string describe(const json::Value& shown, const Look& look) {
  const json::Value& approval = shown.at("approval");
  const json::Value& deed = shown.at("deed");
  std::string text = text_of(approval, "id") + ": " + text_of(approval, "kind") + " in " +
                     text_of(deed, "workspace") + ", until " + text_of(approval, "expires") + "\n";
  if (json::bool_or(approval, "needs_elevation", false))
    text += "This concerns what is protected: it needs `hearth mandates elevate`.\n";
  for (const json::Value& file : deed.at("files").as_array()) text += describe_file(file, look);
  const json::Array& words = deed.at("words").as_array();
  if (!words.empty()) text += "command: " + printable(json::dump(words), Lines::join) + "\n";
  if (!json::string_or(deed, "tool", "").empty())
    text += "tool: " + text_of(deed, "tool") + " " + text_of(deed, "arguments") + "\n";
  if (!json::string_or(deed, "branch", "").empty())
    text += "commit to " + text_of(deed, "branch") + ": " + text_of(deed, "message") + "\n";
  return text;
}

Result<int> decide(const Context& context, const Arguments& arguments, const std::string& verb) {
  const auto terminal = open_terminal();
  if (!terminal) return std::unexpected(terminal.error());
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const std::string word = arguments.one("proposal").value_or("");
  const auto shown =
      call_tool(context, *connection, "mandates_approval", json::Value{{"proposal", word}});
  if (!shown) return std::unexpected(shown.error());
  const std::string id(json::string_or(shown->at("approval"), "id", ""));
  const Look look{.width = 0, .color = true};
  write_all(terminal->get(), describe(*shown, look) + verb + " this? Type yes: ");
  if (read_line(terminal->get()) != "yes")
    return fail(Errc::cancelled, "nothing was decided", {"type yes to " + verb});
  const json::Object decision{
      {"verb", verb}, {"proposal", id}, {"reason", arguments.one("reason").value_or("")}};
  const auto decided = connection->request(
      "daemon/decide", json::Object{{"pack", "mandates"}, {"arguments", decision}},
      context.request_timeout());
  if (!decided) return std::unexpected(decided.error());
  return context.output().result(*decided);
}

std::vector<Parameter> parameters() {
  return {{.name = "proposal",
           .about = "Its id, or a beginning of it; hearth mandates approvals lists them",
           .is_positional = true,
           .is_required = true},
          {.name = "reason", .about = "Why, for the journal"}};
}

constexpr std::string_view details =
    "Shows on the terminal what would be done and asks there. Agents cannot: it takes a terminal.";

constexpr std::array commands{
    Command{"mandates approve", "Allow what a mandate proposes, once", details, parameters,
            [](const Context& context, const Arguments& arguments) {
              return decide(context, arguments, "approve");
            }},
    Command{"mandates reject", "Refuse what a mandate proposes", details, parameters,
            [](const Context& context, const Arguments& arguments) {
              return decide(context, arguments, "reject");
            }},
    Command{"mandates elevate", "Allow, once, what touches protected files", details, parameters,
            [](const Context& context, const Arguments& arguments) {
              return decide(context, arguments, "elevate");
            }},
};

}  // namespace

std::span<const Command> decide_commands() {
  return commands;
}

}  // namespace hearth::cli
