#include "packs/mandates/engine/timing.hpp"

#include <algorithm>

#include "base/values.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;

// Beyond it the zone files know nothing, and minutes of the calendar would overflow.
constexpr WallTime last_time = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
constexpr WallTime first_time = std::chrono::sys_days(std::chrono::year(1970) / 1 / 1);

bool is_in_range(WallTime time) {
  return time >= first_time && time < last_time;
}

Result<WallTime> parse_time(std::string_view text) {
  const auto time = parse_rfc3339(text);
  if (!time || !is_in_range(*time)) {
    return fail(Errc::invalid_args, "no time: \"" + std::string(text.substr(0, 64)) + "\"",
                {"write it as 2026-12-24T18:00:00Z or with an offset, between 1970 and 2199"});
  }
  return *time;
}

constexpr std::size_t most_patterns = 20;
constexpr std::size_t longest_word = 200;  // bytes

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// Patterns stay within the workspace, which the paths that they are held against never leave.
bool is_pattern(std::string_view word) {
  return word.size() <= longest_word && !word.starts_with('/') && !word.starts_with("../") &&
         word.find("/../") == std::string_view::npos;
}

Result<Watched> parse_watched(std::string_view text) {
  if (take_word(text, "changed ")) {
    Watched watched{.what = Watched::What::files, .words = split(text)};
    if (watched.words.empty() || watched.words.size() > most_patterns ||
        !std::ranges::all_of(watched.words, is_pattern)) {
      return fail(Errc::invalid_args, "on changed: expected 1 to 20 patterns within the workspace",
                  {"write \"on changed docs/** *.md\""});
    }
    return watched;
  }
  // A label may hold spaces.
  if (take_word(text, "labelled ") && !text.empty() && text.size() <= longest_word)
    return Watched{.what = Watched::What::label, .words = {std::string(text)}};
  if (text == "remembered") return Watched{.what = Watched::What::entries, .words = {}};
  if (take_word(text, "remembered ") && !text.empty() && text.size() <= longest_word)
    return Watched{.what = Watched::What::entries, .words = {std::string(text)}};
  return fail(Errc::invalid_args, "on: expected what has to happen",
              {"write \"on changed docs/**\", \"on labelled bug\" or \"on remembered\", also "
               "with a tag: \"on remembered decision\""});
}

}  // namespace

Result<Timing> Timing::parse(std::string_view text, std::string_view zone) {
  if (take_word(text, "cron ")) {
    auto cron = Cron::parse(text);
    if (!cron) return std::unexpected(std::move(cron.error()));
    auto loaded = Zone::load(zone);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    return Timing(ByCron{*cron, *loaded});
  }
  if (take_word(text, "at ")) {
    auto at = parse_time(text);
    if (!at) return std::unexpected(std::move(at.error()));
    return Timing(Once{*at});
  }
  if (take_word(text, "every ")) {
    Interval interval{.every = {}, .from = first_time};
    constexpr std::string_view from = " from ";
    const auto split = text.find(from);
    const auto every = parse_duration(text.substr(0, split));
    if (!every || *every < std::chrono::seconds(1)) {
      return fail(Errc::invalid_args, "interval: at least one second, such as 90m or 24h");
    }
    interval.every = *every;
    if (split != std::string_view::npos) {
      auto begin = parse_time(text.substr(split + from.size()));
      if (!begin) return std::unexpected(std::move(begin.error()));
      interval.from = *begin;
    }
    return Timing(interval);
  }
  if (take_word(text, "after ")) {
    const bool is_known =
        take_word(text, "ended ") || take_word(text, "succeeded ") || take_word(text, "failed ");
    if (!is_known || text.empty() || text.size() > 200) {
      return fail(
          Errc::invalid_args, "after: expected how a run of which mandate ended",
          {"write \"after failed NAME\", \"after succeeded NAME\" or \"after ended NAME\""});
    }
    return Timing(AfterRun{std::string(text)});
  }
  if (take_word(text, "on ")) {
    auto watched = parse_watched(text);
    if (!watched) return std::unexpected(std::move(watched.error()));
    return Timing(std::move(*watched));
  }
  return fail(Errc::invalid_args, "no schedule: \"" + std::string(text.substr(0, 64)) + "\"",
              {"write \"cron 30 9 * * mon-fri\", \"every 90m\", \"at 2026-12-24T18:00:00Z\", "
               "\"after failed NAME\" or \"on changed docs/**\""});
}

// Wall times up to that of `time` happen no later than `time` (zone.hpp), so that the first one
// after it is among those that follow. After the clocks were put back the walls repeat, and what
// they show has already happened.
std::optional<WallTime> Timing::next(const ByCron& timing, WallTime time) {
  for (auto wall = timing.cron.next_after(timing.zone.wall(time)); wall;
       wall = timing.cron.next_after(*wall)) {
    const WallTime instant = timing.zone.instant(*wall);
    if (!is_in_range(instant)) return std::nullopt;
    if (instant > time) return instant;
  }
  return std::nullopt;
}

std::optional<WallTime> Timing::next(const Interval& timing, WallTime time) {
  if (time < timing.from) return timing.from;
  const auto passed = (time - timing.from) / timing.every;
  const WallTime instant = timing.from + (passed + 1) * timing.every;
  return is_in_range(instant) ? std::optional(instant) : std::nullopt;
}

std::optional<WallTime> Timing::next(const Once& timing, WallTime time) {
  return timing.at > time ? std::optional(timing.at) : std::nullopt;
}

std::optional<WallTime> Timing::next(const AfterRun& /*timing*/, WallTime /*time*/) {
  return std::nullopt;
}

std::optional<WallTime> Timing::next(const Watched& /*timing*/, WallTime /*time*/) {
  return std::nullopt;
}

std::optional<Watched> Timing::watched() const {
  const auto* const watched = std::get_if<Watched>(&kind_);
  return watched == nullptr ? std::nullopt : std::optional(*watched);
}

std::optional<std::string> Timing::followed() const {
  const auto* const after = std::get_if<AfterRun>(&kind_);
  return after == nullptr ? std::nullopt : std::optional(after->mandate);
}

std::array<std::string, 2> timings_after(std::string_view mandate, std::string_view outcome) {
  return {"after ended " + std::string(mandate),
          "after " + std::string(outcome) + " " + std::string(mandate)};
}

std::optional<WallTime> Timing::next_after(WallTime time) const {
  if (time < first_time) time = first_time - milliseconds(1);
  if (time >= last_time) return std::nullopt;
  return std::visit([&](const auto& timing) { return next(timing, time); }, kind_);
}

}  // namespace hearth::packs::mandates
