// Answers of model servers, and of clients' own models: what is taken for a decision is the text of
// one JSON object, and a complaint says what is wrong.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/json.hpp"
#include "packs/mandates/model/chat_wire.hpp"
#include "packs/mandates/model/sampling_wire.hpp"

namespace {

using namespace hearth;
using namespace hearth::packs::mandates::model;

void require(bool holds) {
  if (!holds) std::abort();
}

void judge(const ChatReply& reply, const Shape& shape) {
  const auto text = shaped(reply, shape);
  if (!text)
    return require(text.error().code == Errc::invalid_args && !text.error().message.empty());
  const auto value = json::parse(*text);
  require(value.has_value() && value->is_object() && !reply.is_cut);
  require(json::dump(*value) == *text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const Shape shape{.name = "decide", .description = {}, .schema = "{}", .check = {}};
  require(error_text(body).size() <= 320);
  judge({.text = std::string(body), .usage = {}, .model = {}}, shape);
  if (const auto sampled = parse_sampling(body)) {
    require(!sampled->text.empty());
    judge(*sampled, shape);
  } else {
    require(sampled.error().code == Errc::invalid_args);
  }
  const auto reply = parse_chat(body, shape);
  if (!reply) {
    require(!reply.error().message.empty() && !reply.error().suggestions.empty());
    return 0;
  }
  if (reply->usage) require(reply->usage->input_tokens >= 0 && reply->usage->output_tokens >= 0);
  judge(*reply, shape);
  return 0;
}
