#include "packs/mandates/model/chat_model.hpp"

#include <utility>

namespace hearth::packs::mandates::model {
namespace {

constexpr std::size_t most_answer_bytes = std::size_t{16} << 20;
constexpr std::size_t most_repeated = 8'000;  // bytes of a bad answer that go back to the model

std::string endpoint_of(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url.ends_with("/chat/completions") ? url : url + "/chat/completions";
}

// The question again, with the bad answer and what is wrong with it.
Question repair_of(Question question, const std::string& answer, const std::string& complaint) {
  question.messages.push_back({Message::Role::assistant, answer.substr(0, most_repeated)});
  question.messages.push_back(
      {Message::Role::user,
       complaint + ". Answer again, with one JSON object that fits the schema and nothing else."});
  return question;
}

}  // namespace

ChatModel::ChatModel(Settings settings)
    : settings_(std::move(settings)), client_(settings_.at_once) {}

Result<Answer> ChatModel::ask(const Question& question,
                              Spent& spent,
                              const std::stop_token& stop,
                              const Admission& admission) {
  auto first = reply_to(question, spent, stop, admission);
  if (!first) return std::unexpected(std::move(first.error()));
  if (!question.shape) {
    if (first->is_cut)
      return fail(Errc::unavailable, "the model's answer was cut off",
                  {"raise the most output tokens"});
    return Answer{.text = std::move(first->text), .model = std::move(first->model)};
  }
  auto text = shaped(*first, *question.shape);
  if (text) return Answer{.text = std::move(*text), .model = std::move(first->model)};
  auto second =
      reply_to(repair_of(question, first->text, text.error().message), spent, stop, admission);
  if (!second) return std::unexpected(std::move(second.error()));
  text = shaped(*second, *question.shape);
  if (text)
    return Answer{.text = std::move(*text), .is_repaired = true, .model = std::move(second->model)};
  return fail(
      Errc::unavailable,
      settings_.redactor.redact("the model gave no usable answer, twice: " + text.error().message),
      {"try another model, or another mode for its output"});
}

Result<ChatReply> ChatModel::reply_to(const Question& question,
                                      Spent& spent,
                                      const std::stop_token& stop,
                                      const Admission& admission) {
  Question clean = question;
  for (Message& message : clean.messages) message.text = settings_.redactor.redact(message.text);
  http::Request request{.method = "POST",
                        .url = endpoint_of(settings_.url),
                        .socket = settings_.socket,
                        .headers = {{"Content-Type", "application/json"}},
                        .body = chat_request(settings_.model, clean, settings_.mode),
                        // Asking twice costs, and changes nothing.
                        .is_repeatable = true,
                        .timeout = settings_.timeout,
                        .most_bytes = most_answer_bytes};
  if (settings_.key) {
    const auto key = settings_.key(stop);
    if (!key) return std::unexpected(key.error());
    if (!key->empty()) request.headers.push_back({"Authorization", "Bearer " + *key});
  }
  http::RetryPolicy policy = settings_.retry;
  policy.after_timeouts = true;
  policy.after_server_errors = true;
  policy.before_each = [&]() -> Result<void> {
    if (admission) {
      if (auto may = admission(spent); !may) return may;
    }
    ++spent.requests;
    ++spent.unknown;  // until it tells
    return {};
  };
  auto response = http::send_retrying(client_, request, policy, stop);
  if (!response) return std::unexpected(std::move(response.error()).within("model server"));
  if (!response->is_success()) return std::unexpected(error_of(*response));
  ++spent.answered;
  auto reply = parse_chat(response->body, question.shape);
  if (!reply) {
    reply.error().message = settings_.redactor.redact(reply.error().message);
    return reply;
  }
  if (reply->usage) {
    --spent.unknown;
    spent.usage.input_tokens += reply->usage->input_tokens;
    spent.usage.output_tokens += reply->usage->output_tokens;
  }
  return reply;
}

Error ChatModel::error_of(const http::Response& response) const {
  const std::string said = settings_.redactor.redact(error_text(response.body));
  const std::string tail =
      " (" + std::to_string(response.status) + (said.empty() ? ")" : "): " + said);
  switch (response.status) {
    case 400:
    case 413:
    case 422:
      return {Errc::invalid_args,
              "the model server does not take the question" + tail,
              {"if it is too long for the model: observe less",
               "if it does not know the shape: set the mode to tool, or prompt"}};
    case 401:
    case 402:
    case 403:
      return {Errc::permission,
              "the model server does not take the key" + tail,
              {"check the secret that the model names"}};
    case 404:
      return {Errc::not_found,
              "the model server does not know " + settings_.model + ", or has no " +
                  endpoint_of(settings_.url) + tail,
              {"check the model's name and url"}};
    default:
      break;
  }
  if (response.status >= 300 && response.status < 400)
    return {Errc::unavailable,
            "the model server sends us elsewhere (" + std::to_string(response.status) +
                "): " + std::string(response.header("location")),
            {"write that address as url if you trust it"}};
  return {
      Errc::unavailable, "the model server cannot answer now" + tail, {"look at the server's log"}};
}

}  // namespace hearth::packs::mandates::model
