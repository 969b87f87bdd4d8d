// C++ structs as JSON objects: decoding with a path in every complaint, encoding, and the JSON
// Schema of both.
//
// A record is a struct described with Boost.Describe and given notes, both beside the code that
// puts it on the wire:
//
//   struct GetRequest { std::string id; std::int64_t limit = 10; };
//   BOOST_DESCRIBE_STRUCT(GetRequest, (), (id, limit))
//   json::Notes notes(const GetRequest*) {
//     return {{"id", "Id of the entry, or a unique prefix of it"},
//             {"limit", "Most entries to return", json::range(1, 100)}};
//   }
//
// A member is required unless it is a std::optional or its note carries `json::defaulted` (then the
// value of a default-constructed record is the default, and stands in the schema). Member types:
// bool, std::int64_t, double, std::string, json::Raw, json::Texts, other records, and std::vector
// or std::optional of these.
#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.hpp"
#include "json/json.hpp"

namespace hearth::json {

// Any JSON value, carried as its compact text.
struct Raw {
  std::string text = "{}";
};

// One text or an array of texts, as the sender likes; a range bounds their number.
struct Texts {
  std::vector<std::string> list;
};

// What a schema says about a member beyond its type. Ranges bound numbers, the bytes of strings and
// the items of arrays alike.
struct Limits {
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
  bool has_default = false;
  std::vector<std::string> choices;  // the only strings allowed, when not empty
  bool any_value = false;            // a Raw that need not be an object
};
[[nodiscard]] Limits operator|(Limits a, const Limits& b);
[[nodiscard]] Limits range(std::int64_t low, std::int64_t high);
[[nodiscard]] Limits one_of(std::initializer_list<std::string> choices);
extern const Limits defaulted;
extern const Limits anything;

struct Note {
  std::string_view name;
  std::string_view text;  // the description a model reads
  Limits limits = {};
};
using Notes = std::vector<Note>;

// How a C++ type is read, written and described. Specialised for each member type; the primary is
// for records.
template <typename T>
struct Codec;

// Reads a record; `path` names the value in complaints ("params").
template <typename T>
[[nodiscard]] Result<T> decode(const Value& from, std::string_view path = "params") {
  T to{};
  if (auto done = Codec<T>::read(from, path, Limits{}, to); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return to;
}

// The compact JSON text of a record.
template <typename T>
[[nodiscard]] std::string encode(const T& record) {
  std::string out;
  Codec<T>::write(out, record);
  return out;
}

// The compact text of the record's JSON Schema (2020-12).
template <typename T>
[[nodiscard]] std::string schema_text() {
  return dump(Codec<T>::schema(Limits{}));
}

// ---- Implementation
// ------------------------------------------------------------------------------------------

namespace detail {

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

// The note of a member. A record whose notes miss a member is our mistake and ends the program at
// its first use.
[[nodiscard]] const Note& note_of(const Notes& notes, std::string_view member);
[[nodiscard]] std::unexpected<Error> expected_kind(std::string_view path,
                                                   std::string_view kind,
                                                   const Limits& limits,
                                                   const Value& got);
[[nodiscard]] std::string missing_text(std::string_view path, const Note& note);
[[nodiscard]] Result<void> refuse_unknown(const Object& object,
                                          std::string_view path,
                                          const Notes& notes);
void bound_items(Object& schema, const Limits& limits);

}  // namespace detail

#define HEARTH_JSON_CODEC(Type)                                   \
  template <>                                                     \
  struct Codec<Type> {                                            \
    [[nodiscard]] static Result<void> read(const Value& from,     \
                                           std::string_view path, \
                                           const Limits& limits,  \
                                           Type& to);             \
    static void write(std::string& out, const Type& value);       \
    [[nodiscard]] static Object schema(const Limits& limits);     \
  }
HEARTH_JSON_CODEC(bool);
HEARTH_JSON_CODEC(std::int64_t);
HEARTH_JSON_CODEC(double);
HEARTH_JSON_CODEC(std::string);
HEARTH_JSON_CODEC(Raw);
HEARTH_JSON_CODEC(Texts);
#undef HEARTH_JSON_CODEC

template <typename T>
struct Codec<std::optional<T>> {
  [[nodiscard]] static Result<void> read(const Value& from,
                                         std::string_view path,
                                         const Limits& limits,
                                         std::optional<T>& to) {
    if (from.is_null()) return {};
    return Codec<T>::read(from, path, limits, to.emplace());
  }
  static void write(std::string& out, const std::optional<T>& value) {
    Codec<T>::write(out, *value);
  }
  [[nodiscard]] static Object schema(const Limits& limits) { return Codec<T>::schema(limits); }
};

template <typename T>
struct Codec<std::vector<T>> {
  [[nodiscard]] static Result<void> read(const Value& from,
                                         std::string_view path,
                                         const Limits& limits,
                                         std::vector<T>& to) {
    if (!from.is_array()) return detail::expected_kind(path, "array", {}, from);
    const Array& items = from.get_array();
    const auto count = static_cast<std::int64_t>(items.size());
    if (count < limits.low || count > limits.high) {
      return detail::expected_kind(path, "array", limits, from);
    }
    to.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string item_path = std::string(path) + "[" + std::to_string(i) + "]";
      if (auto done = Codec<T>::read(items[i], item_path, of_item(limits), to[i]); !done)
        return done;
    }
    return {};
  }
  static void write(std::string& out, const std::vector<T>& items) {
    out.push_back('[');
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out.push_back(',');
      Codec<T>::write(out, items[i]);
    }
    out.push_back(']');
  }
  [[nodiscard]] static Object schema(const Limits& limits) {
    Object schema{{"type", "array"}, {"items", Codec<T>::schema(of_item(limits))}};
    detail::bound_items(schema, limits);
    return schema;
  }

 private:
  // A range bounds the count; what else there is bounds each item.
  static Limits of_item(const Limits& limits) {
    Limits each;
    each.choices = limits.choices;
    each.any_value = limits.any_value;
    return each;
  }
};

template <typename T>
struct Codec {
  static_assert(boost::describe::has_describe_members<T>::value,
                "describe the struct with BOOST_DESCRIBE_STRUCT before putting it on the wire");
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

  [[nodiscard]] static Result<void> read(const Value& from,
                                         std::string_view path,
                                         const Limits&,
                                         T& to) {
    if (!from.is_object()) return detail::expected_kind(path, "object", {}, from);
    const Object& object = from.get_object();
    Result<void> done;
    std::size_t known = 0;
    boost::mp11::mp_for_each<Members>([&](auto member) {
      if (!done) return;
      const Note& note = detail::note_of(all_notes(), member.name);
      const std::string member_path = std::string(path) + "." + member.name;
      auto& target = to.*member.pointer;
      if (const Value* value = object.if_contains(member.name)) {
        ++known;
        done = Codec<std::remove_cvref_t<decltype(target)>>::read(*value, member_path, note.limits,
                                                                  target);
      } else if (!detail::is_optional<std::remove_cvref_t<decltype(target)>> &&
                 !note.limits.has_default) {
        done = fail(Errc::invalid_args, detail::missing_text(member_path, note));
      }
    });
    if (done && known < object.size()) return detail::refuse_unknown(object, path, all_notes());
    return done;
  }

  static void write(std::string& out, const T& record) {
    out.push_back('{');
    bool first = true;
    boost::mp11::mp_for_each<Members>([&](auto member) {
      const auto& value = record.*member.pointer;
      using Member = std::remove_cvref_t<decltype(value)>;
      if constexpr (detail::is_optional<Member>) {
        if (!value) return;  // absent, not null
      }
      out.append(first ? "\"" : ",\"").append(member.name).append("\":");
      first = false;
      Codec<Member>::write(out, value);
    });
    out.push_back('}');
  }

  [[nodiscard]] static Object schema(const Limits&) {
    const T defaults{};
    Object properties;
    Array required;
    boost::mp11::mp_for_each<Members>([&](auto member) {
      using Member = std::remove_cvref_t<decltype(defaults.*member.pointer)>;
      const Note& note = detail::note_of(all_notes(), member.name);
      Object property = Codec<Member>::schema(note.limits);
      if (!note.text.empty()) property["description"] = note.text;
      if constexpr (!detail::is_optional<Member>) {
        if (note.limits.has_default) {
          std::string text;
          Codec<Member>::write(text, defaults.*member.pointer);
          property["default"] = parse(text).value_or(Value());
        } else {
          required.emplace_back(member.name);
        }
      }
      properties[member.name] = std::move(property);
    });
    Object schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    schema["additionalProperties"] = false;
    return schema;
  }

 private:
  static const Notes& all_notes() {
    static const Notes all = notes(static_cast<const T*>(nullptr));
    return all;
  }
};

}  // namespace hearth::json
