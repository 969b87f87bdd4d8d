#include "mcp/catalog.hpp"

#include <cstdio>
#include <cstdlib>

#include "base/closest.hpp"
#include "json/json.hpp"

namespace hearth::mcp {
namespace {

void append_flag(std::string& out, std::string_view name, bool value) {
  out.append(",\"").append(name).append("\":").append(value ? "true" : "false");
}

std::string list_tool(const ToolEntry& tool) {
  std::string out = R"({"name":)";
  json::append_string(out, tool.name);
  out.append(R"(,"title":)");
  json::append_string(out, tool.spec.title);
  out.append(R"(,"description":)");
  json::append_string(out, tool.spec.description);
  out.append(R"(,"inputSchema":)").append(tool.spec.input_schema);
  out.append(R"(,"outputSchema":)").append(tool.spec.output_schema);
  out.append(R"(,"annotations":{"title":)");
  json::append_string(out, tool.spec.title);
  append_flag(out, "readOnlyHint", tool.spec.annotations.read_only);
  append_flag(out, "destructiveHint", tool.spec.annotations.destructive);
  append_flag(out, "idempotentHint", tool.spec.annotations.idempotent);
  append_flag(out, "openWorldHint", tool.spec.annotations.open_world);
  out.append("}}");
  return out;
}

// Collects one pack's declarations.
class Collector final : public pack::ToolBinder {
 public:
  Collector(std::string_view pack, std::vector<std::unique_ptr<ToolEntry>>& entries)
      : pack_(pack), entries_(entries) {}

  void add(pack::ToolSpec spec, pack::ToolHandler handler) override {
    auto entry = std::make_unique<ToolEntry>();
    entry->name = pack_ + "_" + spec.verb;
    entry->pack = pack_;
    entry->spec = std::move(spec);
    entry->handler = std::move(handler);
    entry->listing = list_tool(*entry);
    entries_.push_back(std::move(entry));
  }

 private:
  std::string pack_;
  std::vector<std::unique_ptr<ToolEntry>>& entries_;
};

}  // namespace

void Catalog::add(pack::Pack& pack) {
  const std::size_t first = entries_.size();
  Collector collector(pack.name(), entries_);
  pack.declare(collector);
  for (std::size_t i = first; i < entries_.size(); ++i) {
    if (by_name_.emplace(entries_[i]->name, entries_[i].get()).second) continue;
    std::fprintf(stderr, "two tools are called %s\n", entries_[i]->name.c_str());
    std::abort();
  }
  rebuild_listing();
}

ToolEntry* Catalog::find(std::string_view name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<std::string> Catalog::suggest(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) names.push_back(entry->name);
  return closest_names(name, names);
}

void Catalog::rebuild_listing() {
  listing_ = R"({"tools":[)";
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i != 0) listing_.push_back(',');
    listing_.append(entries_[i]->listing);
  }
  listing_.append("]}");
}

}  // namespace hearth::mcp
