#include "packs/mandates/model/asking.hpp"

#include <utility>

namespace hearth::packs::mandates::model {
namespace {

constexpr std::size_t most_repeated = 8'000;  // bytes of a bad answer that go back to the model

// The question again, with the bad answer, without secrets, and what is wrong with it.
Question repair_of(Question question, const std::string& answer, const std::string& complaint) {
  question.messages.push_back({Message::Role::assistant, answer.substr(0, most_repeated)});
  question.messages.push_back(
      {Message::Role::user,
       complaint + ". Answer again, with one JSON object that fits the schema and nothing else."});
  return question;
}

}  // namespace

Result<Answer> ask_shaped(const Question& question,
                          const secrets::Redactor& redactor,
                          const Send& send) {
  auto first = send(question);
  if (!first) return std::unexpected(std::move(first.error()));
  if (!question.shape) {
    if (first->is_cut)
      return fail(Errc::unavailable, "the model's answer was cut off",
                  {"raise the most output tokens"});
    return Answer{.text = std::move(first->text), .model = std::move(first->model)};
  }
  auto text = shaped(*first, *question.shape);
  if (text) return Answer{.text = std::move(*text), .model = std::move(first->model)};
  auto second = send(repair_of(question, redactor.redact(first->text), text.error().message));
  if (!second) return std::unexpected(std::move(second.error()));
  text = shaped(*second, *question.shape);
  if (text)
    return Answer{.text = std::move(*text), .is_repaired = true, .model = std::move(second->model)};
  return fail(Errc::unavailable,
              redactor.redact("the model gave no usable answer, twice: " + text.error().message),
              {"try another model, or another mode for its output"});
}

Question redacted(Question question, const secrets::Redactor& redactor) {
  for (Message& message : question.messages) message.text = redactor.redact(message.text);
  return question;
}

}  // namespace hearth::packs::mandates::model
