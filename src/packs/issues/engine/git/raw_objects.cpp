#include "packs/issues/engine/git/raw_objects.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

namespace hearth::packs::issues {
namespace {

constexpr std::string_view tree_mode = "40000";
constexpr std::string_view blob_mode = "100644";

std::unexpected<Error> no_commit() {
  return fail(Errc::damaged, "a commit that cannot be read");
}

// git sorts a tree as if its name ended in a slash.
std::string sort_key(const TreeEntry& entry) {
  return entry.is_tree ? entry.name + "/" : entry.name;
}

std::string zone_text(int minutes) {
  char text[16];
  const int size = minutes < 0 ? -minutes : minutes;
  std::snprintf(text, sizeof text, "%c%02d%02d", minutes < 0 ? '-' : '+', size / 60 % 100,
                size % 60);
  return text;
}

// "Name <mail> 1700000000 +0100"
bool read_signature(std::string_view line, Commit& commit) {
  const std::size_t zone = line.rfind(' ');
  if (zone == std::string_view::npos || zone == 0) return false;
  const std::size_t time = line.rfind(' ', zone - 1);
  if (time == std::string_view::npos || line.size() - zone != 6) return false;
  int digits = 0;
  std::from_chars(line.data() + zone + 2, line.data() + line.size(), digits);
  commit.zone_minutes = (digits / 100 * 60 + digits % 100) * (line[zone + 1] == '-' ? -1 : 1);
  commit.author = line.substr(0, time);
  return std::from_chars(line.data() + time + 1, line.data() + zone, commit.time).ec == std::errc();
}

}  // namespace

std::string encode_tree(std::vector<TreeEntry> entries) {
  std::ranges::sort(entries, {}, sort_key);
  std::string out;
  for (const TreeEntry& entry : entries) {
    out.append(entry.is_tree ? tree_mode : blob_mode).append(" ").append(entry.name);
    out.push_back('\0');
    out.append(entry.id.view());
  }
  return out;
}

Result<std::vector<TreeEntry>> decode_tree(std::string_view bytes) {
  std::vector<TreeEntry> entries;
  while (!bytes.empty()) {
    const std::size_t blank = bytes.find(' ');
    const std::size_t zero = bytes.find('\0');
    if (blank == std::string_view::npos || zero == std::string_view::npos || zero < blank ||
        bytes.size() - zero - 1 < ObjectId::size) {
      return fail(Errc::damaged, "a tree that cannot be read");
    }
    entries.push_back({.name = std::string(bytes.substr(blank + 1, zero - blank - 1)),
                       .id = ObjectId::of(bytes.substr(zero + 1)),
                       .is_tree = bytes.substr(0, blank) == tree_mode});
    bytes.remove_prefix(zero + 1 + ObjectId::size);
  }
  return entries;
}

std::string encode_commit(const Commit& commit) {
  std::string out = "tree " + hex_of(commit.tree) + "\n";
  for (const ObjectId& parent : commit.parents) out += "parent " + hex_of(parent) + "\n";
  const std::string who = commit.author + " " + std::to_string(commit.time) + " " +
                          zone_text(commit.zone_minutes) + "\n";
  return out + "author " + who + "committer " + who + "\n" + commit.message;
}

Result<Commit> decode_commit(std::string_view bytes) {
  Commit commit;
  std::optional<ObjectId> tree;
  for (;;) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return no_commit();
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (line.empty()) break;
    if (line.starts_with("tree ")) tree = id_of_hex<ObjectId>(line.substr(5));
    if (line.starts_with("parent ")) {
      const auto parent = id_of_hex<ObjectId>(line.substr(7));
      if (!parent) return no_commit();
      commit.parents.push_back(*parent);
    }
    if (line.starts_with("author ") && !read_signature(line.substr(7), commit)) return no_commit();
  }
  if (!tree) return no_commit();
  commit.tree = *tree;
  commit.message = bytes;
  return commit;
}

}  // namespace hearth::packs::issues
