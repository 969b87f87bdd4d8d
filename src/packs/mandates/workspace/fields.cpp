#include "packs/mandates/workspace/fields.hpp"

#include <charconv>

#include "packs/mandates/workspace/content_hash.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::size_t hash_digits = 64;

std::string head_of(std::string_view magic, std::string_view version) {
  return std::string(magic).append(" ").append(version).append("\n");
}

}  // namespace

void put(std::string& out, std::string_view field) {
  out.append(std::to_string(field.size())).append(":").append(field).append(",");
}

void put_number(std::string& out, std::int64_t number) {
  put(out, std::to_string(number));
}

std::optional<std::string> take(std::string_view& text) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || digits >= text.size() || text[digits] != ':') return std::nullopt;
  text.remove_prefix(digits + 1);
  if (size >= text.size() || text[size] != ',') return std::nullopt;
  std::string field(text.substr(0, size));
  text.remove_prefix(size + 1);
  return field;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  const auto field = take(text);
  if (!field) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), number);
  if (error != std::errc{} || end != field->data() + field->size()) return std::nullopt;
  return number;
}

std::string sealed(std::string_view magic, std::string_view version, std::string_view fields) {
  const std::string text = head_of(magic, version).append(fields);
  return text + content_hash(text) + "\n";
}

std::optional<std::string_view> unsealed(std::string_view magic,
                                         std::string_view version,
                                         std::string_view bytes) {
  const std::string head = head_of(magic, version);
  if (!bytes.starts_with(head) || !bytes.ends_with('\n') ||
      bytes.size() < head.size() + hash_digits + 1)
    return std::nullopt;
  const std::size_t end = bytes.size() - hash_digits - 1;
  if (content_hash(bytes.substr(0, end)) != bytes.substr(end, hash_digits)) return std::nullopt;
  return bytes.substr(head.size(), end - head.size());
}

}  // namespace hearth::packs::mandates::workspace
