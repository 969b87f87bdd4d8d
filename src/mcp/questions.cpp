#include "mcp/questions.hpp"

#include "json/json.hpp"

namespace hearth::mcp {
namespace {

bool asks_for_page(const pack::Question& question) {
  const auto params = json::parse(question.params);
  return params && json::string_or(*params, "mode", "form") == "url";
}

}  // namespace

std::string_view method_of(const pack::Question& question) {
  switch (question.kind) {
    case pack::QuestionKind::sample:
      return "sampling/createMessage";
    case pack::QuestionKind::list_roots:
      return "roots/list";
    case pack::QuestionKind::elicit:
      break;
  }
  return "elicitation/create";
}

std::string_view missing_for(const pack::Question& question, const Abilities& abilities) {
  switch (question.kind) {
    case pack::QuestionKind::sample:
      return abilities.sample ? "" : R"({"sampling":{}})";
    case pack::QuestionKind::list_roots:
      return abilities.list_roots ? "" : R"({"roots":{}})";
    case pack::QuestionKind::elicit:
      break;
  }
  if (asks_for_page(question)) return abilities.elicit_page ? "" : R"({"elicitation":{"url":{}}})";
  return abilities.elicit_form ? "" : R"({"elicitation":{}})";
}

std::string input_requests(const std::map<std::string, pack::Question>& questions) {
  std::string requests = "{";
  for (const auto& [name, question] : questions) {
    requests.append(requests.size() == 1 ? "" : ",").append(json::quoted(name));
    requests.append(R"(:{"method":")")
        .append(method_of(question))
        .append(R"(","params":)")
        .append(question.params)
        .append("}");
  }
  return requests + '}';
}

}  // namespace hearth::mcp
