#include "packs/mandates/workspace/guard_record.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <optional>
#include <utility>

#include "packs/mandates/workspace/content_hash.hpp"
#include "packs/mandates/workspace/fields.hpp"
#include "store/atomic_file.hpp"
#include "store/env.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::string_view magic = "hearth guard";
constexpr std::string_view version = "1";
constexpr std::string_view suffix = ".guard";
constexpr std::string_view damaged_suffix = ".guard-damaged";
constexpr std::string_view ended_suffix = ".guard-ended";
// Between two touches, and until a command has ended with its daemon; in nanoseconds.
constexpr std::int64_t most_unseen = 2'000'000'000;
constexpr std::size_t most_record_bytes = std::size_t{256} << 20;

std::string path_of(const std::string& records,
                    const std::string& key,
                    std::string_view ending = suffix) {
  constexpr std::size_t digits = 32;
  return records + "/" + content_hash(key).substr(0, digits).append(ending);
}

Result<std::vector<std::string>> those_of(const std::string& records, std::string_view ending) {
  auto names = store::system_env().list(records);
  if (!names) return std::unexpected(std::move(names.error()));
  std::vector<std::string> paths;
  for (const std::string& name : *names)
    if (name.ends_with(ending)) paths.push_back(records + "/" + name);
  return paths;
}

void put_identity(std::string& fields, const ProtectedEntry::Identity& identity) {
  put_number(fields, static_cast<std::int64_t>(identity.device));
  put_number(fields, static_cast<std::int64_t>(identity.inode));
  put_number(fields, identity.born_at);
  put_number(fields, identity.kind);
}

std::optional<ProtectedEntry::Identity> take_identity(std::string_view& text) {
  const auto device = take_number(text);
  const auto inode = take_number(text);
  const auto born_at = take_number(text);
  const auto kind = take_number(text);
  if (!device || !inode || !born_at || !kind) return std::nullopt;
  return ProtectedEntry::Identity{.device = static_cast<std::uint64_t>(*device),
                                  .inode = static_cast<std::uint64_t>(*inode),
                                  .born_at = *born_at,
                                  .kind = static_cast<mode_t>(*kind)};
}

void put_entry(std::string& fields, const std::string& path, const ProtectedEntry& entry) {
  put(fields, path);
  put_identity(fields, entry.identity);
  put_number(fields, entry.changed_at);
  put_number(fields, entry.is_repository ? 1 : 0);
  put_number(fields, entry.lies_within ? 1 : 0);
}

std::optional<std::pair<std::string, ProtectedEntry>> take_entry(std::string_view& text) {
  auto path = take(text);
  const auto identity = take_identity(text);
  const auto changed_at = take_number(text);
  const auto is_repository = take_number(text);
  const auto lies_within = take_number(text);
  if (!path || !identity || !changed_at || !is_repository || !lies_within) return std::nullopt;
  return std::pair(std::move(*path), ProtectedEntry{.identity = *identity,
                                                    .changed_at = *changed_at,
                                                    .is_repository = *is_repository != 0,
                                                    .lies_within = *lies_within != 0});
}

std::int64_t nanoseconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// When this machine started, in the clock of files.
std::int64_t boot_time() {
  return nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
}

void forget_devices(ProtectedEntries& entries) {
  for (auto& [path, entry] : entries) entry.identity.device = 0;
}

}  // namespace

std::string GuardRecord::to_bytes() const {
  std::string fields;
  put(fields, key);
  put(fields, workspace);
  put_identity(fields, root);
  put_number(fields, is_git ? 1 : 0);
  put_number(fields, first_process.number);
  put_number(fields, static_cast<std::int64_t>(first_process.started));
  put(fields, first_process.boot);
  put_number(fields, std::ssize(before));
  for (const auto& [path, entry] : before) put_entry(fields, path, entry);
  return sealed(magic, version, fields);
}

Result<GuardRecord> GuardRecord::parse(std::string_view bytes) {
  const auto damaged = [] {
    return fail(Errc::damaged, "the record of a command is damaged, or of another hearth",
                {"see whether its workspace has files that make machines run code, and remove it"});
  };
  auto text = unsealed(magic, version, bytes);
  if (!text) return damaged();
  const auto key = take(*text);
  const auto workspace = take(*text);
  const auto root = take_identity(*text);
  const auto is_git = take_number(*text);
  const auto number = take_number(*text);
  const auto started = take_number(*text);
  const auto boot = take(*text);
  const auto count = take_number(*text);
  if (!key || !workspace || !root || !is_git || !number || !started || !boot || !count)
    return damaged();
  GuardRecord record{.key = *key,
                     .workspace = *workspace,
                     .root = *root,
                     .is_git = *is_git != 0,
                     .first_process = {.number = static_cast<pid_t>(*number),
                                       .started = static_cast<std::uint64_t>(*started),
                                       .boot = *boot},
                     .before = {}};
  for (std::int64_t i = 0; i < *count; ++i) {
    auto entry = take_entry(*text);
    if (!entry) return damaged();
    record.before.insert(std::move(*entry));
  }
  if (!text->empty()) return damaged();
  return record;
}

Result<void> write_guard(const std::string& records, const GuardRecord& record) {
  return store::replace_file(path_of(records, record.key), record.to_bytes());
}

void touch_guard(const std::string& records, const std::string& key) {
  (void)::utimensat(AT_FDCWD, path_of(records, key).c_str(), nullptr, 0);
}

Result<void> end_guard(const std::string& records, const std::string& key) {
  const std::string path = path_of(records, key);
  const std::string mark = path_of(records, key, ended_suffix);
  if (::rename(path.c_str(), mark.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno("rename " + path, errno);
  }
  (void)!::truncate(mark.c_str(), 0);  // what it held is of no use any more
  return {};
}

bool has_begun(const std::string& records, const std::string& key) {
  return std::ranges::any_of(
      std::array{suffix, damaged_suffix, ended_suffix}, [&](std::string_view each) {
        // Where it cannot be seen it may be there.
        return ::access(path_of(records, key, each).c_str(), F_OK) == 0 || errno != ENOENT;
      });
}

void forget_ended(const std::string& records, const std::string& key) {
  (void)::unlink(path_of(records, key, ended_suffix).c_str());
}

void forget_ended_but(const std::string& records, const std::vector<std::string>& keys) {
  for (const std::string& path :
       those_of(records, ended_suffix).value_or(std::vector<std::string>())) {
    const bool is_kept = std::ranges::any_of(
        keys, [&](const std::string& key) { return path == path_of(records, key, ended_suffix); });
    if (!is_kept) (void)::unlink(path.c_str());
  }
}

Result<std::vector<std::string>> left_guards(const std::string& records) {
  return those_of(records, suffix);
}

bool is_guard_of(const std::string& path, const std::string& key) {
  return path == path_of(path.substr(0, path.rfind('/')), key);
}

Result<void> keep_damaged_guard(const std::string& path) {
  const std::string kept = path.substr(0, path.rfind('.')).append(damaged_suffix);
  if (::rename(path.c_str(), kept.c_str()) != 0) return fail_errno("rename " + path, errno);
  return {};
}

std::vector<std::string> damaged_guards(const std::string& records) {
  return those_of(records, damaged_suffix).value_or(std::vector<std::string>());
}

Result<GuardRecord> read_guard(const std::string& path) {
  const auto bytes = store::system_env().read(path, most_record_bytes);
  if (!bytes) return std::unexpected(bytes.error());
  auto record = GuardRecord::parse(*bytes);
  if (!record) return std::unexpected(std::move(record.error()).within(path));
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0)
    record->seen_at = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  return record;
}

Result<Findings> recover_guard(GuardRecord record,
                               const std::string& aside,
                               const std::vector<std::string>& hidden,
                               std::chrono::milliseconds grace) {
  if (auto ended = sandbox::wait_for_end(record.first_process, grace); !ended)
    return std::unexpected(std::move(ended.error()));
  const auto root = Root::open(record.workspace);
  if (!root) return std::unexpected(root.error());
  const bool is_same_boot = record.first_process.is_of_this_boot();
  auto identity = identity_of(*root);
  if (!is_same_boot) identity.device = record.root.device;
  // Of another directory everything is new, and a person's.
  if (identity != record.root)
    return fail(Errc::not_found, record.workspace + " is another directory now");
  auto after = protected_entries(*root, record.is_git, hidden);
  if (!after) return std::unexpected(std::move(after.error()));
  std::optional<std::int64_t> others_since;
  if (record.seen_at != 0) others_since = record.seen_at + most_unseen;
  if (!is_same_boot) {
    forget_devices(record.before);
    forget_devices(*after);
    others_since = std::min(others_since.value_or(boot_time()), boot_time());
  }
  return compare(*root, record.before, *after, aside, others_since);
}

}  // namespace hearth::packs::mandates::workspace
