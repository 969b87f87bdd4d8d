// The versions of a store's schema: numbered steps, applied once, refused when from the future.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace hearth::store {

// A kind of store. `steps[0]` makes version 1 of an empty file, `steps[1]` version 2 of version 1
// …; each is an SQL script. Steps that were released never change.
struct Schema {
  std::string_view name;        // of messages: "knowledge store"
  std::int32_t application_id;  // in the file's header (PRAGMA application_id): what it is
  std::span<const char* const> steps;
};

// Brings the file to the newest version, each step in a transaction of its own that also records
// the version. `unsupported`, and nothing touched, when the file is newer than the steps known here
// or is no file of this kind.
[[nodiscard]] Result<void> migrate(Database& database, const Schema& schema);

// For a reader that may not write: `unsupported` when the file is newer, `unavailable` when it is
// older and its owner has to migrate it first.
[[nodiscard]] Result<void> check_version(Database& database, const Schema& schema);

}  // namespace hearth::store
