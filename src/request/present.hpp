// The results of a request as those who asked want to read them.
#pragma once

#include <string>

#include "json/json.hpp"

namespace hearth::request {

// For a model, which pays for every word: without empty members, times to the minute, ids to the
// prefix that names them still (18 characters of a UUID version 7, 13 of any other, 12 of a SHA-1
// or SHA-256), scores to three digits.
[[nodiscard]] json::Value shorten(const json::Value& value);

// For people: Markdown. A list of things is a table, one thing a list of its members.
[[nodiscard]] std::string to_markdown(const json::Value& value);

}  // namespace hearth::request
