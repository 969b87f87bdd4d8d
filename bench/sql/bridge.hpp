// A client of the SQL tools: `hearth mcp` and the calls it is sent, one line each.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "support.hpp"

namespace hearth::bench {

// A call of `tool` as a line; `arguments` is a JSON object.
[[nodiscard]] std::string tool_call(std::string_view tool, std::string_view arguments);
// sql_query of `sql` on `database`, whose page holds at most `rows`.
[[nodiscard]] std::string sql_query(std::string_view sql,
                                    std::string_view database,
                                    int rows = 100);
// sql_load of the file as the table sales, which it replaces.
[[nodiscard]] std::string sql_load(std::string_view path, std::string_view database);

// A bridge that has been greeted. Whatever answers with an error ends the program.
class Bridge final {
 public:
  explicit Bridge(const std::string& hearth);

  [[nodiscard]] int in() const { return process_.in(); }
  [[nodiscard]] int out() const { return process_.out(); }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  // Sends it and waits for its answer.
  [[nodiscard]] std::string ask(const std::string& call) const;
  // The same; false when the engine ended before it could answer. The first error ends nothing.
  [[nodiscard]] bool is_answered(const std::string& call) const;

 private:
  [[nodiscard]] std::string answer_to(const std::string& call) const;

  Child process_;
};

// Many bridges on one thread, each with one call outstanding: sent again as soon as it is answered.
// Returns the answers a second.
[[nodiscard]] double lock_step_rate(const std::deque<Bridge>& bridges,
                                    const std::string& call,
                                    double seconds);

}  // namespace hearth::bench
