// Where a command's outcome goes: text for people or one JSON envelope.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/render.hpp"
#include "json/json.hpp"

namespace hearth::cli {

// "hearth: what happened" and, on the second line, what to do.
[[nodiscard]] std::string failure_text(const Error& error);

class Output {
 public:
  // Looks at the standard streams and at NO_COLOR, TERM and COLUMNS.
  explicit Output(bool is_json);

  void set_json(bool is_json) { is_json_ = is_json; }
  [[nodiscard]] bool is_json() const { return is_json_; }
  [[nodiscard]] bool shows_progress() const { return is_error_terminal_ && !is_json_; }
  [[nodiscard]] const Look& look() const { return look_; }

  // The outcome of a command: the data's envelope, or `plain`, or the data rendered. Exit status 0,
  // or 5 when standard output does not take it.
  [[nodiscard]] int result(const json::Value& data) const;
  [[nodiscard]] int result(const json::Value& data, std::string_view plain) const;
  // Plain text on standard output whatever --json says: help, scripts, logs.
  [[nodiscard]] int text(std::string_view text) const;
  // The error on standard error; returns its exit status.
  [[nodiscard]] int failure(const Error& error) const;
  // A line of standard error for people; nothing with --json.
  void note(std::string_view line) const;

  // One line on a terminal that later ones overwrite; nothing on a pipe. Cleared by anything else.
  void progress(std::string_view line) const;
  void end_progress() const;

 private:
  bool is_json_;
  bool is_error_terminal_ = false;
  Look look_;
  mutable bool has_progress_ = false;
};

}  // namespace hearth::cli
