#include "json/record.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/closest.hpp"

namespace hearth::json {

const Limits defaulted = [] {
  Limits limits;
  limits.has_default = true;
  return limits;
}();
const Limits anything = [] {
  Limits limits;
  limits.any_value = true;
  return limits;
}();

Limits range(std::int64_t low, std::int64_t high) {
  Limits limits;
  limits.low = low;
  limits.high = high;
  return limits;
}

Limits one_of(std::initializer_list<std::string> choices) {
  Limits limits;
  limits.choices = choices;
  return limits;
}

Limits operator|(Limits a, const Limits& b) {
  if (b.low != Limits{}.low) a.low = b.low;
  if (b.high != Limits{}.high) a.high = b.high;
  a.has_default = a.has_default || b.has_default;
  if (!b.choices.empty()) a.choices = b.choices;
  a.any_value = a.any_value || b.any_value;
  return a;
}

namespace {

// "integer 1–100", "string of 1–64 bytes", "one of \"a\", \"b\"".
std::string describe(std::string_view kind, const Limits& limits) {
  if (!limits.choices.empty()) {
    std::string text = "one of ";
    for (std::size_t i = 0; i < limits.choices.size(); ++i) {
      text.append(i == 0 ? "" : ", ").append(json::quoted(limits.choices[i]));
    }
    return text;
  }
  const bool has_low = limits.low != Limits{}.low;
  const bool has_high = limits.high != Limits{}.high;
  if (!has_low && !has_high) return std::string(kind);
  std::string bounds = has_low && has_high
                           ? std::to_string(limits.low) + "–" + std::to_string(limits.high)
                       : has_low ? "at least " + std::to_string(limits.low)
                                 : "at most " + std::to_string(limits.high);
  if (kind == "string") return "string of " + bounds + " bytes";
  if (kind == "array") return "array of " + bounds + " items";
  return std::string(kind) + " " + bounds;
}

// What was sent instead, short enough for a message.
std::string show(const Value& got) {
  if (got.is_object() || got.is_array()) return std::string(kind_name(got));
  std::string text = dump(got);
  constexpr std::size_t most = 60;
  if (text.size() > most) {
    const std::size_t size = got.is_string() ? got.get_string().size() : text.size();
    return "a " + std::string(kind_name(got)) + " of " + std::to_string(size) + " bytes";
  }
  return text;
}

void bound_numbers(Object& schema, const Limits& limits) {
  if (limits.low != Limits{}.low) schema["minimum"] = limits.low;
  if (limits.high != Limits{}.high) schema["maximum"] = limits.high;
}

std::unexpected<Error> expected_kind(std::string_view path,
                                     std::string_view kind,
                                     const Limits& limits,
                                     const Value& got) {
  return fail(
      Errc::invalid_args,
      std::string(path) + ": expected " + describe(kind, limits) + ", got " + show(got) +
          (kind == "array" && got.is_array() ? " of " + std::to_string(got.get_array().size())
                                             : std::string()));
}

std::string missing_text(std::string_view path, const Note& note) {
  std::string text = std::string(path) + ": missing";
  if (!note.text.empty()) text += " (" + std::string(note.text) + ")";
  return text;
}

Note note_of(const Notes& notes, std::string_view member) {
  const auto found = std::ranges::find(notes, member, &Note::name);
  if (found != notes.end()) return *found;
  std::fprintf(stderr, "json::Notes: no note for member \"%.*s\"\n",
               static_cast<int>(member.size()), member.data());
  std::abort();
}

}  // namespace

namespace detail {

Shape::Shape(std::span<const Field> fields, const Notes& notes) : fields_(fields) {
  for (const Field& field : fields) notes_.push_back(note_of(notes, field.name));
}

Result<void> Shape::read(const Value& from, std::string_view path, void* record) const {
  if (!from.is_object()) return expected_kind(path, "object", {}, from);
  const Object& object = from.get_object();
  std::size_t known = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    const Note& note = notes_[i];
    const std::string member_path = std::string(path).append(".").append(field.name);
    if (const Value* const value = object.if_contains(field.name)) {
      ++known;
      if (auto done = field.read(*value, member_path, note.limits, record); !done) return done;
    } else if (field.is_set == nullptr && !note.limits.has_default) {
      return fail(Errc::invalid_args, missing_text(member_path, note));
    }
  }
  return known < object.size() ? refuse_unknown(object, path) : Result<void>();
}

Result<void> Shape::refuse_unknown(const Object& object, std::string_view path) const {
  std::vector<std::string> names;
  for (const Field& field : fields_) names.emplace_back(field.name);
  for (const auto& member : object) {
    if (std::ranges::find(names, member.key()) != names.end()) continue;
    constexpr std::size_t most_shown = 60;  // a peer may send megabytes for a name
    std::string name(std::string_view(member.key()).substr(0, most_shown));
    if (name.size() < member.key().size()) name += "…";
    std::string message = std::string(path) + "." + name + ": unknown";
    auto near = closest_names(member.key(), names);
    if (!near.empty()) message += "; did you mean \"" + near.front() + "\"?";
    return fail(Errc::invalid_args, std::move(message), near.empty() ? names : near);
  }
  return {};
}

void Shape::write(std::string& out, const void* record) const {
  out.push_back('{');
  bool is_first = true;
  for (const Field& field : fields_) {
    if (field.is_set != nullptr && !field.is_set(record)) continue;  // absent, not null
    out.append(is_first ? "\"" : ",\"").append(field.name).append("\":");
    is_first = false;
    field.write(out, record);
  }
  out.push_back('}');
}

Object Shape::schema(const void* defaults) const {
  Object properties;
  Array required;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    const Note& note = notes_[i];
    Object property = field.schema(note.limits);
    if (!note.text.empty()) property["description"] = note.text;
    if (field.is_set == nullptr && note.limits.has_default) {
      std::string text;
      field.write(text, defaults);
      property["default"] = parse(text).value_or(Value());
    } else if (field.is_set == nullptr) {
      required.emplace_back(field.name);
    }
    properties[field.name] = std::move(property);
  }
  Object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Result<const Array*> items_of(const Value& from, std::string_view path, const Limits& limits) {
  if (!from.is_array()) return expected_kind(path, "array", {}, from);
  const auto count = static_cast<std::int64_t>(from.get_array().size());
  if (count < limits.low || count > limits.high) {
    return expected_kind(path, "array", limits, from);
  }
  return &from.get_array();
}

std::string item_path(std::string_view path, std::size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

Limits of_item(const Limits& limits) {
  Limits each;
  each.choices = limits.choices;
  each.any_value = limits.any_value;
  return each;
}

Object array_schema(Object item, const Limits& limits) {
  Object schema{{"type", "array"}, {"items", std::move(item)}};
  if (limits.low > 0) schema["minItems"] = limits.low;
  if (limits.high != Limits{}.high) schema["maxItems"] = limits.high;
  return schema;
}

}  // namespace detail

Result<void> Codec<bool>::read(const Value& from,
                               std::string_view path,
                               const Limits& limits,
                               bool& to) {
  if (!from.is_bool()) return expected_kind(path, "boolean", limits, from);
  to = from.get_bool();
  return {};
}

Result<void> Codec<std::int64_t>::read(const Value& from,
                                       std::string_view path,
                                       const Limits& limits,
                                       std::int64_t& to) {
  std::int64_t number = 0;
  if (from.is_int64()) {
    number = from.get_int64();
  } else if (from.is_double() && std::abs(from.get_double()) < 9e15 &&
             std::trunc(from.get_double()) == from.get_double()) {
    number = static_cast<std::int64_t>(from.get_double());  // 10.0 is an integer in JSON Schema
  } else {
    return expected_kind(path, "integer", limits, from);
  }
  if (number < limits.low || number > limits.high)
    return expected_kind(path, "integer", limits, from);
  to = number;
  return {};
}

Result<void> Codec<double>::read(const Value& from,
                                 std::string_view path,
                                 const Limits& limits,
                                 double& to) {
  if (!from.is_number()) return expected_kind(path, "number", limits, from);
  const auto number = from.to_number<double>();
  const bool too_low = limits.low != Limits{}.low && number < static_cast<double>(limits.low);
  const bool too_high = limits.high != Limits{}.high && number > static_cast<double>(limits.high);
  if (too_low || too_high) return expected_kind(path, "number", limits, from);
  to = number;
  return {};
}

Result<void> Codec<std::string>::read(const Value& from,
                                      std::string_view path,
                                      const Limits& limits,
                                      std::string& to) {
  if (!from.is_string()) return expected_kind(path, "string", limits, from);
  const std::string_view text = from.get_string();
  const auto size = static_cast<std::int64_t>(text.size());
  if (size < limits.low || size > limits.high) return expected_kind(path, "string", limits, from);
  bool is_choice = limits.choices.empty();
  for (const std::string& choice : limits.choices) is_choice = is_choice || choice == text;
  if (!is_choice) return expected_kind(path, "string", limits, from);
  to = text;
  return {};
}

Result<void> Codec<Raw>::read(const Value& from,
                              std::string_view path,
                              const Limits& limits,
                              Raw& to) {
  if (!limits.any_value && !from.is_object()) return expected_kind(path, "object", {}, from);
  to.text = dump(from);
  return {};
}

Result<void> Codec<Texts>::read(const Value& from,
                                std::string_view path,
                                const Limits& limits,
                                Texts& to) {
  if (!from.is_string()) {
    return Codec<std::vector<std::string>>::read(from, path, limits, to.list);
  }
  to.list = {std::string(from.get_string())};
  return {};
}

void Codec<bool>::write(std::string& out, const bool& value) {
  out.append(value ? "true" : "false");
}
void Codec<std::int64_t>::write(std::string& out, const std::int64_t& value) {
  out.append(std::to_string(value));
}
void Codec<double>::write(std::string& out, const double& value) {
  append(out, Value(value));
}
void Codec<std::string>::write(std::string& out, const std::string& value) {
  append_string(out, value);
}
void Codec<Raw>::write(std::string& out, const Raw& value) {
  out.append(value.text);
}

void Codec<Texts>::write(std::string& out, const Texts& value) {
  Codec<std::vector<std::string>>::write(out, value.list);
}

Object Codec<bool>::schema(const Limits&) {
  return {{"type", "boolean"}};
}

Object Codec<std::int64_t>::schema(const Limits& limits) {
  Object schema{{"type", "integer"}};
  bound_numbers(schema, limits);
  return schema;
}

Object Codec<double>::schema(const Limits& limits) {
  Object schema{{"type", "number"}};
  bound_numbers(schema, limits);
  return schema;
}

// JSON Schema counts characters and we count bytes; a bound of bytes admits no more characters than
// that.
Object Codec<std::string>::schema(const Limits& limits) {
  Object schema{{"type", "string"}};
  if (limits.low > 0) schema["minLength"] = 1;
  if (limits.high != Limits{}.high) schema["maxLength"] = limits.high;
  if (!limits.choices.empty()) schema["enum"] = Array(limits.choices.begin(), limits.choices.end());
  return schema;
}

Object Codec<Raw>::schema(const Limits& limits) {
  return limits.any_value ? Object{} : Object{{"type", "object"}};
}

Object Codec<Texts>::schema(const Limits& limits) {
  Object schema = Codec<std::vector<std::string>>::schema(limits);
  schema["type"] = Array{"string", "array"};
  return schema;
}

}  // namespace hearth::json
