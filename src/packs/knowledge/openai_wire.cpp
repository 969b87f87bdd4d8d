#include "packs/knowledge/openai_wire.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "json/json.hpp"
#include "mcp/base64.hpp"

namespace hearth::packs::knowledge::openai {
namespace {

constexpr std::size_t most_dimensions = 65'536;
constexpr std::size_t longest_error = 300;  // bytes

std::unexpected<Error> malformed(std::string what) {
  return fail(Errc::unavailable, "the embedding server's answer is unusable: " + std::move(what),
              {"check that url in [knowledge.embedder] names an OpenAI-compatible API, up to its "
               "/v1, and that the model makes embeddings"});
}

std::string at(std::size_t index) {
  return "data[" + std::to_string(index) + "]";
}

// Little-endian floats of 32 bits.
std::optional<std::vector<float>> packed_floats(std::string_view base64) {
  const auto bytes = mcp::from_base64(base64);
  if (!bytes || bytes->size() % 4 != 0) return std::nullopt;
  std::vector<float> floats(bytes->size() / 4);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t byte = 4; byte-- > 0;)
      bits = bits << 8 | static_cast<unsigned char>((*bytes)[i * 4 + byte]);
    floats[i] = std::bit_cast<float>(bits);
  }
  return floats;
}

std::optional<std::vector<float>> listed_floats(const json::Array& list) {
  std::vector<float> floats;
  floats.reserve(list.size());
  for (const json::Value& each : list) {
    if (!each.is_number()) return std::nullopt;
    floats.push_back(each.to_number<float>());
  }
  return floats;
}

Result<std::vector<float>> floats_of(const json::Value& item, std::size_t index) {
  const json::Value* const embedding = json::find(item, "embedding");
  if (embedding == nullptr) return malformed(at(index) + " has no embedding");
  std::optional<std::vector<float>> floats;
  if (const auto* list = embedding->if_array()) floats = listed_floats(*list);
  if (const auto* text = embedding->if_string())
    floats = packed_floats({text->data(), text->size()});
  if (!floats) return malformed(at(index) + ".embedding is neither numbers nor base64 of floats");
  if (floats->empty() || floats->size() > most_dimensions)
    return malformed(at(index) + ".embedding has " + std::to_string(floats->size()) + " numbers");
  return std::move(*floats);
}

// Gives it the length 1.
Result<void> normalise(std::span<float> vector, std::size_t index) {
  double squares = 0;
  for (const float each : vector) squares += static_cast<double>(each) * static_cast<double>(each);
  if (!std::isfinite(squares))
    return malformed(at(index) + ".embedding has a number that is not finite");
  if (squares == 0) return malformed(at(index) + ".embedding is all zeros");
  const double factor = 1 / std::sqrt(squares);
  for (float& each : vector) each = static_cast<float>(static_cast<double>(each) * factor);
  return {};
}

// The text that an item belongs to: its index, or its place where a server leaves that out.
Result<std::size_t> place_of(const json::Value& item, std::size_t index, std::size_t count) {
  const json::Value* const named = json::find(item, "index");
  if (named == nullptr) return index;
  const std::int64_t place = json::int_or(item, "index", -1);
  if (place < 0 || static_cast<std::size_t>(place) >= count)
    return malformed(at(index) + ".index names none of the " + std::to_string(count) + " texts");
  return static_cast<std::size_t>(place);
}

}  // namespace

std::string embeddings_request(std::string_view model,
                               std::uint32_t dimensions,
                               std::span<const std::string_view> texts) {
  std::string body = "{\"model\":";
  json::append_string(body, model);
  if (dimensions != 0) body += ",\"dimensions\":" + std::to_string(dimensions);
  body += R"(,"encoding_format":"float","input":[)";
  for (const std::string_view text : texts) {
    json::append_string(body, text);
    body += ',';
  }
  if (!texts.empty()) body.pop_back();
  return body + "]}";
}

Result<Vectors> parse_embeddings(std::string_view body, std::size_t count) {
  const auto answer = json::parse(body);
  if (!answer) return malformed("it is not JSON (" + answer.error().message + ")");
  const json::Value* const data = json::find(*answer, "data");
  if (data == nullptr || !data->is_array()) {
    const std::string said = error_text(body);
    return malformed(said.empty() ? "it has no list \"data\"" : "it says \"" + said + "\"");
  }
  const json::Array& items = data->get_array();
  if (items.size() != count) {
    return malformed("it has " + std::to_string(items.size()) + " vectors for " +
                     std::to_string(count) + " texts");
  }
  Vectors vectors;
  std::vector<bool> is_there(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = place_of(items[i], i, count);
    if (!place) return std::unexpected(place.error());
    if (is_there[*place]) return malformed("two vectors have the index " + std::to_string(*place));
    is_there[*place] = true;
    auto floats = floats_of(items[i], i);
    if (!floats) return std::unexpected(std::move(floats.error()));
    if (vectors.dimensions == 0) {
      vectors.dimensions = static_cast<std::uint32_t>(floats->size());
      vectors.values.resize(count * floats->size());
    }
    if (floats->size() != vectors.dimensions)
      return malformed("its vectors have " + std::to_string(vectors.dimensions) + " and " +
                       std::to_string(floats->size()) + " dimensions");
    if (auto done = normalise(*floats, i); !done) return std::unexpected(std::move(done.error()));
    std::memcpy(vectors.values.data() + *place * vectors.dimensions, floats->data(),
                floats->size() * sizeof(float));
  }
  return vectors;
}

std::string error_text(std::string_view body) {
  std::string text;
  if (const auto answer = json::parse(body)) {
    // {"error":{"message":…}} of OpenAI, {"error":…} of others, {"message":…} of vLLM.
    const json::Value* const error = json::find(*answer, "error");
    if (error != nullptr && error->is_object()) text = json::string_or(*error, "message", "");
    if (text.empty()) text = json::string_or(*answer, "error", "");
    if (text.empty()) text = json::string_or(*answer, "message", "");
  } else {
    text = body.substr(0, body.find('\n'));
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  if (text.size() > longest_error) {
    std::size_t end = longest_error;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "…";
  }
  return text;
}

}  // namespace hearth::packs::knowledge::openai
