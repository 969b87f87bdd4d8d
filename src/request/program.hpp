// A request in hearth's request language, parsed: which verbs, with what, in which order.
// docs/request-language.md has the grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "json/json.hpp"

namespace hearth::request {

inline constexpr std::size_t most_operations = 100;
inline constexpr std::size_t deepest_value = 32;  // arrays and objects in one another

// How results are shown: short for a model, as they are, or as Markdown for people.
enum class Presentation : std::uint8_t { agent, verbose, human };
[[nodiscard]] std::string_view presentation_name(Presentation presentation);
[[nodiscard]] std::optional<Presentation> read_presentation(std::string_view name);

// One step into a JSON value: a member's name or an item's index.
using Step = std::variant<std::string, std::size_t>;
using Path = std::vector<Step>;

// A place in an operation's arguments that is filled from the answer of the operation before.
struct Slot {
  Path where;
  Path from;
};

struct Operation {
  std::string verb;        // as tools are called: "knowledge_search"
  json::Object arguments;  // null where a slot is
  std::vector<Slot> slots;
  std::optional<Presentation> presentation;  // else the request's
};

enum class Shape : std::uint8_t { one, batch, chain };

struct Program {
  Shape shape = Shape::one;
  std::vector<Operation> operations;  // 1 to most_operations; one has 1, a chain at least 2
};

// Parses the text form or the JSON form. `invalid_args` names line and column (both from 1, columns
// in characters), what was expected there and what was found; the suggestions say how to mend it.
[[nodiscard]] Result<Program> parse(std::string_view text);

// The text form of a program; parses back to the same program.
[[nodiscard]] std::string print(const Program& program);

// "$prev.items[0].id"
[[nodiscard]] std::string print_reference(const Path& path);

}  // namespace hearth::request
