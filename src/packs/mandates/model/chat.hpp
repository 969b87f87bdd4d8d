// What is said to a language model and what it answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::mandates::model {

struct Message {
  enum class Role : std::uint8_t { system, user, assistant };
  Role role = Role::user;
  std::string text;
};

// The form that an answer must have. With a record (json/record.hpp): json::schema_text<T>(), and a
// check that decodes.
struct Shape {
  std::string name;         // letters, digits, _ and -
  std::string description;  // for the model
  std::string schema;       // JSON Schema of an object
  // Of the text of one JSON object; its error goes back to the model.
  std::function<Result<void>(std::string_view)> check;
};

struct Question {
  std::vector<Message> messages;
  std::optional<Shape> shape;  // else any text
  int most_output_tokens = 2'048;
};

struct Answer {
  std::string text;          // of a shape: one JSON object that passed its check
  bool is_repaired = false;  // the first one did not
  std::string model;         // as the server names it
};

struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

// What asking cost, whether or not there is an answer.
struct Spent {
  int requests = 0;  // sent, also those that failed or timed out; no connection: not sent
  int answered = 0;  // of these, how many brought an answer of a model, good or bad
  int unknown = 0;   // of requests, how many told no usage: to be charged at their worst case
  Usage usage;       // of the others
  // Of the requests: at most their timeout each, without what lies between them.
  std::chrono::milliseconds waited{0};
};

}  // namespace hearth::packs::mandates::model
