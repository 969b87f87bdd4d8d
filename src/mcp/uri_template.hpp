// URI templates of level 1 (RFC 6570 §1.2): literals and `{name}`, which stands for one or more
// characters other than `/`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.hpp"

namespace hearth::mcp {

class UriTemplate final {
 public:
  // A brace without its pair is our mistake and taken literally.
  explicit UriTemplate(std::string_view text);

  // The variables, percent-decoded, if `uri` follows the template.
  [[nodiscard]] std::optional<pack::Variables> match(std::string_view uri) const;

 private:
  struct Part {
    std::string literal;   // comes first
    std::string variable;  // then this; empty at the end
  };
  std::vector<Part> parts_;
};

}  // namespace hearth::mcp
