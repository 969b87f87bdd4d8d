// A language model behind an OpenAI-compatible API: OpenAI, llama.cpp, Ollama, vLLM and others.
//
// What it answers is believed in nothing: an answer that must have a shape is one JSON object that
// passes the shape's check, or the model is told what is wrong, once; a second bad one is an error.
// Overloaded servers, broken connections and time-outs are tried again, with waits that grow and
// never pass a bound, whatever the server asks for. Each request is counted in Spent before it goes
// out, so that a time-out is paid for, too; one for which there was no connection costs nothing.
// Secrets are taken out of what is sent and of what errors repeat.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "http/client.hpp"
#include "http/retrying.hpp"
#include "packs/mandates/model/chat.hpp"
#include "packs/mandates/model/chat_wire.hpp"
#include "secrets/redactor.hpp"

namespace hearth::packs::mandates::model {

struct Settings {
  std::string url;     // up to /v1
  std::string socket;  // a Unix socket to reach it at
  std::string model;
  ShapeMode mode = ShapeMode::json_schema;
  // The key, asked for before each question; empty: none is needed. Vault::for_host fits.
  std::function<Result<std::string>(const std::stop_token&)> key;
  secrets::Redactor redactor;
  std::chrono::milliseconds timeout{120'000};  // of one request
  http::RetryPolicy retry{.most_attempts = 3,
                          .first_wait = std::chrono::milliseconds(1'000),
                          .longest_wait = std::chrono::milliseconds(30'000)};
  std::size_t at_once = 4;  // requests
};

// Thread-safe.
class ChatModel final {
 public:
  explicit ChatModel(Settings settings);

  // Called before each request: an error of it ends the question. Where budgets are reserved.
  using Admission = std::function<Result<void>()>;

  // Blocks. Errors: unavailable (no usable answer), permission (the key), not_found (the model),
  // invalid_args (the question is too long, or the server does not know what it asks for),
  // timed_out, cancelled (within milliseconds), and those of `admission`. `spent` is added to,
  // whatever comes out.
  [[nodiscard]] Result<Answer> ask(const Question& question,
                                   Spent& spent,
                                   const std::stop_token& stop = {},
                                   const Admission& admission = {});

 private:
  [[nodiscard]] Result<ChatReply> reply_to(const Question& question,
                                           Spent& spent,
                                           const std::stop_token& stop,
                                           const Admission& admission);
  [[nodiscard]] Error error_of(const http::Response& response) const;

  const Settings settings_;
  http::Client client_;
};

}  // namespace hearth::packs::mandates::model
