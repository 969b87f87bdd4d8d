// The journal: what happened, in one append-only file that cannot be changed unnoticed.
//
// Each record carries the next sequence number, a checksum (accidents) and a keyed hash over itself
// and the hash before it (intent). The owner keeps the head, sequence and hash of the last record,
// somewhere else (the anchor): so that a journal that was cut or replaced is noticed, too.
// docs/formats/mandates-journal.md.
//
// Up to the anchor everything must be intact, else `damaged` with file and offset. Behind it may be
// what an interrupted append left; from its first bad byte on it is cut, and the owner appends
// again what it has not anchored.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "packs/mandates/engine/digest.hpp"
#include "store/env.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::mandates {

struct JournalEntry {
  std::uint64_t sequence = 0;
  WallTime time;
  std::string_view kind;  // "run_started"; at most 255 bytes
  std::string_view text;  // opaque; at most 1 MiB
};

// The last record: of a journal that has none, sequence 0 and zeros.
struct JournalHead {
  std::uint64_t sequence = 0;
  Digest hash{};
  friend bool operator==(const JournalHead&, const JournalHead&) = default;
};

using JournalVisitor = std::function<void(const JournalEntry&)>;

// One thread at a time.
class Journal final {
 public:
  static constexpr std::size_t most_text_bytes = std::size_t{1} << 20;

  // Reads and checks all of it, showing each record to `visit`; cuts a torn tail. Makes the file
  // where nothing is anchored. `env` outlives the journal.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(
      store::Env& env,
      std::string path,
      const Key& key,
      const JournalHead& anchor,
      const JournalVisitor& visit = {},
      store::Durability durability = store::Durability::power);

  // Returns when all of them are as durable as the journal is. The sequence must go on without a
  // gap. After an error what is in the file is not known: nothing more is appended until it is
  // opened anew.
  [[nodiscard]] Result<JournalHead> append(std::span<const JournalEntry> entries);
  [[nodiscard]] const JournalHead& head() const { return head_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Journal(std::string path, const Key& key, store::Durability durability)
      : path_(std::move(path)), key_(key), durability_(durability) {}

  const std::string path_;
  const Key key_;
  const store::Durability durability_;
  JournalHead head_;
  std::unique_ptr<store::WritableFile> file_;  // null after an error
};

// Checks a journal without changing it: `damaged` names file and offset, or what is missing.
struct JournalCheck {
  JournalHead head;
  std::uint64_t intact_bytes = 0;
  std::uint64_t torn_bytes =
      0;  // behind the anchor: an append that is going on, or was interrupted
};
[[nodiscard]] Result<JournalCheck> verify_journal(store::Env& env,
                                                  const std::string& path,
                                                  const Key& key,
                                                  const JournalHead& anchor,
                                                  const JournalVisitor& visit = {});
// The same of bytes in memory; `name` is for messages.
[[nodiscard]] Result<JournalCheck> check_journal(std::string_view bytes,
                                                 std::string_view name,
                                                 const Key& key,
                                                 const JournalHead& anchor,
                                                 const JournalVisitor& visit = {});

}  // namespace hearth::packs::mandates
