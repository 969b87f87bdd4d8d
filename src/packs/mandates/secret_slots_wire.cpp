#include "packs/mandates/secret_slots_wire.hpp"

#include "json/json.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::string_view opening = "{{secret:";
constexpr std::string_view closing = "}}";

// What a secret holds is not looked at for further places.
Result<std::string> filled(std::string_view text, const SecretValue& value_of) {
  std::string out;
  for (;;) {
    const auto begin = text.find(opening);
    const auto end = begin == std::string_view::npos ? begin : text.find(closing, begin);
    if (end == std::string_view::npos) return out.append(text);
    const auto name = text.substr(begin + opening.size(), end - begin - opening.size());
    auto value = value_of(name);
    if (!value) return value;
    out.append(text.substr(0, begin)).append(*value);
    text.remove_prefix(end + closing.size());
  }
}

Result<void> fill(json::Value& value, const SecretValue& value_of) {
  if (auto* const object = value.if_object()) {
    for (auto& member : *object) {
      if (auto done = fill(member.value(), value_of); !done) return done;
    }
  } else if (auto* const array = value.if_array()) {
    for (json::Value& each : *array) {
      if (auto done = fill(each, value_of); !done) return done;
    }
  } else if (auto* const text = value.if_string()) {
    auto whole = filled({text->data(), text->size()}, value_of);
    if (!whole) return std::unexpected(std::move(whole.error()));
    *text = *whole;
  }
  return {};
}

void redact(json::Value& value, const secrets::Redactor& redactor) {
  if (auto* const object = value.if_object()) {
    for (auto& member : *object) redact(member.value(), redactor);
  } else if (auto* const array = value.if_array()) {
    for (json::Value& each : *array) redact(each, redactor);
  } else if (auto* const text = value.if_string()) {
    *text = redactor.redact({text->data(), text->size()});
  }
}

// Nearly all hold none, and are left as they are.
void redact_json(std::string& text, const secrets::Redactor& redactor) {
  std::string clean = redactor.redact(text);
  if (clean == text) return;
  auto value = json::parse(text);
  if (!value) {
    text = std::move(clean);
    return;
  }
  redact(*value, redactor);
  text = json::dump(*value);
}

}  // namespace

Result<std::string> fill_secrets(std::string_view arguments, const SecretValue& value_of) {
  if (!arguments.contains(opening)) return std::string(arguments);
  auto value = json::parse(arguments);
  if (!value) return std::unexpected(std::move(value.error()));
  if (auto done = fill(*value, value_of); !done) return std::unexpected(std::move(done.error()));
  return json::dump(*value);
}

Result<pack::Reply> without_secrets(Result<pack::Reply> reply, const secrets::Redactor& redactor) {
  if (reply) {
    redact_json(reply->structured, redactor);
    for (pack::Content& each : reply->content) redact_json(each.text, redactor);
    return reply;
  }
  Error& error = reply.error();
  error.message = redactor.redact(error.message);
  for (std::string& each : error.suggestions) each = redactor.redact(each);
  return reply;
}

std::string secret_slot(std::string_view name) {
  return std::string(opening).append(name).append(closing);
}

}  // namespace hearth::packs::mandates
