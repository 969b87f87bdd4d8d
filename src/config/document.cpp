#include "config/document.hpp"

// toml++ 3.3 asserts (and in release builds assumes, which is undefined behaviour) where a text
// has `x = [}]`. Its assertions become exceptions here, in every kind of build, and those
// become complaints about the text. Remove this with a toml++ that reports such texts itself;
// ParseSettings.SurvivesMutatedText tells.
namespace hearth::config {
struct ParserGaveUp {};
}  // namespace hearth::config
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? void() : throw hearth::config::ParserGaveUp())
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

namespace hearth::config {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;

Place place_of(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

bool is_before(Place a, Place b) {
  return std::tie(a.line, a.column) < std::tie(b.line, b.column);
}

template <typename Number>
std::string number_text(Number number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

RawValue scalar(const toml::node& node) {
  if (const auto* text = node.as_string()) return {RawKind::text, text->get(), {}};
  if (const auto* number = node.as_integer())
    return {RawKind::integer, number_text(number->get()), {}};
  if (const auto* number = node.as_floating_point())
    return {RawKind::real, number_text(number->get()), {}};
  if (const auto* truth = node.as_boolean())
    return {RawKind::boolean, truth->get() ? "true" : "false", {}};
  return {};
}

RawValue value_of(const toml::node& node) {
  const auto* array = node.as_array();
  if (array == nullptr) return scalar(node);
  RawValue list{RawKind::list, {}, {}};
  for (const toml::node& item : *array) {
    RawValue value = scalar(item);
    if (value.kind == RawKind::other) return {};
    list.all_text = list.all_text && value.kind == RawKind::text;
    list.items.push_back(std::move(value.text));
  }
  return list;
}

void flatten(const toml::table& table, const std::string& prefix, std::vector<Entry>& out) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const auto* below = node.as_table(); below != nullptr && !below->empty()) {
      flatten(*below, name + ".", out);
    } else {
      out.push_back({name, place_of(key.source()), value_of(node)});
    }
  }
}

bool gives_up(std::string_view text) {
  try {
    (void)toml::parse(text);
  } catch (const toml::parse_error&) {
    return false;
  } catch (const ParserGaveUp&) {
    return true;
  }
  return false;
}

// The line at which the parser gives up: it does so for every longer prefix, and for no shorter.
unsigned line_of_giving_up(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    ends.push_back(at + 1);
  }
  const auto found = std::ranges::partition_point(
      ends, [&](std::size_t end) { return !gives_up(text.substr(0, end)); });
  return static_cast<unsigned>(found - ends.begin()) + 1;
}

Result<toml::table> parse_table(std::string_view text, std::string_view file) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(Errc::invalid_args, format_place(file, place_of(error.source())) +
                                        ": not valid TOML: " + std::string(error.description()));
  } catch (const ParserGaveUp&) {
    return fail(Errc::invalid_args, format_place(file, {line_of_giving_up(text), 1}) +
                                        ": not valid TOML: a value is missing or has a stray "
                                        "comma, bracket or brace");
  }
}

}  // namespace

std::string describe(const RawValue& value) {
  switch (value.kind) {
    case RawKind::text:
    case RawKind::typed:
      return "\"" + value.text.substr(0, 80) + "\"";
    case RawKind::integer:
      return "integer " + value.text;
    case RawKind::real:
      return "number " + value.text;
    case RawKind::boolean:
      return value.text;
    case RawKind::list:
      return "a list";
    case RawKind::other:
      break;
  }
  return "a table, date or nested list";
}

std::string format_place(std::string_view file, Place at) {
  return std::string(file) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

Result<std::vector<Section>> parse_document(std::string_view text, std::string_view file) {
  if (text.size() > largest_file) {
    return fail(Errc::invalid_args,
                std::string(file) + ": larger than 1 MiB, which no configuration is");
  }
  const auto parsed = parse_table(text, file);
  if (!parsed) return std::unexpected(parsed.error());
  std::vector<Section> sections(1);
  for (const auto& [key, node] : *parsed) {
    const Place at = place_of(key.source());
    if (const auto* table = node.as_table()) {
      Section& section = sections.emplace_back(Section{std::string(key.str()), at, {}});
      flatten(*table, "", section.entries);
    } else {
      sections.front().entries.push_back({std::string(key.str()), at, value_of(node)});
    }
  }
  for (Section& section : sections) {
    std::ranges::sort(section.entries, is_before, &Entry::at);
  }
  std::ranges::sort(sections.begin() + 1, sections.end(), is_before, &Section::at);
  return sections;
}

}  // namespace hearth::config
