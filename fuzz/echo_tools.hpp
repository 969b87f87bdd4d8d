// What the fuzz targets of whole connections serve: two tools that echo, at once and in the end.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "json/json.hpp"
#include "mcp/binder.hpp"

namespace hearth::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

struct Text {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))
inline json::Notes notes(const Text*) {
  return {{"text", "Any text"}};
}

// `say` answers at once, with a report and a log message; `keep` leaves its calls in `kept`.
inline void declare_echo_tools(pack::Binder& tools, std::vector<pack::Call>& kept) {
  mcp::Tool<Text, Text>({.verb = "say", .title = "Say", .description = "Echo"})
      .on_loop(tools, [](const Text& request, const pack::Call& call) -> Result<Text> {
        call.progress(1, 2, request.text);
        call.log(pack::LogLevel::warning, request.text);
        return request;
      });
  mcp::Tool<Text, Text>({.verb = "keep",
                         .title = "Keep",
                         .description = "Answer in the end",
                         .task = pack::TaskSupport::optional})
      .deferred(tools, [&kept](Text, pack::Call call) { kept.push_back(std::move(call)); });
}

}  // namespace hearth::fuzz
