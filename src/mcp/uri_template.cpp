#include "mcp/uri_template.hpp"

#include <charconv>
#include <utility>

namespace hearth::mcp {
namespace {

// RFC 3986 §2.1; what is no escape stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* end = text.data() + std::min(i + 3, text.size());
    const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                           std::from_chars(text.data() + i + 1, end, byte, 16).ptr == end;
    out.push_back(is_escape ? static_cast<char>(byte) : text[i]);
    if (is_escape) i += 2;
  }
  return out;
}

}  // namespace

UriTemplate::UriTemplate(std::string_view text) {
  for (;;) {
    const auto open = text.find('{');
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    parts_.push_back(
        {std::string(text.substr(0, open)), std::string(text.substr(open + 1, close - open - 1))});
    text.remove_prefix(close + 1);
  }
  parts_.push_back({std::string(text), {}});
}

std::optional<pack::Variables> UriTemplate::match(std::string_view uri) const {
  pack::Variables variables;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (!uri.starts_with(parts_[i].literal)) return std::nullopt;
    uri.remove_prefix(parts_[i].literal.size());
    if (parts_[i].variable.empty()) break;
    // Up to the next literal, or to the end of the segment; the last literal ends the URI.
    const std::string& next = parts_[i + 1].literal;
    const bool is_last = i + 2 == parts_.size();
    auto end = next.empty() ? uri.find('/') : is_last ? uri.rfind(next) : uri.find(next);
    if (next.empty() && end == std::string_view::npos) end = uri.size();
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    const std::string_view value = uri.substr(0, end);
    if (value.find('/') != std::string_view::npos) return std::nullopt;
    variables[parts_[i].variable] = percent_decoded(value);
    uri.remove_prefix(end);
  }
  if (!uri.empty()) return std::nullopt;
  return variables;
}

}  // namespace hearth::mcp
