#include "mcp/catalog.hpp"

#include <cstdio>
#include <cstdlib>

#include "base/closest.hpp"
#include "json/json.hpp"
#include "mcp/session.hpp"

namespace hearth::mcp {
namespace {

// A JSON object, member by member; empty texts are left out.
class ObjectText final {
 public:
  ObjectText& text(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    return raw(name, json::quoted(value));
  }
  ObjectText& flag(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }
  ObjectText& icons(const std::vector<pack::Icon>& icons) {
    if (icons.empty()) return *this;
    std::string list = "[";
    for (const pack::Icon& icon : icons) {
      ObjectText text;
      text.text("src", icon.src).text("mimeType", icon.mime_type).text("theme", icon.theme);
      if (!icon.sizes.empty())
        text.raw("sizes", json::dump(json::Array(icon.sizes.begin(), icon.sizes.end())));
      list.append(list.size() > 1 ? "," : "").append(text.done());
    }
    return raw("icons", list + ']');
  }
  ObjectText& raw(std::string_view name, std::string_view json) {
    out_.append(out_.size() > 1 ? ",\"" : "\"").append(name).append("\":").append(json);
    return *this;
  }
  [[nodiscard]] std::string done() const { return out_ + "}"; }

 private:
  std::string out_ = "{";
};

std::string list_tool(const ToolEntry& tool) {
  const pack::Annotations& hints = tool.spec.annotations;
  const std::string annotations = ObjectText()
                                      .text("title", tool.spec.title)
                                      .flag("readOnlyHint", hints.read_only)
                                      .flag("destructiveHint", hints.destructive)
                                      .flag("idempotentHint", hints.idempotent)
                                      .flag("openWorldHint", hints.open_world)
                                      .done();
  ObjectText text;
  text.text("name", tool.name)
      .text("title", tool.spec.title)
      .text("description", tool.spec.description)
      .raw("inputSchema", tool.spec.input_schema);
  if (!tool.spec.output_schema.empty()) text.raw("outputSchema", tool.spec.output_schema);
  text.raw("annotations", annotations).icons(tool.spec.icons);
  if (tool.spec.task == pack::TaskSupport::forbidden) return text.done();
  const bool is_required = tool.spec.task == pack::TaskSupport::required;
  return text
      .raw("execution",
           is_required ? R"({"taskSupport":"required"})" : R"({"taskSupport":"optional"})")
      .done();
}

// A resource, or a template of some; `address` is the member that names where it is.
template <typename Spec>
std::string list_readable(std::string_view address, std::string_view where, const Spec& spec) {
  return ObjectText()
      .text(address, where)
      .text("name", spec.name)
      .text("title", spec.title)
      .text("description", spec.description)
      .text("mimeType", spec.mime_type)
      .icons(spec.icons)
      .done();
}

std::string list_prompt(const PromptEntry& prompt) {
  std::string arguments = "[";
  for (const pack::PromptArgument& argument : prompt.spec.arguments) {
    if (arguments.size() > 1) arguments.push_back(',');
    arguments.append(ObjectText()
                         .text("name", argument.name)
                         .text("description", argument.description)
                         .flag("required", argument.required)
                         .done());
  }
  return ObjectText()
      .text("name", prompt.name)
      .text("title", prompt.spec.title)
      .text("description", prompt.spec.description)
      .raw("arguments", arguments + ']')
      .icons(prompt.spec.icons)
      .done();
}

[[noreturn]] void refuse_twin(std::string_view name) {
  std::fprintf(stderr, "two things are called %.*s\n", static_cast<int>(name.size()), name.data());
  std::abort();
}

}  // namespace

void Listing::add_page() {
  if (!pages_.empty()) {
    pages_.back().pop_back();  // the brace
    pages_.back().append(R"(,"nextCursor":")" + std::to_string(pages_.size()) + "\"}");
  }
  pages_.push_back("{\"" + member_ + "\":[]}");
}

void Listing::add(std::string_view item) {
  if (count_ != 0 && count_ % page_size == 0) add_page();
  std::string& page = pages_.back();
  page.resize(page.size() - 2);
  if (count_++ % page_size != 0) page.push_back(',');
  page.append(item).append("]}");
}

Result<std::string_view> Listing::page(std::string_view cursor) const {
  std::size_t number = 0;
  if (!cursor.empty()) {
    while (++number < pages_.size() && std::to_string(number) != cursor) {
    }
  }
  if (number >= pages_.size())
    return fail(Errc::invalid_args, "params.cursor: not one that this list has given",
                {"begin again without a cursor"});
  return pages_[number];
}

// Collects one pack's declarations.
class Catalog::Collector final : public pack::Binder {
 public:
  Collector(std::string_view pack, Catalog& catalog)
      : pack_(pack), prefix_(pack_.empty() ? "" : pack_ + "_"), catalog_(catalog) {}

  void add(pack::ToolSpec spec, pack::ToolHandler handler) override {
    auto entry = std::make_unique<ToolEntry>();
    entry->name = prefix_ + spec.verb;
    entry->pack = pack_;
    entry->spec = std::move(spec);
    entry->handler = std::move(handler);
    entry->listing = list_tool(*entry);
    if (!catalog_.by_name_.emplace(entry->name, entry.get()).second) refuse_twin(entry->name);
    catalog_.tool_list_.add(entry->listing);
    if (pack_.empty()) catalog_.compact_list_.add(entry->listing);
    catalog_.entries_.push_back(std::move(entry));
  }
  void add(pack::ResourceSpec spec, pack::ResourceHandler handler) override {
    catalog_.resource_list_.add(list_readable("uri", spec.uri, spec));
    const std::string uri = spec.uri;
    if (!catalog_.resources_.emplace(uri, ResourceEntry{std::move(spec), std::move(handler)})
             .second)
      refuse_twin(uri);
  }
  void add(pack::TemplateSpec spec,
           pack::ResourceHandler handler,
           pack::Completer completer) override {
    catalog_.template_list_.add(list_readable("uriTemplate", spec.uri_template, spec));
    if (catalog_.find_template(spec.uri_template) != nullptr) refuse_twin(spec.uri_template);
    const UriTemplate pattern(spec.uri_template);
    catalog_.templates_.push_back(std::make_unique<TemplateEntry>(
        std::move(spec), pattern, std::move(handler), std::move(completer)));
  }
  void add(pack::PromptSpec spec, pack::PromptHandler handler, pack::Completer completer) override {
    PromptEntry entry{prefix_ + spec.name, std::move(spec), std::move(handler),
                      std::move(completer)};
    catalog_.prompt_list_.add(list_prompt(entry));
    const std::string name = entry.name;
    if (!catalog_.prompts_.emplace(name, std::move(entry)).second) refuse_twin(name);
  }

 private:
  std::string pack_;
  std::string prefix_;
  Catalog& catalog_;
};

void Catalog::add(pack::Pack& pack) {
  Collector collector(pack.name(), *this);
  pack.declare(collector);
}

ToolEntry* Catalog::find_tool(std::string_view name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

ResourceEntry* Catalog::find_resource(std::string_view uri) {
  const auto found = resources_.find(uri);
  return found == resources_.end() ? nullptr : &found->second;
}

std::pair<TemplateEntry*, pack::Variables> Catalog::match_template(std::string_view uri) {
  for (const auto& entry : templates_) {
    if (auto variables = entry->pattern.match(uri)) return {entry.get(), std::move(*variables)};
  }
  return {nullptr, {}};
}

TemplateEntry* Catalog::find_template(std::string_view uri_template) {
  for (const auto& entry : templates_) {
    if (entry->spec.uri_template == uri_template) return entry.get();
  }
  return nullptr;
}

PromptEntry* Catalog::find_prompt(std::string_view name) {
  const auto found = prompts_.find(name);
  return found == prompts_.end() ? nullptr : &found->second;
}

std::vector<std::string> Catalog::suggest(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) names.push_back(entry->name);
  return closest_names(name, names);
}

void Catalog::list_changed(pack::ListKind kind) {
  for (Session* session : std::vector(sessions_.begin(), sessions_.end()))
    session->list_changed(kind);
}

void Catalog::resource_updated(const std::string& uri, const pack::Audience& audience) {
  for (Session* session : std::vector(sessions_.begin(), sessions_.end()))
    session->resource_updated(uri, audience);
}

bool Catalog::is_watched(std::string_view prefix, const pack::Audience& audience) const {
  return std::ranges::any_of(sessions_,
                             [&](const Session* each) { return each->watches(prefix, audience); });
}

}  // namespace hearth::mcp
