// How a server is named: libpq's URLs and keywords, without secrets.
#pragma once

#include <string>
#include <string_view>

#include "packs/sql/engine/pg/link.hpp"
#include "packs/sql/engine/pg/postgres_engine.hpp"

namespace hearth::packs::sql::pg {

// The keywords of `location` ("postgresql://user@host:5432/name?sslmode=verify-full", or "host=…
// dbname=…"). `invalid_args` when it cannot be read, or holds what does not belong in it: a
// password, the path of a file, another machine than the one it names. The message repeats nothing
// of it.
[[nodiscard]] Result<Options> parse_location(const std::string& location);

// "disable", "prefer", "verify-full" …
[[nodiscard]] bool is_ssl_mode(std::string_view text);
// Over TCP: with the mode that is `configured` (empty: PGSSLMODE, or libpq's own), and `permission`
// for a weaker one. libpq finds passwords by itself, so that any connection may send one.
[[nodiscard]] Result<Options> with_ssl_mode(Options options, const std::string& configured);

// With the password, if the command is set. Blocks for that, at most 30 s.
[[nodiscard]] Result<Options> with_password(Options options,
                                            const PasswordSource& source,
                                            const Work& work);

}  // namespace hearth::packs::sql::pg
