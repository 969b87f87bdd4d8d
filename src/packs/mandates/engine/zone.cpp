#include "packs/mandates/engine/zone.hpp"

#include <date/tz.h>

#include <exception>
#include <vector>

namespace hearth::packs::mandates {
namespace {

// Zone files of recent years may hold a rule in place of the coming changes, which this version of
// the library does not read: it would never change the clocks. Debian's hold the changes.
bool has_coming_changes() {
  const date::time_zone* zone = date::locate_zone("America/New_York");
  const auto offset = [&](date::month month) {
    return zone->get_info(date::sys_days(date::year(2037) / month / 1)).offset;
  };
  return offset(date::January) != offset(date::July);
}

Error no_zone_files(const char* why) {
  return {Errc::unavailable,
          std::string("the system's time zones: ") + why,
          {"install the package tzdata"}};
}

}  // namespace

Result<Zone> Zone::load(std::string_view name) {
  // The library throws for an unknown name and for unreadable files; its exceptions end here.
  try {
    static const bool is_complete = has_coming_changes();
    if (!is_complete) {
      return std::unexpected(no_zone_files("the files lack the coming changes of the clocks"));
    }
  } catch (const std::exception& unreadable) {
    return std::unexpected(no_zone_files(unreadable.what()));
  }
  try {
    const date::time_zone* zone = date::locate_zone(std::string(name));
    (void)zone->get_info(date::sys_seconds());  // reads its file now
    return Zone(zone);
  } catch (const std::exception&) {
    return fail(Errc::invalid_args, "unknown time zone \"" + std::string(name.substr(0, 64)) + "\"",
                {"use an IANA name such as Europe/Berlin or UTC"});
  }
}

std::string Zone::name() const {
  return zone_->name();
}

WallTime Zone::instant(WallMinute wall) const {
  const date::local_seconds local(wall.time_since_epoch());
  const date::local_info info = zone_->get_info(local);
  if (info.result == date::local_info::nonexistent) return info.first.end;
  return WallTime(local.time_since_epoch() - info.first.offset);
}

WallMinute Zone::wall(WallTime instant) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  const auto offset = zone_->get_info(seconds).offset;
  return WallMinute(std::chrono::floor<std::chrono::minutes>(seconds.time_since_epoch() + offset));
}

}  // namespace hearth::packs::mandates
