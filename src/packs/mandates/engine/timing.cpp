#include "packs/mandates/engine/timing.hpp"

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

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
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
  return fail(Errc::invalid_args, "no schedule: \"" + std::string(text.substr(0, 64)) + "\"",
              {"write \"cron 30 9 * * mon-fri\", \"every 90m\", \"at 2026-12-24T18:00:00Z\" or "
               "\"after failed NAME\""});
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
