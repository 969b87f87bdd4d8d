#include "request/program.hpp"

#include <algorithm>
#include <array>

#include "request/words.hpp"

namespace hearth::request {
namespace {

constexpr std::array<std::string_view, 3> presentation_names{"agent", "verbose", "human"};

void print_name(std::string& out, std::string_view name) {
  if (is_word(name)) {
    out.append(name);
  } else {
    json::append_string(out, name);
  }
}

// Prints arguments with their references in place.
class Printer {
 public:
  explicit Printer(const std::vector<Slot>& slots) : slots_(slots) {}

  void value(std::string& out, const json::Value& value) {
    const auto slot = std::ranges::find(slots_, here_, &Slot::where);
    if (slot != slots_.end()) {
      out.append(print_reference(slot->from));
    } else if (value.is_object()) {
      object(out, value.get_object());
    } else if (value.is_array()) {
      array(out, value.get_array());
    } else {
      json::append(out, value);
    }
  }
  void member(std::string& out, std::string_view name, const json::Value& value) {
    here_.emplace_back(std::string(name));
    this->value(out, value);
    here_.pop_back();
  }

 private:
  void object(std::string& out, const json::Object& object) {
    out.push_back('{');
    bool is_first = true;
    for (const auto& entry : object) {
      if (!is_first) out.push_back(',');
      is_first = false;
      json::append_string(out, entry.key());
      out.push_back(':');
      member(out, entry.key(), entry.value());
    }
    out.push_back('}');
  }
  void array(std::string& out, const json::Array& items) {
    out.push_back('[');
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out.push_back(',');
      here_.emplace_back(i);
      value(out, items[i]);
      here_.pop_back();
    }
    out.push_back(']');
  }

  const std::vector<Slot>& slots_;
  Path here_;
};

void print_operation(std::string& out, const Operation& operation) {
  out.append(operation.verb).push_back('(');
  Printer printer(operation.slots);
  bool is_first = true;
  for (const auto& argument : operation.arguments) {
    if (!is_first) out.append(", ");
    is_first = false;
    print_name(out, argument.key());
    out.push_back('=');
    printer.member(out, argument.key(), argument.value());
  }
  out.push_back(')');
  if (operation.presentation) out.append("@").append(presentation_name(*operation.presentation));
}

}  // namespace

std::string_view presentation_name(Presentation presentation) {
  return presentation_names[static_cast<std::size_t>(presentation)];
}

std::optional<Presentation> read_presentation(std::string_view name) {
  const auto* found = std::ranges::find(presentation_names, name);
  if (found == presentation_names.end()) return std::nullopt;
  return static_cast<Presentation>(found - presentation_names.begin());
}

std::string print_reference(const Path& path) {
  std::string out = "$prev";
  for (const Step& step : path) {
    const auto* name = std::get_if<std::string>(&step);
    if (name == nullptr) {
      out.append("[" + std::to_string(std::get<std::size_t>(step)) + "]");
    } else if (is_word(*name)) {
      out.append(".").append(*name);
    } else {
      out.append("[" + json::quoted(*name) + "]");
    }
  }
  return out;
}

std::string print(const Program& program) {
  std::string out;
  if (program.shape == Shape::batch) out.push_back('[');
  for (const Operation& operation : program.operations) {
    if (&operation != &program.operations.front())
      out.append(program.shape == Shape::chain ? " | " : ", ");
    print_operation(out, operation);
  }
  if (program.shape == Shape::batch) out.push_back(']');
  return out;
}

}  // namespace hearth::request
