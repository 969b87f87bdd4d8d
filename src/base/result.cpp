#include "base/result.hpp"

#include <array>
#include <cerrno>
#include <system_error>

namespace hearth {
namespace {

struct ErrcRow {
  Errc code;
  std::string_view name;
  int exit_code;
};

constexpr std::array errc_table{
    ErrcRow{Errc::invalid_args, "invalid_args", 2},
    ErrcRow{Errc::not_found, "not_found", 3},
    ErrcRow{Errc::conflict, "conflict", 4},
    ErrcRow{Errc::busy, "busy", 5},
    ErrcRow{Errc::io, "io_error", 5},
    ErrcRow{Errc::permission, "permission_denied", 5},
    ErrcRow{Errc::read_only, "read_only", 5},
    ErrcRow{Errc::timed_out, "timed_out", 5},
    ErrcRow{Errc::cancelled, "cancelled", 1},
    ErrcRow{Errc::draining, "draining", 6},
    ErrcRow{Errc::mismatch, "mismatch", 6},
    ErrcRow{Errc::outcome_unknown, "outcome_unknown", 6},
    ErrcRow{Errc::damaged, "damaged", 5},
    ErrcRow{Errc::unsupported, "unsupported", 1},
    ErrcRow{Errc::unavailable, "unavailable", 6},
    ErrcRow{Errc::engine_restarted, "engine_restarted", 6},
    ErrcRow{Errc::internal, "internal_error", 1},
};

const ErrcRow& row_of(Errc code) {
  for (const ErrcRow& row : errc_table) {
    if (row.code == code) return row;
  }
  return errc_table.back();
}

}  // namespace

std::string_view errc_name(Errc code) {
  return row_of(code).name;
}

int exit_code(Errc code) {
  return row_of(code).exit_code;
}

Errc errc_from_name(std::string_view name) {
  for (const ErrcRow& row : errc_table) {
    if (row.name == name) return row.code;
  }
  return Errc::internal;
}

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
  Errc code = Errc::io;
  if (error_number == ENOENT) code = Errc::not_found;
  if (error_number == EACCES || error_number == EPERM) code = Errc::permission;
  if (error_number == ENOSPC || error_number == EDQUOT) {
    return fail(Errc::io, std::string(what) + ": the disk is full",
                {"free some space and try again"});
  }
  return fail(code, std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace hearth
