// The section [sql] of config.toml.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.hpp"

namespace hearth::packs::sql {

struct Settings {
  std::uint64_t memory_limit = 0;  // bytes
  std::uint32_t threads = 0;       // 0: as many as there are cores
  std::chrono::milliseconds engine_idle{std::chrono::minutes(10)};
  std::chrono::milliseconds scratch_kept{std::chrono::minutes(10)};  // after its session
  std::string hyperd;                                                // its path; empty: HYPERD_PATH
  std::string ssl_mode;  // the weakest to PostgreSQL servers; empty: libpq's own
  std::string passfile;  // of PostgreSQL servers; empty: libpq's own
  std::vector<std::string> password_command;  // prints a PostgreSQL password; empty: none
};

[[nodiscard]] std::vector<pack::Setting> known_settings();
// What is set, by name, as text; each fits.
[[nodiscard]] Settings read_settings(
    const std::function<std::optional<std::string>(std::string_view)>& setting);

}  // namespace hearth::packs::sql
