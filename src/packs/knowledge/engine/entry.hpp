// What a knowledge store holds: entries, written by people and agents or cut from imported files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::knowledge {

inline constexpr std::size_t most_text_bytes = std::size_t{1} << 20;
inline constexpr std::size_t most_title_bytes = 500;
inline constexpr std::size_t most_label_bytes = 64;  // of a kind or a tag
inline constexpr std::size_t most_tags = 32;
inline constexpr std::size_t most_property_bytes = std::size_t{64} << 10;

struct Entry {
  std::string id;
  std::string kind;
  std::string title;
  std::string text;
  std::vector<std::string> tags;  // sorted, each once
  std::string properties = "{}";  // JSON text of an object
  // "path:line" of an imported entry; else where it is from, as its author says
  std::optional<std::string> source;
  std::optional<std::string> memory;  // memory_episodic, memory_semantic; nothing: it does not fade
  double salience = 0.5;              // 0 … 1: how much it matters
  std::int64_t version = 1;           // grows by one with each change
  std::int64_t created_ms = 0;        // since 1970, UTC
  std::int64_t updated_ms = 0;
  std::optional<std::int64_t> deleted_ms;    // nothing: it lives
  std::optional<std::string> superseded_by;  // the id of what took its place
};

inline constexpr const char* memory_episodic = "episodic";  // what happened: fades in weeks
inline constexpr const char* any_memory = "any";            // in a filter
inline constexpr const char* memory_semantic = "semantic";  // what is so: fades in months

struct NewEntry {
  std::string text;
  std::string title;  // empty: the first line of the text
  std::string kind = "note";
  std::vector<std::string> tags;
  std::string properties = "{}";
  std::optional<std::string> memory;
  double salience = 0.5;
  std::optional<std::string> source;
  std::vector<float> vector;  // of the caller's own model; empty: none
};

// Absent members stay as they are.
struct EntryChange {
  std::optional<std::string> text;
  std::optional<std::string> title;
  std::optional<std::string> kind;
  std::optional<std::vector<std::string>> tags;  // replaces all
  // From the present properties to the new ones; both JSON objects.
  std::function<Result<std::string>(std::string_view)> merge_properties;
  std::optional<double> salience;
  std::optional<std::vector<float>> vector;
  bool restores = false;  // from a soft deletion
  std::optional<std::int64_t> expected_version;
};

// A property that an entry must have, as JSON texts: {"name":…} holds `value`.
struct PropertyMatch {
  std::string name;
  std::string value;
};

// All that is set must hold. Times are since 1970, in milliseconds, UTC.
struct Filter {
  std::optional<std::string> kind;
  std::vector<std::string> tags;
  std::vector<PropertyMatch> properties;
  std::optional<std::int64_t> since_ms;   // changed then or later
  std::optional<std::int64_t> before_ms;  // changed earlier
  std::optional<std::string> memory;      // of this sort, or any_memory
  bool with_superseded = true;
};

struct ListRequest {
  Filter filter;
  std::int64_t limit = 50;
  std::optional<std::string> cursor;
};

struct ListPage {
  std::vector<Entry> entries;         // without texts and properties; newest first
  std::int64_t total = 0;             // that pass the filter
  std::optional<std::string> cursor;  // of the next page, if there is one
};

struct KindCount {
  std::string kind;
  std::int64_t entries = 0;
};

struct Stats {
  std::int64_t entries = 0;
  std::int64_t memories = 0;  // of these
  std::int64_t deleted = 0;   // softly, besides
  std::int64_t edges = 0;
  std::int64_t sources = 0;                // imported files
  std::vector<KindCount> kinds;            // most first
  std::int64_t tags = 0;                   // different ones
  std::optional<std::int64_t> updated_ms;  // the latest change
};

// Without the white space of ASCII at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
// Trims and lower-cases a kind or tag; `invalid_args` when empty, too long or of several lines.
[[nodiscard]] Result<std::string> clean_label(std::string_view what, std::string_view label);
// Cleaned, sorted, each once.
[[nodiscard]] Result<std::vector<std::string>> clean_tags(const std::vector<std::string>& tags);
// The first line of a text without the marks of a heading, cut to a title's length.
[[nodiscard]] std::string title_of(std::string_view text);
// The longest prefix of at most `bytes` bytes that ends between two UTF-8 characters.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes);
// Code points, and the first so many of them.
[[nodiscard]] std::int64_t characters_of(std::string_view text);
[[nodiscard]] std::string_view first_characters(std::string_view text, std::int64_t count);

}  // namespace hearth::packs::knowledge
