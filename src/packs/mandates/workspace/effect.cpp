#include "packs/mandates/workspace/effect.hpp"

#include <iterator>
#include <optional>
#include <utility>

#include "packs/mandates/workspace/fields.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::string_view magic = "hearth change set";
constexpr std::string_view version = "1";
constexpr std::int64_t most_effects = 10'000;

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

std::optional<Effect> take_effect(std::string_view& text) {
  const auto action = take_number(text);
  const auto path = take(text);
  const auto to = take(text);
  const auto before = take(text);
  const auto after = take(text);
  const auto mode = take_number(text);
  if (!action || !path || !to || !before || !after || !mode || *action < 0 ||
      *action > static_cast<std::int64_t>(Action::move))
    return std::nullopt;
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
  std::string fields;
  put(fields, id);
  put(fields, workspace);
  put_number(fields, std::ssize(effects));
  for (const Effect& effect : effects) {
    put_number(fields, static_cast<int>(effect.action));
    for (const std::string* const text :
         {&effect.path, &effect.to, &effect.before_hash, &effect.after_hash})
      put(fields, *text);
    put_number(fields, effect.mode);
  }
  return sealed(magic, version, fields);
}

Result<ChangeRecord> ChangeRecord::parse(std::string_view bytes) {
  const auto damaged = [] {
    return fail(Errc::damaged, "the record of a change set is damaged, or of another hearth",
                {"compare the workspace with its version control, then remove the record"});
  };
  auto text = unsealed(magic, version, bytes);
  if (!text) return damaged();
  ChangeRecord record;
  const auto id = take(*text);
  const auto workspace = take(*text);
  const auto count = take_number(*text);
  if (!id || !workspace || !count || *count < 0 || *count > most_effects) return damaged();
  record.id = *id;
  record.workspace = *workspace;
  for (std::int64_t i = 0; i < *count; ++i) {
    auto effect = take_effect(*text);
    if (!effect) return damaged();
    record.effects.push_back(std::move(*effect));
  }
  if (!text->empty()) return damaged();
  return record;
}

}  // namespace hearth::packs::mandates::workspace
