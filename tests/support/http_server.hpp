// Starts tests/support/http_server.py; it ends with this object.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <utility>
#include <vector>

#include "support/process.hpp"

namespace hearth::test {

inline std::string http_server_script() {
  return std::string(HEARTH_SOURCE_DIR) + "/tests/support/http_server.py";
}

class HttpServer final {
 public:
  explicit HttpServer(std::vector<std::string> options = {}) : process_(plan(std::move(options))) {
    std::string line;
    for (char c = 0; c != '\n'; line += c) {
      pollfd entry{process_.output(), POLLIN, 0};
      if (::poll(&entry, 1, 20'000) != 1 || ::read(process_.output(), &c, 1) != 1) {
        ADD_FAILURE() << "the HTTP server does not start: " << process_.errors();
        return;
      }
    }
    line.pop_back();
    base_ = "http://127.0.0.1:" + line;
  }

  // "http://127.0.0.1:1234" with `path` behind it.
  [[nodiscard]] std::string url(const std::string& path) const { return base_ + path; }

 private:
  static Plan plan(std::vector<std::string> options) {
    Plan plan;
    plan.words = {"/usr/bin/python3", http_server_script()};
    plan.words.insert(plan.words.end(), options.begin(), options.end());
    plan.has_input = true;
    plan.pipes_output = true;
    return plan;
  }

  Process process_;
  std::string base_;
};

}  // namespace hearth::test
