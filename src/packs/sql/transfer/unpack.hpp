// The bytes of a file, whether it is compressed or not, piece by piece. Blocks.
//
// DuckDB reads what there is of a compressed file that ends early, and does not compare its
// checksum: half of a table would be loaded as the whole. Here that is an error.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "packs/sql/transfer/source.hpp"

namespace hearth::packs::sql {

class Unpacker {
 public:
  // At `path`, which is no symbolic link. Of gzip (RFC 1952) and Zstandard (RFC 8878) several
  // members or frames may follow one another.
  [[nodiscard]] static Result<std::unique_ptr<Unpacker>> open(const std::string& path,
                                                              Compression compression);
  virtual ~Unpacker() = default;
  // Valid until the next call; empty at the end. `invalid_args` for what ends early or
  // holds other bytes than were written.
  [[nodiscard]] virtual Result<std::string_view> next() = 0;
};

// Reads all of it and shows it to `look`, which says whether it wants more. `cancelled` on a stop.
template <typename Look>
[[nodiscard]] Result<void> read_through(Unpacker& file, const std::stop_token& stop, Look look) {
  for (;;) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "the load was cancelled");
    const auto piece = file.next();
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty() || !look(*piece)) return {};
  }
}

}  // namespace hearth::packs::sql
