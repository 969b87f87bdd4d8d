#include "packs/mandates/engine/journal.hpp"

#include <algorithm>
#include <optional>

#include "search/checksum.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::string_view magic = "HMJOURNL";
constexpr std::uint32_t version = 1;
constexpr std::size_t header_bytes = 16;  // magic, version, checksum
constexpr std::size_t frame_bytes = 8;    // length, checksum
constexpr std::size_t fixed_bytes = 8 + 8 + 1 + sizeof(Digest);
constexpr std::size_t most_kind_bytes = 255;
constexpr std::size_t most_body_bytes = fixed_bytes + most_kind_bytes + Journal::most_text_bytes;

// Little-endian.
template <typename T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
}
template <typename T>
T get(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return static_cast<T>(value);
}

std::string header() {
  std::string bytes(magic);
  put(bytes, version);
  put(bytes, search::crc32c(bytes));
  return bytes;
}

Digest hash_of(const Key& key, const Digest& before, std::string_view body) {
  return key.mac({view(before), body});
}

std::string encode(const Key& key, const Digest& before, const JournalEntry& entry, Digest& hash) {
  std::string body;
  put(body, entry.sequence);
  put(body, static_cast<std::int64_t>(entry.time.time_since_epoch().count()));
  put(body, static_cast<std::uint8_t>(entry.kind.size()));
  body.append(entry.kind).append(entry.text);
  hash = hash_of(key, before, body);
  body.append(view(hash));
  std::string record;
  put(record, static_cast<std::uint32_t>(body.size()));
  put(record, search::crc32c(body, search::crc32c(record)));
  return record + body;
}

// The body of the record at the front of `bytes`; nothing when it is torn or its checksum fails.
std::optional<std::string_view> next_body(std::string_view bytes) {
  if (bytes.size() < frame_bytes) return std::nullopt;
  const auto size = get<std::uint32_t>(bytes, 0);
  if (size < fixed_bytes || size > most_body_bytes || size > bytes.size() - frame_bytes) {
    return std::nullopt;
  }
  const auto body = bytes.substr(frame_bytes, size);
  if (search::crc32c(body, search::crc32c(bytes.substr(0, 4))) != get<std::uint32_t>(bytes, 4)) {
    return std::nullopt;
  }
  if (fixed_bytes + get<std::uint8_t>(body, 16) > size) return std::nullopt;
  return body;
}

JournalEntry decode(std::string_view body) {
  const std::size_t kind_bytes = get<std::uint8_t>(body, 16);
  const auto rest = body.substr(17, body.size() - 17 - sizeof(Digest));
  return {.sequence = get<std::uint64_t>(body, 0),
          .time = WallTime(std::chrono::milliseconds(get<std::int64_t>(body, 8))),
          .kind = rest.substr(0, kind_bytes),
          .text = rest.substr(kind_bytes)};
}

std::unexpected<Error> damaged(std::string_view name, std::uint64_t offset, std::string what) {
  return fail(Errc::damaged,
              std::string(name) + ", offset " + std::to_string(offset) + ": " + std::move(what),
              {"keep the file as it is for whoever looks into this",
               "restore the mandates directory from a backup"});
}

// Why the record at the front cannot be the one after `head`; nothing when it can.
std::optional<std::string> mismatch(std::string_view body,
                                    const Key& key,
                                    const JournalHead& head) {
  const JournalEntry entry = decode(body);
  if (entry.sequence != head.sequence + 1) {
    return "record " + std::to_string(entry.sequence) + " stands where " +
           std::to_string(head.sequence + 1) + " belongs";
  }
  Digest hash;
  std::ranges::copy(body.substr(body.size() - hash.size()), hash.begin());
  if (!is_equal(hash, hash_of(key, head.hash, body.substr(0, body.size() - hash.size())))) {
    return "record " + std::to_string(entry.sequence) +
           " was changed, or what stood before it, or the key is another one";
  }
  return std::nullopt;
}

Result<void> check_header(std::string_view bytes, std::string_view name) {
  if (bytes.substr(0, magic.size()) == magic && bytes.size() >= header_bytes &&
      get<std::uint32_t>(bytes, magic.size()) > version) {
    return fail(Errc::unsupported, std::string(name) + ": written by a newer version of hearth",
                {"use the newer version"});
  }
  if (!bytes.starts_with(header())) return damaged(name, 0, "this is no journal of mandates");
  return {};
}

}  // namespace

Result<JournalCheck> check_journal(std::string_view bytes,
                                   std::string_view name,
                                   const Key& key,
                                   const JournalHead& anchor,
                                   const JournalVisitor& visit) {
  JournalCheck check;
  // A file that was made, and not written before the power went.
  if (bytes.size() < header_bytes && header().starts_with(bytes) && anchor.sequence == 0) {
    check.torn_bytes = bytes.size();
    return check;
  }
  if (auto ok = check_header(bytes, name); !ok) return std::unexpected(std::move(ok.error()));
  std::size_t offset = header_bytes;
  while (offset < bytes.size()) {
    const auto body = next_body(bytes.substr(offset));
    if (!body) {
      if (check.head.sequence >= anchor.sequence) break;
      return damaged(name, offset,
                     "record " + std::to_string(check.head.sequence + 1) + " fails its checksum");
    }
    if (auto why = mismatch(*body, key, check.head)) return damaged(name, offset, std::move(*why));
    const JournalEntry entry = decode(*body);
    check.head.sequence = entry.sequence;
    std::ranges::copy(body->substr(body->size() - sizeof(Digest)), check.head.hash.begin());
    if (entry.sequence == anchor.sequence && check.head != anchor) {
      return damaged(
          name, offset,
          "record " + std::to_string(entry.sequence) + " is not the one that was anchored");
    }
    if (visit) visit(entry);
    offset += frame_bytes + body->size();
  }
  if (check.head.sequence < anchor.sequence) {
    return damaged(name, offset,
                   "ends with record " + std::to_string(check.head.sequence) + " of " +
                       std::to_string(anchor.sequence) + ": the rest was cut off");
  }
  check.intact_bytes = offset;
  check.torn_bytes = bytes.size() - offset;
  return check;
}

Result<JournalCheck> verify_journal(store::Env& env,
                                    const std::string& path,
                                    const Key& key,
                                    const JournalHead& anchor,
                                    const JournalVisitor& visit) {
  auto file = env.map(path);
  if (!file && file.error().code == Errc::not_found) {
    if (anchor.sequence == 0) return JournalCheck{};
    return damaged(path, 0,
                   "the journal is gone; it had " + std::to_string(anchor.sequence) + " records");
  }
  if (!file) return std::unexpected(std::move(file.error()));
  return check_journal((*file)->bytes(), path, key, anchor, visit);
}

Result<std::unique_ptr<Journal>> Journal::open(store::Env& env,
                                               std::string path,
                                               const Key& key,
                                               const JournalHead& anchor,
                                               const JournalVisitor& visit,
                                               store::Durability durability) {
  auto check = verify_journal(env, path, key, anchor, visit);
  if (!check) return std::unexpected(std::move(check.error()));
  if (check->torn_bytes > 0) {
    if (auto cut = env.truncate(path, check->intact_bytes); !cut) {
      return std::unexpected(std::move(cut.error()));
    }
  }
  auto journal = std::unique_ptr<Journal>(new Journal(std::move(path), key, durability));
  journal->head_ = check->head;
  auto file = env.open_append(journal->path_, 0600);
  if (!file) return std::unexpected(std::move(file.error()));
  journal->file_ = std::move(*file);
  if (check->intact_bytes == 0) {
    if (auto put = journal->file_->append(header()); !put) return std::unexpected(put.error());
    if (auto synced = journal->file_->sync(); !synced) return std::unexpected(synced.error());
    auto named = env.sync_directory(store::directory_of(journal->path_));
    if (!named) return std::unexpected(std::move(named.error()));
  }
  return journal;
}

Result<JournalHead> Journal::append(std::span<const JournalEntry> entries) {
  if (!file_) {
    return fail(Errc::io, path_ + ": an earlier write failed; what it left is not known",
                {"free space on the disk and restart the daemon"});
  }
  std::string bytes;
  JournalHead head = head_;
  for (const JournalEntry& entry : entries) {
    if (entry.sequence != head.sequence + 1 || entry.kind.size() > most_kind_bytes ||
        entry.text.size() > most_text_bytes) {
      return fail(Errc::internal, path_ + ": record " + std::to_string(entry.sequence) + " after " +
                                      std::to_string(head.sequence) +
                                      ", or larger than a record may be");
    }
    bytes += encode(key_, head.hash, entry, head.hash);
    head.sequence = entry.sequence;
  }
  auto done = file_->append(bytes);
  if (done && durability_ == store::Durability::power) done = file_->sync();
  if (!done) {
    file_.reset();
    return std::unexpected(std::move(done.error()).within("write the journal"));
  }
  head_ = head;
  return head_;
}

}  // namespace hearth::packs::mandates
