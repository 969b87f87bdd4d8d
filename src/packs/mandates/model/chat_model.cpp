#include "packs/mandates/model/chat_model.hpp"

#include <algorithm>
#include <utility>

#include "packs/mandates/model/asking.hpp"

namespace hearth::packs::mandates::model {
namespace {

constexpr std::size_t most_answer_bytes = std::size_t{16} << 20;

std::string endpoint_of(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url.ends_with("/chat/completions") ? url : url + "/chat/completions";
}

}  // namespace

ChatModel::ChatModel(Settings settings)
    : settings_(std::move(settings)), client_(settings_.at_once) {}

Result<Answer> ChatModel::ask(const Question& question,
                              Spent& spent,
                              const std::stop_token& stop,
                              const Admission& admission) {
  return ask_shaped(question, settings_.redactor,
                    [&](const Question& each) { return reply_to(each, spent, stop, admission); });
}

Result<ChatReply> ChatModel::reply_to(const Question& question,
                                      Spent& spent,
                                      const std::stop_token& stop,
                                      const Admission& admission) {
  // First: whoever gives the key lets the redactor know it, and what is asked may hold it.
  std::string key;
  if (settings_.key) {
    auto given = settings_.key(stop);
    if (!given) return std::unexpected(std::move(given.error()));
    key = std::move(*given);
  }
  const Question clean = redacted(question, settings_.redactor);
  http::Request request{.method = "POST",
                        .url = endpoint_of(settings_.url),
                        .socket = settings_.socket,
                        .headers = {{"Content-Type", "application/json"}},
                        .body = chat_request(settings_.model, clean, settings_.mode),
                        // Asking twice costs, and changes nothing.
                        .is_repeatable = true,
                        .timeout = settings_.timeout,
                        .most_bytes = most_answer_bytes};
  if (!key.empty()) request.headers.push_back({"Authorization", "Bearer " + key});
  http::RetryPolicy policy = settings_.retry;
  policy.after_timeouts = true;
  policy.after_server_errors = true;
  bool is_admitted = false;  // for a request before, which nobody got
  policy.before_each = [&]() -> Result<void> {
    if (admission && !std::exchange(is_admitted, false)) {
      if (auto may = admission(); !may) return may;
    }
    ++spent.requests;
    ++spent.unknown;  // until it tells
    return {};
  };
  policy.after_each = [&](const Result<http::Response>& outcome, std::chrono::milliseconds took) {
    if (outcome || outcome.error().code != Errc::unavailable) {
      spent.waited += std::min(took, settings_.timeout);
      return;
    }
    // There was no connection: nobody was asked anything.
    --spent.requests;
    --spent.unknown;
    is_admitted = true;
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
  // Before it is cut, and once more without JSON's escapes.
  const secrets::Redactor& redactor = settings_.redactor;
  const std::string said = redactor.redact(error_text(redactor.redact(response.body)));
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
