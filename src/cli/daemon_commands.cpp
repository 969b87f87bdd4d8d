// `hearth daemon start|stop|status|reload|run|logs`.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "base/file_lock.hpp"
#include "base/regular_file.hpp"
#include "base/terminal_text.hpp"
#include "base/unique_fd.hpp"
#include "cli/command.hpp"
#include "cli/log_reader.hpp"
#include "cli/status_page.hpp"
#include "client/spawn.hpp"
#include "ipc/socket.hpp"

namespace hearth::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds default_stop_timeout = std::chrono::minutes(2);

json::Object identity_of(const ipc::Welcome& welcome) {
  return {{"pid", welcome.pid},
          {"version", welcome.version},
          {"started_at", welcome.started_at},
          {"state", welcome.state}};
}

std::vector<Parameter> http_parameters() {
  return {
      {.name = "http",
       .about = "Serve MCP over HTTP as well, on 127.0.0.1 (the port of last time, or this one)",
       .value_name = "PORT",
       .bare_value = "on"}};
}

std::vector<std::string> http_words(const Arguments& arguments) {
  const auto port = arguments.one("http");
  if (!port) return {};
  return {*port == "on" ? "--http" : "--http=" + *port};
}

// Where the daemon serves HTTP, as its status says; an error if `port` was asked for and it does
// not serve there.
Result<json::Value> http_of(client::Connection& connection,
                            const std::string& port,
                            milliseconds timeout) {
  const auto status = connection.request("daemon/status", {}, timeout);
  if (!status) return std::unexpected(status.error());
  const json::Value* http = json::find(*status, "http");
  const bool is_there = http != nullptr && http->is_object();
  const bool fits = is_there && (port == "on" || port == "0" ||
                                 json::string_or(*http, "url", "").contains(":" + port + "/"));
  if (fits) return *http;
  const std::string has = is_there
                              ? "serves HTTP at " + std::string(json::string_or(*http, "url", ""))
                              : std::string("does not serve HTTP");
  return fail(Errc::mismatch, "the daemon runs already and " + has,
              {"`hearth daemon stop`, then start it again"});
}

Result<int> run_start(const Context& context, const Arguments& arguments) {
  std::int64_t pid_before = 0;
  if (const auto running = context.connect_running()) pid_before = running->welcome().pid;
  auto connection = context.connect_shared(http_words(arguments));
  if (!connection) return std::unexpected(connection.error());
  const ipc::Welcome& welcome = connection->welcome();
  const bool was_running = pid_before == welcome.pid;
  json::Object data = identity_of(welcome);
  data["started"] = !was_running;
  std::string text = "hearthd " + welcome.version + (was_running ? " runs already" : " started") +
                     ", pid " + std::to_string(welcome.pid) + "\n";
  if (const auto port = arguments.one("http")) {
    auto http = http_of(*connection, *port, context.request_timeout());
    if (!http) return std::unexpected(std::move(http.error()));
    text += "MCP over HTTP: " + std::string(json::string_or(*http, "url", "")) + "\n";
    const auto token = json::string_or(*http, "token_file", "");
    if (!token.empty()) text += "its bearer token: " + std::string(token) + "\n";
    data["http"] = {{"url", http->at("url")}, {"token_file", http->at("token_file")}};
  }
  return context.output().result(data, text);
}

// ---- stop -------------------------------------------------------------------------------------

// The pid in what the daemon wrote into its lock file ("pid 123 (…)"); 0 when it wrote none.
std::int64_t pid_in(std::string_view holder) {
  const std::size_t at = holder.find("pid ");
  if (at == std::string_view::npos) return 0;
  const std::string_view digits = holder.substr(at + 4);
  std::int64_t pid = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  return pid;
}

// The pid in the discovery file; 0 when there is none.
std::int64_t announced_pid(const ipc::Paths& paths) {
  const auto record = json::parse(read_head(paths.discovery(), 65536).value_or(""));
  return record ? json::int_or(*record, "pid", 0) : 0;
}

// A process to wait for, held by a pidfd so that a reused pid is not mistaken for it.
class Process {
 public:
  explicit Process(std::int64_t pid)
      : pid_(static_cast<pid_t>(pid)), fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U))) {}

  [[nodiscard]] std::int64_t pid() const { return pid_; }

  // Whether it has ended; waits for that until the deadline.
  [[nodiscard]] bool wait_for_exit(MonotonicTime deadline) const {
    while (!has_ended()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      pollfd entry{fd_.get(), POLLIN, 0};
      // Where a sandbox forbids pidfds, looking again now and then must do.
      const int pause = fd_.valid() ? ipc::poll_timeout(deadline) : 5;
      (void)::poll(&entry, fd_.valid() ? 1 : 0, pause);
    }
    return true;
  }

 private:
  [[nodiscard]] bool has_ended() const {
    if (!fd_.valid()) return ::kill(pid_, 0) != 0 && errno == ESRCH;
    pollfd entry{fd_.get(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }

  pid_t pid_;
  UniqueFd fd_;
};

Result<int> report_stopped(const Context& context, const Process& process, MonotonicTime deadline) {
  const std::int64_t pid = process.pid();
  if (!process.wait_for_exit(deadline)) {
    return fail(Errc::timed_out, "hearthd (pid " + std::to_string(pid) + ") has not ended in time",
                {"`hearth daemon logs` shows what it waits for", "a longer --timeout",
                 "kill -TERM " + std::to_string(pid) + " makes a draining daemon leave at once"});
  }
  return context.output().result({{"stopped", true}, {"was_running", true}, {"pid", pid}},
                                 "hearthd (pid " + std::to_string(pid) + ") has stopped\n");
}

Result<int> run_stop(const Context& context, const Arguments&) {
  const auto deadline =
      std::chrono::steady_clock::now() +
      (context.globals().timeout ? context.request_timeout() : default_stop_timeout);
  const auto paths = context.paths();
  if (!paths) return std::unexpected(paths.error());
  auto connection = context.connect_running();
  if (connection) {
    // The process is taken hold of before it is asked to leave, since its pid may be reused.
    const Process process(connection->welcome().pid);
    auto asked =
        connection->request("daemon/stop", {{"reason", "stop"}}, context.request_timeout());
    const bool is_leaving = asked || asked.error().code == Errc::unavailable;
    if (!is_leaving) return std::unexpected(std::move(asked.error()));
    return report_stopped(context, process, deadline);
  }
  // A daemon that drains has closed its socket but still holds its lock.
  const auto holder = lock_holder(paths->lock());
  const std::int64_t pid = holder ? pid_in(*holder) : 0;
  const bool is_absent =
      connection.error().code == Errc::unavailable || connection.error().code == Errc::draining;
  if (!is_absent) return std::unexpected(std::move(connection.error()));
  if (pid > 0) {
    const Process process(pid);
    // One that drains has withdrawn its discovery file. Else somebody has removed its socket: only
    // a signal reaches it.
    if (announced_pid(*paths) == pid) (void)::kill(static_cast<pid_t>(pid), SIGTERM);
    return report_stopped(context, process, deadline);
  }
  return context.output().result({{"stopped", false}, {"was_running", false}},
                                 "no daemon is running\n");
}

// ---- status, reload ---------------------------------------------------------------------------

Result<int> run_status(const Context& context, const Arguments&) {
  auto connection = context.connect_running();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto status = connection->request("daemon/status", {}, context.request_timeout());
  if (!status) return std::unexpected(status.error());
  return context.output().result(*status, status_page(*status, context.output().look()));
}

Result<int> run_reload(const Context& context, const Arguments&) {
  auto connection = context.connect_running();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto result = connection->request("daemon/reload", {}, context.request_timeout());
  if (!result) return std::unexpected(result.error());
  std::string text = "the configuration has been read again\n";
  const json::Value* later = json::find(*result, "needs_restart");
  if (later != nullptr && later->is_array() && !later->get_array().empty()) {
    text += "these changes need a restart (`hearth daemon stop`):";
    for (const json::Value& name : later->get_array())
      if (name.is_string()) text += " " + std::string(name.get_string());
    text += "\n";
  }
  return context.output().result(*result, text);
}

// ---- run, logs --------------------------------------------------------------------------------

Result<int> run_foreground(const Context& context, const Arguments& arguments) {
  const auto options = context.client_options("cli");
  if (!options) return std::unexpected(options.error());
  const auto binary = client::find_daemon_binary(*options);
  if (!binary) return std::unexpected(binary.error());
  std::vector<std::string> words{*binary, "--stderr"};
  words.insert(words.end(), options->daemon_arguments.begin(), options->daemon_arguments.end());
  const auto http = http_words(arguments);
  words.insert(words.end(), http.begin(), http.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(binary->c_str(), argv.data());
  return fail_errno("execute " + *binary, errno);
}

std::vector<Parameter> log_parameters() {
  return {{.name = "lines",
           .about = "How many of the last lines to show (default 50)",
           .kind = ValueKind::integer,
           .short_name = 'n'},
          {.name = "follow",
           .about = "Go on showing lines as they come, until interrupted",
           .kind = ValueKind::boolean,
           .short_name = 'f'}};
}

Result<std::size_t> count_of(const Arguments& arguments) {
  const std::string text = arguments.one("lines").value_or("50");
  std::size_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || stop != end || count > 1'000'000)
    return fail(Errc::invalid_args,
                "--lines: expected an integer (0 to 1000000), got \"" + text + "\"");
  return count;
}

Result<int> run_logs(const Context& context, const Arguments& arguments) {
  const Output& output = context.output();
  const auto paths = context.paths();
  if (!paths) return std::unexpected(paths.error());
  const auto count = count_of(arguments);
  if (!count) return std::unexpected(count.error());
  const bool follows = arguments.flag("follow");
  if (follows && output.is_json())
    return fail(Errc::invalid_args, "--follow has no end that --json could print",
                {"leave one of them out"});
  const auto lines = last_lines(paths->log(), *count);
  if (!lines) return std::unexpected(lines.error());
  std::string text;
  for (const std::string& line : *lines) text += printable(line, Lines::keep) + "\n";
  const json::Value data{{"path", paths->log()},
                         {"lines", json::Array(lines->begin(), lines->end())}};
  const int status = output.result(data, text);
  if (!follows || status != 0) return status;
  auto followed = follow_file(paths->log(), [&](std::string_view more) {
    return output.text(printable(more, Lines::keep)) == 0;
  });
  if (!followed) return std::unexpected(std::move(followed.error()));
  return 0;
}

constexpr std::array commands{
    Command{
        "daemon start", "Start the daemon if none runs, and wait until it is ready",
        "Commands and bridges start it by themselves; this is for scripts, for looking, and for "
        "HTTP.",
        http_parameters, run_start},
    Command{"daemon stop", "Stop the daemon and wait until it is gone",
            "Requests in flight are finished or cut short within its drain timeout. Succeeds when "
            "no daemon is running.",
            nullptr, run_stop},
    Command{"daemon status", "Show what the daemon does", "Exits with 6 when no daemon is running.",
            nullptr, run_status},
    Command{"daemon reload", "Make the daemon read its configuration again",
            "A bad configuration is refused, and the old one stays.", nullptr, run_reload},
    Command{"daemon run", "Run a daemon in the foreground, logging to standard error", "",
            http_parameters, run_foreground},
    Command{"daemon logs", "Show the end of the daemon's log", "", log_parameters, run_logs},
};

}  // namespace

std::span<const Command> daemon_commands() {
  return commands;
}

}  // namespace hearth::cli
