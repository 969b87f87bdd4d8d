// A run of a mandate as a log that grows: what mandates_run_logs tells more each time it is asked.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "json/json.hpp"

namespace hearth::cli {

// One thread.
class RunLog final {
 public:
  // What has come since the last call, in the order in which it happened: objects with `kind`
  // (phase, step or run) and the members of the answer.
  [[nodiscard]] std::vector<json::Object> news(const json::Value& logs);
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  // 0 when the run has reached its goal, 1 when it ended otherwise.
  [[nodiscard]] int exit_status() const { return outcome_ == "succeeded" ? 0 : 1; }

 private:
  void add(std::vector<json::Object>& news, const json::Value& entry, std::string_view kind);
  void add_steps(std::vector<json::Object>& news, const json::Value& logs, std::int64_t cycle);

  std::set<std::string> told_;
  bool has_ended_ = false;
  std::string outcome_;
};

// For people: a line, and below it the text that belongs to it.
[[nodiscard]] std::string log_lines(const json::Object& entry);

}  // namespace hearth::cli
