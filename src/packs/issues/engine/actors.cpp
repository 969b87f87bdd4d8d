#include "packs/issues/engine/actors.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/regular_file.hpp"
#include "packs/issues/engine/small_json.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_file_bytes = 64 * 1024;
constexpr std::size_t least_prefix = 4;

bool begins_table(std::string_view line) {
  return line.starts_with('[');
}

// What stands behind `name =` in a line; nothing when it is no such line.
std::optional<std::string_view> after_name(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (!line.starts_with('=')) return std::nullopt;
  line.remove_prefix(std::min(line.find_first_not_of(' ', 1), line.size()));
  return line;
}

// The value of a line `name = value` of a flat TOML file; quotes taken off. These files are a few
// such lines; what else is in them stays as it is.
std::optional<std::string> toml_value(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (begins_table(line)) return std::nullopt;  // the members of the file are over
    const auto value = after_name(line, name);
    if (!value) continue;
    if (!value->starts_with('"'))
      return std::string(value->substr(0, value->find_first_of(" #\r")));
    const std::size_t quote = value->find('"', 1);
    return std::string(value->substr(1, quote == std::string_view::npos ? quote : quote - 1));
  }
  return std::nullopt;
}

// Sets a member in front of all others, or in its place.
std::string with_toml_value(const std::string& text,
                            const std::string& name,
                            const std::string& value) {
  const std::string line = name + " = \"" + value + "\"";
  if (!toml_value(text, name)) return line + "\n" + text;
  std::string out;
  bool is_set = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view old = std::string_view(text).substr(at, end - at);
    const bool is_it = !is_set && after_name(old, name).has_value();
    out.append(is_it ? std::string_view(line) : old).append("\n");
    is_set = is_set || is_it;
    at = end + 1;
  }
  return out;
}

std::string read_or_empty(const std::string& path) {
  return read_head(path, most_file_bytes).value_or("");
}

Result<void> make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(Errc::io, "make " + path + ": " + error.message());
  return {};
}

Actor actor_of(const ActorId& id, const std::string& text) {
  Actor actor{
      .id = id, .label = toml_value(text, "label").value_or(""), .created_ms = 0, .public_key = {}};
  const std::string created = toml_value(text, "created_ts").value_or("0");
  std::from_chars(created.data(), created.data() + created.size(), actor.created_ms);
  const auto key = bytes_of_hex(toml_value(text, "public_key").value_or(""));
  if (key && key->size() == 32) actor.public_key = *key;
  return actor;
}

// What may stand between quotes of TOML as it is.
std::string plain(std::string_view label) {
  std::string out;
  for (const char c : label) {
    if (c != '"' && c != '\\') out.push_back(c);
  }
  return out;
}

// Without them it would be another name, perhaps somebody's.
Result<void> check_name(std::string_view name) {
  const bool is_one_line =
      std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (is_one_line) return {};
  return fail(Errc::invalid_args, "a name of an actor is one line without control characters");
}

Actor new_actor(const std::string& label, std::uint64_t now_ms) {
  return {.id = ActorId::of(random_bytes(ActorId::size)),
          .label = plain(label),
          .created_ms = now_ms,
          .public_key = {}};
}

}  // namespace

std::string Actors::directory_of(const ActorId& id) const {
  return directory_ + "/actors/" + hex_of(id);
}

std::vector<Actor> Actors::list() const {
  std::vector<Actor> actors;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/actors", error)) {
    const auto id = id_of_hex<ActorId>(entry.path().filename().string());
    if (const auto actor = id ? find(*id) : std::nullopt) actors.push_back(*actor);
  }
  std::ranges::sort(actors, {},
                    [](const Actor& each) { return std::pair(each.created_ms, each.id); });
  return actors;
}

std::optional<Actor> Actors::find(const ActorId& id) const {
  const std::string text = read_or_empty(directory_of(id) + "/config.toml");
  if (text.empty()) return std::nullopt;
  return actor_of(id, text);
}

std::optional<std::string> Actors::label_of(const ActorId& id) const {
  auto actor = find(id);
  if (!actor || actor->label.empty()) return std::nullopt;
  return std::move(actor->label);
}

Result<Actor> Actors::create(const std::string& label, bool with_key, std::uint64_t now_ms) const {
  if (auto good = check_name(label); !good) return std::unexpected(std::move(good.error()));
  Actor actor = new_actor(label, now_ms);
  const std::string seed = with_key ? random_bytes(32) : std::string();
  if (with_key) actor.public_key = SigningKey::of_seed(seed)->public_key();
  if (auto written = write(actor, seed); !written) return std::unexpected(written.error());
  return actor;
}

Result<void> Actors::write(const Actor& actor, const std::string& seed) const {
  const std::string directory = directory_of(actor.id);
  if (auto made = make_directories(directory); !made) return made;
  std::string text = "actor_id = \"" + hex_of(actor.id) + "\"\n";
  if (!actor.label.empty()) text += "label = \"" + actor.label + "\"\n";
  text += "created_ts = " + std::to_string(actor.created_ms) + "\n";
  if (!seed.empty()) {
    auto kept = store::replace_file(directory + "/signing_key", hex_of(seed), 0600);
    if (!kept) return kept;
    text += "public_key = \"" + hex_of(actor.public_key) + "\"\nkey_scheme = \"ed25519\"\n";
  }
  return store::replace_file(directory + "/config.toml", text, 0644);
}

std::optional<ActorId> Actors::default_actor() const {
  const auto hex = toml_value(read_or_empty(config_path()), "default_actor");
  return hex ? id_of_hex<ActorId>(*hex) : std::nullopt;
}

Result<void> Actors::set_default(const ActorId& id) {
  if (auto made = make_directories(directory_); !made) return made;
  const std::string text = read_or_empty(config_path());
  return store::replace_file(config_path(), with_toml_value(text, "default_actor", hex_of(id)),
                             0644);
}

Result<Actor> Actors::resolve(const std::string& wanted) const {
  if (auto good = check_name(wanted); !good) return std::unexpected(std::move(good.error()));
  const std::string label = plain(wanted);
  if (label.empty()) {
    return fail(Errc::invalid_args, "\"" + wanted + "\" is no name of an actor");
  }
  std::vector<Actor> found;
  const bool is_prefix = wanted.size() >= least_prefix;
  for (const Actor& actor : list()) {
    if (actor.label == label) return actor;
    if (is_prefix && hex_of(actor.id).starts_with(wanted)) found.push_back(actor);
  }
  if (found.size() > 1) {
    return fail(Errc::invalid_args, "several actors begin with \"" + wanted + "\"",
                {"give more of the id: hearth issues actors"});
  }
  if (found.empty()) {
    return fail(Errc::not_found, "there is no actor \"" + wanted + "\"", {"hearth issues actors"});
  }
  return found.front();
}

Result<Actors::Candidate> Actors::candidate(const std::string& wanted, std::uint64_t now_ms) const {
  if (!wanted.empty()) {
    auto actor = resolve(wanted);
    if (actor) return Candidate{.actor = std::move(*actor)};
    // Nobody is called by 32 digits: an id that is unknown here was mistyped, or is another
    // clone's.
    const bool is_id = id_of_hex<ActorId>(wanted).has_value();
    if (is_id || actor.error().code != Errc::not_found)
      return std::unexpected(std::move(actor.error()));
    return Candidate{.actor = new_actor(wanted, now_ms), .is_new = true};
  }
  if (const auto id = default_actor()) {
    if (auto actor = find(*id)) return Candidate{.actor = std::move(*actor)};
  }
  if (auto all = list(); !all.empty()) return Candidate{.actor = std::move(all.front())};
  return Candidate{.actor = new_actor("", now_ms), .is_new = true, .becomes_default = true};
}

Result<void> Actors::keep(const Candidate& candidate) {
  if (!candidate.is_new) return {};
  auto kept = write(candidate.actor, "");
  if (kept && candidate.becomes_default) kept = set_default(candidate.actor.id);
  return kept;
}

Result<Actor> Actors::writer(const std::string& wanted, std::uint64_t now_ms) {
  auto found = candidate(wanted, now_ms);
  if (!found) return std::unexpected(std::move(found.error()));
  if (auto kept = keep(*found); !kept) return std::unexpected(std::move(kept.error()));
  return std::move(found->actor);
}

std::optional<SigningKey> Actors::signing_key(const ActorId& id) const {
  const auto seed = bytes_of_hex(read_or_empty(directory_of(id) + "/signing_key"));
  return seed ? SigningKey::of_seed(*seed) : std::nullopt;
}

}  // namespace hearth::packs::issues
