#include "packs/issues/engine/symbols/definitions.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

extern "C" {
const TSLanguage* tree_sitter_c();
const TSLanguage* tree_sitter_cpp();
const TSLanguage* tree_sitter_elixir();
const TSLanguage* tree_sitter_go();
const TSLanguage* tree_sitter_java();
const TSLanguage* tree_sitter_javascript();
const TSLanguage* tree_sitter_python();
const TSLanguage* tree_sitter_ruby();
const TSLanguage* tree_sitter_rust();
const TSLanguage* tree_sitter_typescript();
const TSLanguage* tree_sitter_tsx();
}

namespace hearth::packs::issues {
namespace {

enum class NameAt : std::uint8_t {
  name_field,   // the node's field "name"
  declarator,   // C: the identifier within pointers, parentheses and parameters
  declarators,  // C: one or more new types of a typedef
  impl_type,    // Rust: the type that is implemented, without its parameters
  type_spec,    // Go: the field "name"; the type that is given decides on the kind
  arrow,        // JavaScript: a variable whose value is an arrow function
  macro_call,   // Elixir: the first argument of def, defp and defmodule
};

struct Definition {
  std::string_view node;
  std::string_view kind;
  NameAt name = NameAt::name_field;
};

constexpr auto c_definitions = std::to_array<Definition>({
    {"function_definition", "function", NameAt::declarator},
    {"struct_specifier", "struct"},
    {"enum_specifier", "enum"},
    {"type_definition", "type", NameAt::declarators},
});
constexpr auto cpp_definitions = std::to_array<Definition>({
    {"function_definition", "function", NameAt::declarator},
    {"class_specifier", "class"},
    {"struct_specifier", "struct"},
    {"enum_specifier", "enum"},
    {"namespace_definition", "namespace"},
});
constexpr auto elixir_definitions = std::to_array<Definition>({
    {"call", "", NameAt::macro_call},
});
constexpr auto go_definitions = std::to_array<Definition>({
    {"function_declaration", "function"},
    {"method_declaration", "function"},
    {"type_spec", "type", NameAt::type_spec},
});
constexpr auto java_definitions = std::to_array<Definition>({
    {"method_declaration", "method"},
    {"constructor_declaration", "method"},
    {"class_declaration", "class"},
    {"interface_declaration", "interface"},
    {"enum_declaration", "enum"},
});
constexpr auto javascript_definitions = std::to_array<Definition>({
    {"function_declaration", "function"},
    {"class_declaration", "class"},
    {"variable_declarator", "function", NameAt::arrow},
});
constexpr auto python_definitions = std::to_array<Definition>({
    {"function_definition", "function"},
    {"class_definition", "class"},
});
constexpr auto ruby_definitions = std::to_array<Definition>({
    {"method", "function"},
    {"singleton_method", "function"},
    {"class", "class"},
    {"module", "module"},
});
constexpr auto rust_definitions = std::to_array<Definition>({
    {"function_item", "function"},
    {"struct_item", "struct"},
    {"enum_item", "enum"},
    {"trait_item", "trait"},
    {"impl_item", "impl", NameAt::impl_type},
    {"const_item", "const"},
    {"type_item", "type"},
    {"static_item", "static"},
});
constexpr auto typescript_definitions = std::to_array<Definition>({
    {"function_declaration", "function"},
    {"class_declaration", "class"},
    {"interface_declaration", "interface"},
    {"type_alias_declaration", "type"},
    {"enum_declaration", "enum"},
    {"variable_declarator", "function", NameAt::arrow},
});

struct Grammar {
  const TSLanguage* (*make)();
  std::span<const Definition> definitions;
};

// In the order of the enumerators.
constexpr std::array<Grammar, language_count> grammars{{
    {tree_sitter_c, c_definitions},
    {tree_sitter_cpp, cpp_definitions},
    {tree_sitter_elixir, elixir_definitions},
    {tree_sitter_go, go_definitions},
    {tree_sitter_java, java_definitions},
    {tree_sitter_javascript, javascript_definitions},
    {tree_sitter_python, python_definitions},
    {tree_sitter_ruby, ruby_definitions},
    {tree_sitter_rust, rust_definitions},
    {tree_sitter_typescript, typescript_definitions},
    {tree_sitter_tsx, typescript_definitions},
}};

const Grammar& entry_of(Language language) {
  return grammars[static_cast<std::size_t>(std::to_underlying(language))];
}

// A name longer than this is a parser gone astray.
constexpr std::size_t most_name_bytes = 1024;

bool is(TSNode node, std::string_view type) {
  return !ts_node_is_null(node) && type == ts_node_type(node);
}

TSNode field(TSNode node, std::string_view name) {
  return ts_node_child_by_field_name(node, name.data(), static_cast<std::uint32_t>(name.size()));
}

// Follows "declarator" inwards: `*(*name)(int)[3]` is `name`. Parentheses and references hold
// theirs without naming the field.
TSNode innermost_declarator(TSNode node) {
  for (;;) {
    TSNode inner = field(node, "declarator");
    if (ts_node_is_null(inner) &&
        (is(node, "parenthesized_declarator") || is(node, "reference_declarator"))) {
      inner = ts_node_named_child(node, 0);
    }
    if (ts_node_is_null(inner)) return node;
    node = inner;
  }
}

class Collector {
 public:
  explicit Collector(std::string_view text) : text_(text) {}

  void visit(TSNode node, const Definition& definition) {
    switch (definition.name) {
      case NameAt::name_field:
        return add(node, field(node, "name"), definition.kind);
      case NameAt::declarator:
        return add_if(node, innermost_declarator(node), "identifier", definition.kind);
      case NameAt::declarators:
        return visit_typedef(node, definition.kind);
      case NameAt::impl_type:
        return visit_impl(node, definition.kind);
      case NameAt::type_spec:
        return visit_type_spec(node);
      case NameAt::arrow:
        if (is(field(node, "value"), "arrow_function")) {
          add_if(node, field(node, "name"), "identifier", definition.kind);
        }
        return;
      case NameAt::macro_call:
        return visit_macro_call(node);
    }
  }

  [[nodiscard]] std::vector<Symbol> take() { return std::move(symbols_); }

 private:
  [[nodiscard]] std::string_view text_of(TSNode node) const {
    const std::size_t begin = ts_node_start_byte(node);
    const std::size_t end = ts_node_end_byte(node);
    if (begin >= end || end > text_.size()) return {};
    return text_.substr(begin, end - begin);
  }

  void add(TSNode node, TSNode name, std::string_view kind) {
    if (ts_node_is_null(name) || ts_node_is_missing(name)) return;
    const std::string_view text = text_of(name);
    if (text.empty() || text.size() > most_name_bytes) return;
    symbols_.push_back({std::string(text), std::string(kind), ts_node_start_point(node).row + 1,
                        ts_node_end_point(node).row + 1});
  }

  void add_if(TSNode node, TSNode name, std::string_view type, std::string_view kind) {
    if (is(name, type)) add(node, name, kind);
  }

  void visit_typedef(TSNode node, std::string_view kind) {
    const std::uint32_t count = ts_node_child_count(node);
    for (std::uint32_t i = 0; i < count; ++i) {
      const char* name = ts_node_field_name_for_child(node, i);
      if (name == nullptr || std::string_view(name) != "declarator") continue;
      add_if(node, innermost_declarator(ts_node_child(node, i)), "type_identifier", kind);
    }
  }

  void visit_impl(TSNode node, std::string_view kind) {
    TSNode type = field(node, "type");
    if (is(type, "generic_type")) type = field(type, "type");
    if (is(type, "scoped_type_identifier")) type = field(type, "name");
    add_if(node, type, "type_identifier", kind);
  }

  void visit_type_spec(TSNode node) {
    const TSNode type = field(node, "type");
    const std::string_view kind = is(type, "struct_type")      ? "struct"
                                  : is(type, "interface_type") ? "interface"
                                                               : "type";
    add(node, field(node, "name"), kind);
  }

  void visit_macro_call(TSNode node) {
    const TSNode target = field(node, "target");
    if (!is(target, "identifier")) return;
    const std::string_view macro = text_of(target);
    const bool defines_module = macro == "defmodule";
    if (!defines_module && macro != "def" && macro != "defp") return;
    TSNode first = first_argument(node);
    if (defines_module) return add_if(node, first, "alias", "module");
    if (is(first, "binary_operator") && is(field(first, "operator"), "when")) {
      first = field(first, "left");  // def name(x) when is_atom(x)
    }
    if (is(first, "call")) first = field(first, "target");
    add_if(node, first, "identifier", "function");
  }

  static TSNode first_argument(TSNode call) {
    const std::uint32_t count = ts_node_named_child_count(call);
    for (std::uint32_t i = 0; i < count; ++i) {
      const TSNode child = ts_node_named_child(call, i);
      if (is(child, "arguments")) return ts_node_named_child(child, 0);
    }
    return {};
  }

  std::string_view text_;
  std::vector<Symbol> symbols_;
};

// By the number of a node's type: the row of the table for it.
std::vector<const Definition*> rows_by_type(const Grammar& grammar, const TSLanguage* language) {
  std::vector<const Definition*> rows(ts_language_symbol_count(language), nullptr);
  for (const Definition& definition : grammar.definitions) {
    const TSSymbol type = ts_language_symbol_for_name(
        language, definition.node.data(), static_cast<std::uint32_t>(definition.node.size()), true);
    if (type < rows.size()) rows[type] = &definition;
  }
  return rows;
}

}  // namespace

const TSLanguage* grammar_of(Language language) {
  return entry_of(language).make();
}

std::vector<Symbol> definitions_in(TSNode root, Language language, std::string_view text) {
  const auto rows = rows_by_type(entry_of(language), grammar_of(language));
  Collector collector(text);
  TSTreeCursor cursor = ts_tree_cursor_new(root);
  const std::unique_ptr<TSTreeCursor, decltype(&ts_tree_cursor_delete)> closing(
      &cursor, ts_tree_cursor_delete);
  for (;;) {
    const TSNode node = ts_tree_cursor_current_node(&cursor);
    const TSSymbol type = ts_node_symbol(node);  // of an error it is beyond the table
    if (type < rows.size() && rows[type] != nullptr) collector.visit(node, *rows[type]);
    if (ts_tree_cursor_goto_first_child(&cursor)) continue;
    while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
      if (!ts_tree_cursor_goto_parent(&cursor)) return collector.take();
    }
  }
}

}  // namespace hearth::packs::issues
