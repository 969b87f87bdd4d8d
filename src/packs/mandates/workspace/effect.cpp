#include "packs/mandates/workspace/effect.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "packs/mandates/workspace/content_hash.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::string_view magic = "hearth change set ";
constexpr std::string_view version = "1";
constexpr std::size_t hash_digits = 64;
constexpr std::size_t most_effects = 10'000;

// The hash of what is there; empty: nothing. A file that may not be read, a directory or a link is
// "?": no content.
Result<std::string> hash_at(const Root& root, const std::string& path) {
  const auto file = root.read(path);
  if (file) return file->hash;
  switch (file.error().code) {
    case Errc::not_found:
      return std::string();
    case Errc::permission:
    case Errc::invalid_args:
    case Errc::unsupported:
      return std::string("?");
    default:
      return std::unexpected(file.error());
  }
}

// "length:bytes," as netstrings are.
void put(std::string& out, std::string_view field) {
  out.append(std::to_string(field.size())).append(":").append(field).append(",");
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

std::optional<std::size_t> take_number(std::string_view& text) {
  const auto field = take(text);
  if (!field) return std::nullopt;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), number);
  if (error != std::errc{} || end != field->data() + field->size()) return std::nullopt;
  return number;
}

std::optional<Effect> take_effect(std::string_view& text) {
  const auto action = take_number(text);
  const auto path = take(text);
  const auto to = take(text);
  const auto before = take(text);
  const auto after = take(text);
  const auto mode = take_number(text);
  if (!mode || *action > static_cast<std::size_t>(Action::move)) return std::nullopt;
  return Effect{.action = static_cast<Action>(*action),
                .path = *path,
                .to = *to,
                .before_hash = *before,
                .after_hash = *after,
                .mode = static_cast<mode_t>(*mode)};
}

}  // namespace

Result<EffectState> inspect(const Root& root, const Effect& effect) {
  const auto here = hash_at(root, effect.path);
  if (!here) return std::unexpected(here.error());
  if (effect.action == Action::move) {
    const auto there = hash_at(root, effect.to);
    if (!there) return std::unexpected(there.error());
    if (here->empty() && *there == effect.before_hash) return EffectState::done;
    return *here == effect.before_hash && there->empty() ? EffectState::not_done
                                                         : EffectState::changed;
  }
  if (*here == effect.after_hash) return EffectState::done;
  return *here == effect.before_hash ? EffectState::not_done : EffectState::changed;
}

std::string ChangeRecord::to_bytes() const {
  std::string out = std::string(magic) + std::string(version) + "\n";
  put(out, id);
  put(out, workspace);
  put(out, std::to_string(effects.size()));
  for (const Effect& effect : effects) {
    put(out, std::to_string(static_cast<int>(effect.action)));
    for (const std::string* const text :
         {&effect.path, &effect.to, &effect.before_hash, &effect.after_hash})
      put(out, *text);
    put(out, std::to_string(effect.mode));
  }
  return out + content_hash(out) + "\n";
}

Result<ChangeRecord> ChangeRecord::parse(std::string_view bytes) {
  const auto damaged = [] {
    return fail(Errc::damaged, "the record of a change set is damaged",
                {"compare the workspace with its version control, then remove the record"});
  };
  if (!bytes.starts_with(magic)) return damaged();
  std::string_view text = bytes;
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return damaged();
  if (text.substr(magic.size(), line - magic.size()) != version)
    return fail(Errc::unsupported, "the record of a change set is of a newer hearth");
  if (bytes.size() < line + 1 + hash_digits + 1 || !bytes.ends_with('\n')) return damaged();
  const std::size_t end = bytes.size() - hash_digits - 1;
  if (content_hash(bytes.substr(0, end)) != bytes.substr(end, hash_digits)) return damaged();
  text = bytes.substr(line + 1, end - line - 1);
  ChangeRecord record;
  const auto id = take(text);
  const auto workspace = take(text);
  const auto count = take_number(text);
  if (!id || !workspace || !count || *count > most_effects) return damaged();
  record.id = *id;
  record.workspace = *workspace;
  for (std::size_t i = 0; i < *count; ++i) {
    auto effect = take_effect(text);
    if (!effect) return damaged();
    record.effects.push_back(std::move(*effect));
  }
  if (!text.empty()) return damaged();
  return record;
}

}  // namespace hearth::packs::mandates::workspace
