#include "cli/tool_usage.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace hearth::cli {
namespace {

// What the schema says of one property.
struct Property {
  std::string name;
  const json::Value& schema;  // of the property
  std::string type;           // "string", …, or "" when it may be several
  bool is_required = false;
};

bool can_be_option(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.front() != '-' && name.front() != '_' &&
         std::ranges::all_of(name, fits);
}

bool is_one_or_several(const json::Value& schema) {
  const json::Value* type = json::find(schema, "type");
  return type != nullptr && *type == json::Value(json::Array{"string", "array"});
}

// One text or several is, on a command line, an option that may be repeated.
std::string type_of(const json::Value& schema) {
  if (is_one_or_several(schema)) return "array";
  return std::string(json::string_or(schema, "type", ""));
}

std::vector<Property> properties_of(const json::Value& tool) {
  std::vector<Property> list;
  const json::Value* schema = json::find(tool, "inputSchema");
  const json::Value* properties = schema == nullptr ? nullptr : json::find(*schema, "properties");
  if (properties == nullptr || !properties->is_object()) return list;
  const json::Value* required = json::find(*schema, "required");
  for (const auto& member : properties->get_object()) {
    if (!can_be_option(member.key())) continue;
    bool is_required = false;
    if (required != nullptr && required->is_array()) {
      is_required = std::ranges::any_of(required->get_array(), [&](const json::Value& name) {
        return name.is_string() && name.get_string() == member.key();
      });
    }
    list.push_back(
        {std::string(member.key()), member.value(), type_of(member.value()), is_required});
  }
  return list;
}

ValueKind kind_of(std::string_view type) {
  if (type == "string") return ValueKind::text;
  if (type == "integer") return ValueKind::integer;
  if (type == "number") return ValueKind::number;
  if (type == "boolean") return ValueKind::boolean;
  return ValueKind::json;
}

std::vector<std::string> choices_of(const json::Value& schema) {
  std::vector<std::string> choices;
  const json::Value* list = json::find(schema, "enum");
  if (list == nullptr || !list->is_array()) return choices;
  for (const json::Value& choice : list->get_array()) {
    if (!choice.is_string()) return {};
    choices.emplace_back(choice.get_string());
  }
  return choices;
}

// "1 to 100", "at least 1" of a schema's bounds with these names; empty without bounds.
std::string range_text(const json::Value& schema, std::string_view low, std::string_view high) {
  const json::Value* least = json::find(schema, low);
  const json::Value* most = json::find(schema, high);
  if (least != nullptr && most != nullptr) return json::dump(*least) + " to " + json::dump(*most);
  if (least != nullptr) return "at least " + json::dump(*least);
  if (most != nullptr) return "at most " + json::dump(*most);
  return {};
}

// A default that says nothing: no text, no items, no members.
bool is_empty(const json::Value& value) {
  return (value.is_string() && value.get_string().empty()) ||
         (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty()) || value.is_null();
}

std::string about_of(const Property& property) {
  std::string notes;
  const auto note = [&](const std::string& text) {
    if (!text.empty()) notes += (notes.empty() ? "" : "; ") + text;
  };
  note(range_text(property.schema, "minimum", "maximum"));
  const json::Value* fallback = json::find(property.schema, "default");
  if (fallback != nullptr && !is_empty(*fallback)) {
    note("default " +
         (fallback->is_string() ? std::string(fallback->get_string()) : json::dump(*fallback)));
  }
  if (const auto choices = choices_of(property.schema); choices.size() > 5) {
    std::string all;
    for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
    note("one of " + all);
  }
  std::string text(json::string_or(property.schema, "description", ""));
  std::ranges::replace(text, '\n', ' ');
  if (!notes.empty()) text += (text.empty() ? "(" : " (") + notes + ")";
  return text;
}

bool is_plain_text(const Parameter& parameter) {
  return parameter.kind == ValueKind::text && !parameter.is_list && parameter.choices.empty();
}

Parameter parameter_of(const Property& property) {
  Parameter parameter{.name = property.name, .about = about_of(property)};
  parameter.is_required = property.is_required;
  parameter.is_list = property.type == "array";
  const json::Value* items = parameter.is_list ? json::find(property.schema, "items") : nullptr;
  const json::Value& each = items == nullptr ? property.schema : *items;
  parameter.kind = kind_of(parameter.is_list && items != nullptr ? type_of(*items) : property.type);
  // A list of truths, or of choices, is checked value by value below.
  if (!parameter.is_list) parameter.choices = choices_of(each);
  const bool is_scalar = !parameter.is_list && parameter.kind != ValueKind::json &&
                         parameter.kind != ValueKind::boolean;
  const bool takes_words = is_scalar || is_one_or_several(property.schema);
  parameter.is_positional =
      (property.is_required && takes_words) || (property.name == "paths" && parameter.is_list);
  return parameter;
}

std::unexpected<Error> expected(const std::string& option,
                                const std::string& what,
                                const std::string& got) {
  return fail(Errc::invalid_args,
              option + ": expected " + what + ", got \"" + got.substr(0, 100) + "\"");
}

template <typename Number>
bool parse_whole(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const char* begin = text.data();
  if (text.starts_with('+')) ++begin;
  const auto [stop, error] = std::from_chars(begin, end, number);
  return error == std::errc{} && stop == end && stop != begin;
}

bool is_within(const json::Value& schema, double value) {
  const auto bound = [&](std::string_view name, double fallback) {
    const json::Value* limit = json::find(schema, name);
    return limit != nullptr && limit->is_number() ? limit->to_number<double>() : fallback;
  };
  return value >= bound("minimum", -HUGE_VAL) && value <= bound("maximum", HUGE_VAL);
}

std::string with_range(const std::string& what, const json::Value& schema) {
  const std::string range = range_text(schema, "minimum", "maximum");
  return range.empty() ? what : what + " (" + range + ")";
}

Result<json::Value> bind_json(const std::string& option,
                              const std::string& type,
                              const std::string& text) {
  auto value = json::parse(text);
  if (type.empty())
    return value ? std::move(*value) : json::Value(text);  // any type: plain text too
  if (!value) {
    return fail(Errc::invalid_args,
                option + ": expected a JSON " + type + ": " + value.error().message,
                {"quote it for the shell, as in " + option +
                 (type == "array" ? R"( '["a","b"]')" : R"( '{"name":"value"}')")});
  }
  if (json::kind_name(*value) != type) return expected(option, "a JSON " + type, text);
  return std::move(*value);
}

// One value by its schema.
Result<json::Value> bind_value(const std::string& option,
                               const json::Value& schema,
                               const std::string& text) {
  const std::string type = type_of(schema);
  if (type == "string") {
    const auto choices = choices_of(schema);
    if (!choices.empty() && std::ranges::find(choices, text) == choices.end()) {
      std::string all;
      for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
      return expected(option, "one of " + all, text);
    }
    return json::Value(text);
  }
  if (type == "integer") {
    std::int64_t number = 0;
    if (!parse_whole(text, number) || !is_within(schema, static_cast<double>(number)))
      return expected(option, with_range("an integer", schema), text);
    return json::Value(number);
  }
  if (type == "number") {
    double number = 0;
    if (!parse_whole(text, number) || !std::isfinite(number) || !is_within(schema, number))
      return expected(option, with_range("a number", schema), text);
    return json::Value(number);
  }
  if (type == "boolean") {
    if (text != "true" && text != "false") return expected(option, "true or false", text);
    return json::Value(text == "true");
  }
  return bind_json(option, type, text);
}

// Repeated options, or one JSON array.
Result<json::Value> bind_list(const std::string& option,
                              const json::Value& schema,
                              const std::vector<std::string>& texts) {
  if (texts.size() == 1 && texts.front().starts_with('[')) {
    if (auto whole = json::parse(texts.front()); whole && whole->is_array()) return whole;
  }
  static const json::Value any(boost::json::object_kind);
  const json::Value* items = json::find(schema, "items");
  json::Array list;
  for (const std::string& text : texts) {
    auto item = bind_value(option, items == nullptr ? any : *items, text);
    if (!item) return item;
    list.push_back(std::move(*item));
  }
  return json::Value(std::move(list));
}

}  // namespace

ToolName split_tool_name(std::string_view tool) {
  const std::size_t cut = tool.find('_');
  if (cut == std::string_view::npos) return {"", std::string(tool)};
  return {std::string(tool.substr(0, cut)), std::string(tool.substr(cut + 1))};
}

Usage tool_usage(const json::Value& tool) {
  const ToolName name = split_tool_name(json::string_or(tool, "name", ""));
  std::string verb = name.verb;
  std::ranges::replace(verb, '_', '-');
  Usage usage{.command = name.pack + " " + verb,
              .title = std::string(json::string_or(tool, "title", "")),
              .description = std::string(json::string_or(tool, "description", "")),
              .parameters = {}};
  for (const Property& property : properties_of(tool))
    usage.parameters.push_back(parameter_of(property));
  if (std::ranges::none_of(usage.parameters, &Parameter::is_required)) {
    const auto first = std::ranges::find_if(usage.parameters, is_plain_text);
    if (first != usage.parameters.end()) first->is_positional = true;
  }
  return usage;
}

Result<json::Object> bind_arguments(const json::Value& tool,
                                    const Arguments& arguments,
                                    const ReadInput& read_input) {
  json::Object bound;
  const Usage usage = tool_usage(tool);
  for (const Property& property : properties_of(tool)) {
    if (!arguments.has(property.name)) continue;
    const std::string option = option_name(property.name);
    const auto known = std::ranges::find(usage.parameters, property.name, &Parameter::name);
    const bool may_be_input = known->is_positional && known->kind == ValueKind::text &&
                              known->choices.empty() && property.name != "paths";
    if (property.type == "array") {
      std::vector<std::string> texts = arguments.all(property.name);
      if (may_be_input && texts == std::vector<std::string>{"-"}) {
        auto input = read_input();
        if (!input) return std::unexpected(std::move(input.error()));
        texts.front() = std::move(*input);
      }
      auto list = bind_list(option, property.schema, texts);
      if (!list) return std::unexpected(std::move(list.error()));
      bound[property.name] = std::move(*list);
      continue;
    }
    std::string text = *arguments.one(property.name);
    if (may_be_input && text == "-") {
      auto input = read_input();
      if (!input) return std::unexpected(std::move(input.error()));
      text = std::move(*input);
    }
    auto value = bind_value(option, property.schema, text);
    if (!value) return std::unexpected(std::move(value.error()));
    bound[property.name] = std::move(*value);
  }
  return bound;
}

}  // namespace hearth::cli
