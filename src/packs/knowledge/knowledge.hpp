// The pack `knowledge`: notes, decisions and imported documents of a namespace, searchable by
// words.
//
// One SQLite file a namespace, opened at its first use and kept warm: one writer thread that
// commits the writes of all callers together, and a few readers that never wait for it. A write
// that was answered is seen by the next search of any session.
#pragma once

#include <memory>

#include "pack/pack.hpp"

namespace hearth::packs::knowledge {

[[nodiscard]] std::unique_ptr<pack::Pack> make_pack();

}  // namespace hearth::packs::knowledge
