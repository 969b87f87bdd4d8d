#include "sql/bridge.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "json/json.hpp"

namespace hearth::bench {
namespace {

void check(std::string_view answer) {
  const bool is_good = answer.find("\"structuredContent\"") != std::string_view::npos &&
                       answer.find("\"isError\":true") == std::string_view::npos;
  if (!is_good) die("answer: " + std::string(answer.substr(0, 600)));
}

}  // namespace

std::string tool_call(std::string_view tool, std::string_view arguments) {
  return R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + std::string(tool) +
         R"(","arguments":)" + std::string(arguments) + "}}\n";
}

std::string sql_query(std::string_view sql, std::string_view database, int rows) {
  return tool_call("sql_query", R"({"sql":)" + json::quoted(sql) + R"(,"database":)" +
                                    json::quoted(database) + R"(,"limit":)" + std::to_string(rows) +
                                    "}");
}

std::string sql_load(std::string_view path, std::string_view database) {
  return tool_call("sql_load", R"({"table":"sales","path":)" + json::quoted(path) +
                                   R"(,"database":)" + json::quoted(database) + "}");
}

Bridge::Bridge(const std::string& hearth) : process_({hearth, "mcp"}) {
  write_all(process_.in(), initialize_message);
  (void)read_line(process_.out());
}

std::string Bridge::answer_to(const std::string& call) const {
  write_all(process_.in(), call);
  // Notifications go by: they have no id.
  for (;;) {
    std::string lines = read_line(process_.out());
    const std::size_t at = lines.find(R"({"jsonrpc":"2.0","id":7,)");
    if (at != std::string::npos) return lines.substr(at);
  }
}

std::string Bridge::ask(const std::string& call) const {
  std::string answer = answer_to(call);
  check(answer);
  return answer;
}

bool Bridge::is_answered(const std::string& call) const {
  const std::string answer = answer_to(call);
  if (answer.contains("engine_restarted")) return false;
  check(answer);
  return true;
}

double lock_step_rate(const std::deque<Bridge>& bridges, const std::string& call, double seconds) {
  const UniqueFd poller(::epoll_create1(EPOLL_CLOEXEC));
  for (const Bridge& bridge : bridges) {
    epoll_event event{EPOLLIN, {.ptr = const_cast<Bridge*>(&bridge)}};
    if (::epoll_ctl(poller.get(), EPOLL_CTL_ADD, bridge.out(), &event) != 0) die("epoll", errno);
    write_all(bridge.in(), call);
  }
  constexpr double warm_up = 0.2;
  std::array<char, 65536> chunk;
  std::size_t answers = 0;
  std::size_t outstanding = bridges.size();
  const auto began = Clock::now();
  auto measured_from = began;
  bool is_warm = false;
  bool is_over = false;
  double took = 0;
  while (outstanding > 0) {
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(poller.get(), events.data(), events.size(), 10'000);
    if (count <= 0) die("no answer for 10 s", errno);
    const auto now = Clock::now();
    const double elapsed = std::chrono::duration<double>(now - began).count();
    if (!is_warm && elapsed > warm_up) {
      is_warm = true;
      measured_from = now;
      answers = 0;
    }
    if (!is_over && elapsed > warm_up + seconds) {
      is_over = true;
      took = std::chrono::duration<double>(now - measured_from).count();
    }
    for (int i = 0; i < count; ++i) {
      const auto& bridge =
          *static_cast<const Bridge*>(events[static_cast<std::size_t>(i)].data.ptr);
      const ssize_t got = ::read(bridge.out(), chunk.data(), chunk.size());
      if (got <= 0) die("a bridge ended");
      const std::string_view answer(chunk.data(), static_cast<std::size_t>(got));
      if (answer.find("\"isError\":true") != std::string_view::npos) check(answer);
      if (!answer.ends_with('\n')) continue;
      if (is_over) {
        --outstanding;
      } else {
        ++answers;
        write_all(bridge.in(), call);
      }
    }
  }
  return static_cast<double>(answers) / took;
}

}  // namespace hearth::bench
