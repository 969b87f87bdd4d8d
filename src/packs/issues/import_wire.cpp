// The export, read: event by event, each held against its id.
#include <limits>
#include <utility>
#include <variant>

#include "json/json.hpp"
#include "packs/issues/engine/event_codec.hpp"
#include "packs/issues/exchange_wire.hpp"

namespace hearth::packs::issues {
namespace {

// The members of one event's payload. What is missing or of another kind is noted once, and a value
// given all the same, so that the caller reads on and asks in the end.
class PayloadReader {
 public:
  explicit PayloadReader(const json::Value& from) : from_(from) {}

  [[nodiscard]] std::string text(std::string_view name) {
    const json::Value* value = json::find(from_, name);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    return wrong(name, "a string"), std::string();
  }
  [[nodiscard]] std::optional<std::string> text_or_null(std::string_view name) {
    const json::Value* value = json::find(from_, name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return text(name);
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> texts;
    const json::Value* value = json::find(from_, name);
    if (value == nullptr || !value->is_array()) return wrong(name, "an array of strings"), texts;
    for (const json::Value& item : value->get_array()) {
      if (!item.is_string()) return wrong(name, "an array of strings"), texts;
      texts.emplace_back(item.get_string());
    }
    return texts;
  }
  [[nodiscard]] std::uint64_t number(std::string_view name) {
    const json::Value* value = json::find(from_, name);
    if (value != nullptr && value->is_uint64()) return value->get_uint64();
    if (value != nullptr && value->is_int64() && value->get_int64() >= 0) {
      return static_cast<std::uint64_t>(value->get_int64());
    }
    return wrong(name, "a whole number"), 0;
  }
  // Hexadecimal digits, or the bytes as numbers.
  template <typename Id>
  [[nodiscard]] Id id(std::string_view name) {
    const json::Value* value = json::find(from_, name);
    std::optional<Id> id;
    if (value != nullptr && value->is_string()) {
      id = id_of_hex<Id>(std::string_view(value->get_string()));
    } else if (value != nullptr && value->is_array()) {
      if (const auto bytes = bytes_of(value->get_array()); bytes && bytes->size() == Id::size) {
        id = Id::of(*bytes);
      }
    }
    if (!id) wrong(name, std::to_string(2 * Id::size) + " hexadecimal digits");
    return id.value_or(Id{});
  }
  template <typename Id>
  [[nodiscard]] std::optional<Id> id_or_null(std::string_view name) {
    const json::Value* value = json::find(from_, name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return id<Id>(name);
  }
  template <typename Enum>
  [[nodiscard]] Enum word(std::string_view name, std::optional<Enum> (*of)(std::string_view)) {
    const auto value = of(text(name));
    if (!value) wrong(name, "one of the words that are known");
    return value.value_or(Enum{});
  }

  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  void wrong(std::string_view name, std::string_view expected) {
    if (!complaint_.empty()) return;
    complaint_.append(name).append(": expected ").append(expected);
  }
  static std::optional<std::string> bytes_of(const json::Array& numbers) {
    std::string bytes;
    for (const json::Value& number : numbers) {
      if (!number.is_int64() || number.get_int64() < 0 || number.get_int64() > 255) {
        return std::nullopt;
      }
      bytes += static_cast<char>(number.get_int64());
    }
    return bytes;
  }

  const json::Value& from_;
  std::string complaint_;
};

using ReadKind = Kind (*)(PayloadReader&);

template <typename WithLabel>
Kind read_label(PayloadReader& from) {
  return WithLabel{from.text("label")};
}
template <typename WithUser>
Kind read_user(PayloadReader& from) {
  return WithUser{from.text("user")};
}
template <typename WithDependency>
Kind read_dependency(PayloadReader& from) {
  const auto target = from.id<IssueId>("target");
  return WithDependency{target, from.word("dep_type", dependency_type_of)};
}

// In the order of the variant. Of a source file only what the export has.
constexpr ReadKind readers[std::variant_size_v<Kind>] = {
    [](PayloadReader& from) -> Kind {
      return IssueCreated{from.text("title"), from.text("body"), from.texts("labels")};
    },
    [](PayloadReader& from) -> Kind {
      return IssueUpdated{from.text_or_null("title"), from.text_or_null("body")};
    },
    [](PayloadReader& from) -> Kind { return CommentAdded{from.text("body")}; },
    read_label<LabelAdded>,
    read_label<LabelRemoved>,
    [](PayloadReader& from) -> Kind { return StateChanged{from.word("state", state_of)}; },
    [](PayloadReader& from) -> Kind {
      return LinkAdded{from.text("url"), from.text_or_null("note")};
    },
    read_user<AssigneeAdded>,
    read_user<AssigneeRemoved>,
    [](PayloadReader& from) -> Kind {
      return AttachmentAdded{from.text("name"), from.id<Sha256>("sha256"), from.text("mime")};
    },
    read_dependency<DependencyAdded>,
    read_dependency<DependencyRemoved>,
    [](PayloadReader& from) -> Kind {
      return ContextUpdated{.path = from.text("path"), .language = from.text("language")};
    },
    [](PayloadReader& from) -> Kind {
      return ProjectContextUpdated{from.text("key"), from.text("value")};
    },
};

struct NamedKind {
  Kind kind;
  std::string complaint;
};

NamedKind read_kind(const json::Value& from) {
  if (!from.is_object() || from.get_object().size() != 1) {
    return {{}, "kind: expected an object with one member"};
  }
  const auto& [name, payload] = *from.get_object().begin();
  static const std::vector<Kind> samples = [] {
    std::vector<Kind> all;
    [&all]<std::size_t... I>(std::index_sequence<I...>) {
      (all.emplace_back(std::in_place_index<I>), ...);
    }(std::make_index_sequence<std::variant_size_v<Kind>>{});
    return all;
  }();
  for (const Kind& sample : samples) {
    if (name_of(sample) != std::string_view(name)) continue;
    PayloadReader reader(payload);
    Kind kind = readers[sample.index()](reader);
    return {std::move(kind), reader.complaint()};
  }
  return {{}, "kind: \"" + std::string(name) + "\" is not known"};
}

// The event, or why it cannot be taken.
std::variant<Event, std::string> read_event(const json::Value& from) {
  PayloadReader reader(from);
  Event event;
  event.id = reader.id<EventId>("event_id");
  event.issue = reader.id<IssueId>("issue_id");
  event.actor = reader.id<ActorId>("actor");
  event.ts_ms = reader.number("ts_unix_ms");
  event.parent = reader.id_or_null<EventId>("parent");
  if (!reader.complaint().empty()) return reader.complaint();
  // After such a time nothing could be said about the issue any more.
  if (event.ts_ms >= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return "ts_unix_ms is not a time";
  const json::Value* kind = json::find(from, "kind");
  NamedKind read = read_kind(kind == nullptr ? json::Value() : *kind);
  if (!read.complaint.empty()) return std::move(read.complaint);
  event.kind = std::move(read.kind);
  return event;
}

const json::Value* events_in(const json::Value& from) {
  if (from.is_array()) return &from;
  if (const json::Value* data = json::find(from, "data")) return events_in(*data);
  if (const json::Value* issue = json::find(from, "issue");
      issue != nullptr && issue->is_object()) {
    if (const json::Value* events = json::find(*issue, "events")) return events;
  }
  return json::find(from, "events");
}

}  // namespace

Result<ImportedEvents> import_export_json(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) return std::unexpected(parsed.error());
  const json::Value* events = events_in(*parsed);
  if (events == nullptr || !events->is_array()) {
    return fail(Errc::invalid_args, "this is no export: it has no array \"events\"");
  }
  ImportedEvents imported;
  std::size_t number = 0;
  for (const json::Value& from : events->get_array()) {
    ++number;
    auto read = read_event(from);
    if (auto* why = std::get_if<std::string>(&read)) {
      imported.left_out.push_back({number, std::move(*why)});
      continue;
    }
    Event& event = std::get<Event>(read);
    const EventId said = event.id;
    if (std::holds_alternative<ContextUpdated>(event.kind)) {
      ++imported.without_symbols;
      continue;
    }
    seal(event);
    if (event.id != said) {
      imported.left_out.push_back({number, "event_id: is not the digest of what the event says"});
      continue;
    }
    imported.events.push_back(std::move(event));
  }
  return imported;
}

}  // namespace hearth::packs::issues
