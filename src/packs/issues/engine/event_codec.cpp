#include "packs/issues/engine/event_codec.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "packs/issues/engine/crypto.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::uint64_t schema_version = 1;

// ---- Payloads ---------------------------------------------------------------------------------

void append_optional_text(std::string& out, const std::optional<std::string>& text) {
  if (text) {
    append_cbor_text(out, *text);
  } else {
    append_cbor_null(out);
  }
}

void append_symbols(std::string& out, const std::vector<Symbol>& symbols) {
  append_cbor_array(out, symbols.size());
  for (const Symbol& symbol : symbols) {
    append_cbor_array(out, 4);
    append_cbor_text(out, symbol.name);
    append_cbor_text(out, symbol.kind);
    append_cbor_unsigned(out, symbol.line_start);
    append_cbor_unsigned(out, symbol.line_end);
  }
}

struct PayloadWriter {
  std::string& out;

  void operator()(const IssueCreated& kind) const {
    append_cbor_array(out, 3);
    append_cbor_text(out, kind.title);
    append_cbor_text(out, kind.body);
    append_cbor_array(out, kind.labels.size());
    for (const std::string& label : kind.labels) append_cbor_text(out, label);
  }
  void operator()(const IssueUpdated& kind) const {
    append_cbor_array(out, 2);
    append_optional_text(out, kind.title);
    append_optional_text(out, kind.body);
  }
  void operator()(const CommentAdded& kind) const { one(kind.body); }
  void operator()(const LabelAdded& kind) const { one(kind.label); }
  void operator()(const LabelRemoved& kind) const { one(kind.label); }
  void operator()(const StateChanged& kind) const { one(name_of(kind.state)); }
  void operator()(const LinkAdded& kind) const {
    append_cbor_array(out, 2);
    append_cbor_text(out, kind.url);
    append_optional_text(out, kind.note);
  }
  void operator()(const AssigneeAdded& kind) const { one(kind.user); }
  void operator()(const AssigneeRemoved& kind) const { one(kind.user); }
  void operator()(const AttachmentAdded& kind) const {
    append_cbor_array(out, 3);
    append_cbor_text(out, kind.name);
    append_cbor_bytes(out, kind.sha256.view());
    append_cbor_text(out, kind.mime);
  }
  void operator()(const DependencyAdded& kind) const { dependency(kind.target, kind.type); }
  void operator()(const DependencyRemoved& kind) const { dependency(kind.target, kind.type); }
  void operator()(const ContextUpdated& kind) const {
    append_cbor_array(out, 5);
    append_cbor_text(out, kind.path);
    append_cbor_text(out, kind.language);
    append_symbols(out, kind.symbols);
    append_cbor_text(out, kind.summary);
    append_cbor_bytes(out, kind.content_hash.view());
  }
  void operator()(const ProjectContextUpdated& kind) const {
    append_cbor_array(out, 2);
    append_cbor_text(out, kind.key);
    append_cbor_text(out, kind.value);
  }

 private:
  void one(std::string_view text) const {
    append_cbor_array(out, 1);
    append_cbor_text(out, text);
  }
  void dependency(const IssueId& target, DependencyType type) const {
    append_cbor_array(out, 2);
    append_cbor_bytes(out, target.view());
    append_cbor_text(out, name_of(type));
  }
};

std::optional<std::string> read_optional_text(CborReader& reader) {
  if (reader.take_null()) return std::nullopt;
  return reader.read_text();
}

std::uint32_t read_line(CborReader& reader) {
  const std::uint64_t line = reader.read_unsigned();
  if (line > UINT32_MAX) reader.fail("expected a line number");
  return static_cast<std::uint32_t>(line);
}

// Reads the items of one payload; each read takes the next of them.
class PayloadReader {
 public:
  explicit PayloadReader(CborReader& reader) : reader_(reader), items_(reader.begin_array()) {}
  ~PayloadReader() { reader_.end(items_); }
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;

  void read(IssueCreated& kind) {
    text(kind.title);
    text(kind.body);
    if (!has_item()) return;
    for (auto labels = reader_.begin_array(); reader_.next(labels);) {
      kind.labels.push_back(reader_.read_text());
    }
  }
  void read(IssueUpdated& kind) {
    optional_text(kind.title);
    optional_text(kind.body);
  }
  void read(CommentAdded& kind) { text(kind.body); }
  void read(LabelAdded& kind) { text(kind.label); }
  void read(LabelRemoved& kind) { text(kind.label); }
  void read(StateChanged& kind) { named(kind.state, state_of); }
  void read(LinkAdded& kind) {
    text(kind.url);
    optional_text(kind.note);
  }
  void read(AssigneeAdded& kind) { text(kind.user); }
  void read(AssigneeRemoved& kind) { text(kind.user); }
  void read(AttachmentAdded& kind) {
    text(kind.name);
    id(kind.sha256);
    text(kind.mime);
  }
  void read(DependencyAdded& kind) {
    id(kind.target);
    named(kind.type, dependency_type_of);
  }
  void read(DependencyRemoved& kind) {
    id(kind.target);
    named(kind.type, dependency_type_of);
  }
  void read(ContextUpdated& kind) {
    text(kind.path);
    text(kind.language);
    symbols(kind.symbols);
    text(kind.summary);
    id(kind.content_hash);
  }
  void read(ProjectContextUpdated& kind) {
    text(kind.key);
    text(kind.value);
  }

 private:
  bool has_item() {
    const bool has = reader_.next(items_);
    if (!has) reader_.fail("a payload lacks a part");
    return has;
  }
  void text(std::string& to) {
    if (has_item()) to = reader_.read_text();
  }
  void optional_text(std::optional<std::string>& to) {
    if (has_item()) to = read_optional_text(reader_);
  }
  template <typename Id>
  void id(Id& to) {
    if (has_item()) to = reader_.read_id<Id>();
  }
  template <typename Enum>
  void named(Enum& to, std::optional<Enum> (*of_name)(std::string_view)) {
    std::string name;
    text(name);
    const auto value = of_name(name);
    if (!value) return reader_.fail("unknown word \"" + name + "\"");
    to = *value;
  }
  void symbols(std::vector<Symbol>& to) {
    if (!has_item()) return;
    for (auto all = reader_.begin_array(); reader_.next(all);) {
      auto parts = reader_.begin_array();
      Symbol symbol;
      if (reader_.next(parts)) symbol.name = reader_.read_text();
      if (reader_.next(parts)) symbol.kind = reader_.read_text();
      if (reader_.next(parts)) symbol.line_start = read_line(reader_);
      if (!reader_.next(parts)) return reader_.fail("a symbol lacks a part");
      symbol.line_end = read_line(reader_);
      reader_.end(parts);
      to.push_back(std::move(symbol));
    }
  }

  CborReader& reader_;
  CborReader::Array items_;
};

// The kind of a tag, empty.
template <std::size_t... Index>
bool make_kind(std::uint64_t tag, Kind& kind, std::index_sequence<Index...>) {
  return ((tag == Index + 1 ? (kind.emplace<Index>(), true) : false) || ...);
}

void read_kind(CborReader& reader, std::uint64_t tag, Kind& kind) {
  if (!make_kind(tag, kind, std::make_index_sequence<std::variant_size_v<Kind>>())) {
    return reader.fail("unknown kind of event " + std::to_string(tag));
  }
  PayloadReader payload(reader);
  std::visit([&](auto& each) { payload.read(each); }, kind);
}

// Everything but id and signature.
void append_content(std::string& out, const Event& event) {
  append_cbor_bytes(out, event.issue.view());
  append_cbor_bytes(out, event.actor.view());
  append_cbor_unsigned(out, event.ts_ms);
  if (event.parent) {
    append_cbor_bytes(out, event.parent->view());
  } else {
    append_cbor_null(out);
  }
  append_cbor_unsigned(out, tag_of(event.kind));
  std::visit(PayloadWriter{out}, event.kind);
}

// By name and kind; those that agree in both stay as they are.
void sort_symbols(std::vector<Symbol>& symbols) {
  std::multimap<std::pair<std::string, std::string>, Symbol> sorted;
  for (Symbol& symbol : symbols) {
    std::pair key{symbol.name, symbol.kind};
    sorted.emplace(std::move(key), std::move(symbol));
  }
  symbols.clear();
  for (auto& [key, symbol] : sorted) symbols.push_back(std::move(symbol));
}

}  // namespace

std::string event_preimage(const Event& event) {
  std::string out;
  append_cbor_array(out, 7);
  append_cbor_unsigned(out, schema_version);
  append_content(out, event);
  return out;
}

EventId event_id(const Event& event) {
  return {blake2b_256(event_preimage(event))};
}

void seal(Event& event) {
  if (auto* created = std::get_if<IssueCreated>(&event.kind)) std::ranges::sort(created->labels);
  if (auto* context = std::get_if<ContextUpdated>(&event.kind)) {
    sort_symbols(context->symbols);
  }
  event.id = event_id(event);
}

void append_record(std::string& out, const Event& event) {
  append_cbor_array(out, 8);
  append_cbor_bytes(out, event.id.view());
  append_content(out, event);
  if (event.signature) {
    append_cbor_bytes(out, *event.signature);
  } else {
    append_cbor_null(out);
  }
}

namespace {

void read_parts(CborReader& reader, Event& event) {
  auto parts = reader.begin_array();
  const auto has_part = [&] {
    const bool has = reader.next(parts);
    if (!has) reader.fail("an event lacks a part");
    return has;
  };
  if (has_part()) event.id = reader.read_id<EventId>();
  if (has_part()) event.issue = reader.read_id<IssueId>();
  if (has_part()) event.actor = reader.read_id<ActorId>();
  if (has_part()) event.ts_ms = reader.read_unsigned();
  if (has_part() && !reader.take_null()) event.parent = reader.read_id<EventId>();
  std::uint64_t tag = 0;
  if (has_part()) tag = reader.read_unsigned();
  if (has_part()) read_kind(reader, tag, event.kind);
  if (has_part() && !reader.take_null()) event.signature = reader.read_bytes();
  reader.end(parts);
}

}  // namespace

// By what it says, not by its bytes: in another form than the deterministic one they may have a
// digest that nobody finds who writes the event anew.
RecordRead read_record(CborReader& reader, Event& event) {
  read_parts(reader, event);
  if (!reader.ok()) return RecordRead::unreadable;
  return event.id == event_id(event) ? RecordRead::good : RecordRead::forged;
}

bool read_kept_record(CborReader& reader, Event& event) {
  read_parts(reader, event);
  return reader.ok();
}

}  // namespace hearth::packs::issues
