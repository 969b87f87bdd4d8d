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

#include <array>
#include <boost/describe.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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

// Reads a record over one with its defaults; `path` names the value in complaints ("params").
template <typename T>
[[nodiscard]] Result<void> decode_into(const Value& from, T& to, std::string_view path = "params") {
  return Codec<T>::read(from, path, Limits{}, to);
}
template <typename T>
[[nodiscard]] Result<T> decode(const Value& from, std::string_view path = "params") {
  T to{};
  if (auto done = decode_into(from, to, path); !done) {
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

// A member of a record without its type: one set of functions reads, writes and describes all
// records, where a template of each would make a fifth of the program.
struct Field {
  std::string_view name;
  bool (*is_set)(const void* record);  // nullptr: the member is no std::optional
  Result<void> (*read)(const Value& from,
                       std::string_view path,
                       const Limits& limits,
                       void* record);
  void (*write)(std::string& out, const void* record);
  Object (*schema)(const Limits& limits);
};

// What there is to know of a type of records.
class Shape final {
 public:
  // Notes that miss a member are our mistake and end the program.
  Shape(std::span<const Field> fields, const Notes& notes);

  [[nodiscard]] Result<void> read(const Value& from, std::string_view path, void* record) const;
  void write(std::string& out, const void* record) const;
  // `defaults`: a default-constructed record.
  [[nodiscard]] Object schema(const void* defaults) const;

 private:
  [[nodiscard]] Result<void> refuse_unknown(const Object& object, std::string_view path) const;

  std::span<const Field> fields_;
  Notes notes_;  // one for each field
};

// The items, unless it is no array or has not as many as it may.
[[nodiscard]] Result<const Array*> items_of(const Value& from,
                                            std::string_view path,
                                            const Limits& limits);
[[nodiscard]] std::string item_path(std::string_view path, std::size_t index);
// A range bounds the count; what else there is bounds each item.
[[nodiscard]] Limits of_item(const Limits& limits);
[[nodiscard]] Object array_schema(Object item, const Limits& limits);

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
    const auto items = detail::items_of(from, path, limits);
    if (!items) return std::unexpected(items.error());
    const Limits each = detail::of_item(limits);
    to.resize((*items)->size());
    for (std::size_t i = 0; i < to.size(); ++i) {
      auto done = Codec<T>::read((**items)[i], detail::item_path(path, i), each, to[i]);
      if (!done) return done;
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
    return detail::array_schema(Codec<T>::schema(detail::of_item(limits)), limits);
  }
};

namespace detail {

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

// Member: a member of T as Boost.Describe has it.
template <typename T, typename Member>
[[nodiscard]] constexpr Field field_of() {
  using Type = std::remove_cvref_t<decltype(std::declval<T&>().*Member::pointer)>;
  Field field{.name = Member::name,
              .is_set = nullptr,
              .read =
                  [](const Value& from, std::string_view path, const Limits& limits, void* record) {
                    return Codec<Type>::read(from, path, limits,
                                             static_cast<T*>(record)->*Member::pointer);
                  },
              .write =
                  [](std::string& out, const void* record) {
                    Codec<Type>::write(out, static_cast<const T*>(record)->*Member::pointer);
                  },
              .schema = &Codec<Type>::schema};
  if constexpr (is_optional<Type>) {
    field.is_set = [](const void* record) {
      return (static_cast<const T*>(record)->*Member::pointer).has_value();
    };
  }
  return field;
}

template <typename T, template <typename...> typename List, typename... Members>
[[nodiscard]] constexpr std::array<Field, sizeof...(Members)> fields_of(List<Members...>) {
  return {field_of<T, Members>()...};
}

}  // namespace detail

template <typename T>
struct Codec {
  static_assert(boost::describe::has_describe_members<T>::value,
                "describe the struct with BOOST_DESCRIBE_STRUCT before putting it on the wire");

  [[nodiscard]] static Result<void> read(const Value& from,
                                         std::string_view path,
                                         const Limits&,
                                         T& to) {
    return shape().read(from, path, &to);
  }
  static void write(std::string& out, const T& record) { shape().write(out, &record); }
  [[nodiscard]] static Object schema(const Limits&) {
    const T defaults{};
    return shape().schema(&defaults);
  }

 private:
  static const detail::Shape& shape() {
    using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
    static constexpr auto fields = detail::fields_of<T>(Members{});
    static const detail::Shape shape(fields, notes(static_cast<const T*>(nullptr)));
    return shape;
  }
};

}  // namespace hearth::json
