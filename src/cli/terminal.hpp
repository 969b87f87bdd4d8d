// The controlling terminal of this process: there a person reads what is shown and answers,
// whatever is piped in or out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::cli {

// One thread.
class Terminal final {
 public:
  // `permission` when there is none.
  [[nodiscard]] static Result<Terminal> open();

  void show(std::string_view text) const;
  // The same, and what was typed before is no answer to it: nobody had read it then.
  void ask(std::string_view question) const;
  // Without its end; nothing at the end of input (^D).
  [[nodiscard]] std::optional<std::string> read_line() const;
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit Terminal(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace hearth::cli
