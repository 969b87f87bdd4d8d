// What models say in the tests of mandates: the scripted server's, and a client's own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "json/json.hpp"

namespace hearth::test {

// For MandatesTest::serve(): the greeting is corrected, and committed on a branch.
inline constexpr const char* correct_greeting = R"({
  "orient": ["The greeting is wrong."],
  "decide": [{"reasoning": "Correct it", "steps": [
    {"id": "edit", "kind": "change", "changes": [
      {"path": "greeting.txt", "replacements": [{"before": "helo", "after": "hello"}]}]},
    {"id": "keep", "kind": "commit", "needs": ["edit"], "branch": "hearth/greeting",
     "message": "Correct the greeting", "paths": ["greeting.txt"]}]}],
  "reflect": [{"goal_reached": true, "summary": "The greeting is right."}]
})";

// What a client's model says to a question, by what it asks for.
class ClientModel {
 public:
  // MCP's CreateMessageResult.
  json::Value operator()(const json::Value& params) {
    asked.push_back(json::dump(params));
    const std::string& question = asked.back();
    std::string text = "The greeting is wrong.";
    if (question.contains("Decide what to do")) text = decisions.front();
    if (question.contains("is the goal reached"))
      text = R"({"goal_reached":true,"summary":"Done"})";
    if (question.contains("Decide what to do") && decisions.size() > 1)
      decisions.erase(decisions.begin());
    return {{"role", "assistant"},
            {"model", "own"},
            {"stopReason", "endTurn"},
            {"content", {{"type", "text"}, {"text", text}}}};
  }
  std::vector<std::string> asked;
  std::vector<std::string> decisions{R"({"reasoning":"Nothing to do","steps":[]})"};
};

// A request of the era without handshakes.
inline json::Object modern(json::Object params, const std::string& extensions = "{}") {
  params["_meta"] = json::Object{
      {"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
      {"io.modelcontextprotocol/clientInfo", {{"name", "blackbox"}, {"version", "1"}}},
      {"io.modelcontextprotocol/clientCapabilities",
       {{"sampling", json::Object{}}, {"extensions", json::parse(extensions).value()}}}};
  return params;
}

}  // namespace hearth::test
