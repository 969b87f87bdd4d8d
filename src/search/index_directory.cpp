#include "search/index_directory.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "store/atomic_file.hpp"

namespace hearth::search {
namespace {

constexpr std::size_t largest_manifest = 1024 * 1024;
constexpr std::size_t digits_of_number = 8;

std::string file_name(std::uint64_t number, std::string_view suffix) {
  std::string digits = std::to_string(number);
  if (digits.size() < digits_of_number) digits.insert(0, digits_of_number - digits.size(), '0');
  return digits + std::string(suffix);
}

// The number of "00000012.gen"; nothing for a name that is not ours.
std::optional<std::uint64_t> number_of(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{}) return std::nullopt;
  for (const std::string_view suffix : {generation_suffix, tombstones_suffix}) {
    if (file_name(number, suffix) == name) return number;
  }
  return std::nullopt;
}

// What store::replace_file leaves when the power fails in the middle of it.
bool is_half_manifest(std::string_view name) {
  return name.starts_with(".MANIFEST.new-");
}

}  // namespace

std::string IndexDirectory::path_of(std::uint64_t number, std::string_view suffix) const {
  return path_ + "/" + file_name(number, suffix);
}

Result<std::unique_ptr<IndexDirectory>> IndexDirectory::open(store::Env& env,
                                                             std::string path,
                                                             std::string schema) {
  std::unique_ptr<IndexDirectory> opened(new IndexDirectory(env, std::move(path)));
  const auto text = env.read(opened->manifest_path(), largest_manifest);
  if (!text && text.error().code != Errc::not_found) return std::unexpected(text.error());
  if (text) {
    auto manifest = parse_manifest(*text);
    if (!manifest) {
      return std::unexpected(std::move(manifest.error()).within(opened->manifest_path()));
    }
    if (manifest->schema != schema) {
      return fail(Errc::mismatch,
                  opened->manifest_path() + ": made with the schema \"" + manifest->schema +
                      "\", not with \"" + schema + "\"",
                  {"rebuild the index"});
    }
    opened->manifest_ = std::move(*manifest);
  } else {
    opened->manifest_.schema = std::move(schema);
  }
  if (auto removed = opened->remove_orphans(); !removed) {
    return std::unexpected(std::move(removed.error()));
  }
  return opened;
}

Result<std::unique_ptr<IndexDirectory>> IndexDirectory::recreate(store::Env& env,
                                                                 std::string path,
                                                                 std::string schema) {
  std::unique_ptr<IndexDirectory> made(new IndexDirectory(env, std::move(path)));
  made->manifest_.schema = std::move(schema);
  // First the manifest, so that no manifest ever names a file that is gone.
  if (auto done = store::replace_file(env, made->manifest_path(), print(made->manifest_)); !done) {
    return std::unexpected(std::move(done.error()));
  }
  if (auto removed = made->remove_orphans(); !removed) {
    return std::unexpected(std::move(removed.error()));
  }
  return made;
}

bool IndexDirectory::is_named(std::string_view file) const {
  return std::ranges::any_of(manifest_.entries, [&](const Manifest::Entry& each) {
    return file == file_name(each.generation, generation_suffix) ||
           (each.tombstones != 0 && file == file_name(each.tombstones, tombstones_suffix));
  });
}

// Best effort but for the listing: what cannot be removed now is found again at the next opening,
// and its number is not used meanwhile.
Result<void> IndexDirectory::remove_orphans() {
  const auto names = env_.list(path_);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    const auto number = number_of(name);
    if (number) next_number_ = std::max(next_number_, *number + 1);
    if (is_half_manifest(name) || (number && !is_named(name))) {
      (void)env_.unlink(path_ + "/" + name);
    }
  }
  return {};
}

Result<void> IndexDirectory::commit(Manifest next) {
  next.schema = manifest_.schema;
  if (auto done = store::replace_file(env_, manifest_path(), print(next)); !done) return done;
  const Manifest before = std::exchange(manifest_, std::move(next));
  for (const Manifest::Entry& each : before.entries) {
    if (!is_named(file_name(each.generation, generation_suffix))) {
      (void)env_.unlink(path_of(each.generation, generation_suffix));
    }
    if (each.tombstones != 0 && !is_named(file_name(each.tombstones, tombstones_suffix))) {
      (void)env_.unlink(path_of(each.tombstones, tombstones_suffix));
    }
  }
  return {};
}

}  // namespace hearth::search
