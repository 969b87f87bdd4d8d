#include "json/outcome.hpp"

#include "json/json.hpp"

namespace hearth::json {

std::string success_envelope(std::string_view data) {
  return R"({"schema_version":1,"ok":true,"data":)" + std::string(data) + "}";
}

std::string failure_envelope(const Error& error) {
  std::string text = R"({"schema_version":1,"ok":false,"error":{"code":)";
  append_string(text, errc_name(error.code));
  text += R"(,"message":)";
  append_string(text, error.message);
  text += R"(,"details":{"suggestions":[)";
  for (const std::string& suggestion : error.suggestions) {
    if (&suggestion != &error.suggestions.front()) text += ',';
    append_string(text, suggestion);
  }
  return text + "]}}}";
}

}  // namespace hearth::json
