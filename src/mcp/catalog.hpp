// The tools of all packs: one table for listing, calling and counting.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.hpp"
#include "pack/pack.hpp"

namespace hearth::mcp {

struct ToolEntry {
  std::string name;  // "knowledge_search"
  std::string pack;
  pack::ToolSpec spec;
  pack::ToolHandler handler;
  std::string listing;  // MCP's Tool object as JSON text
  // Since the start of the daemon.
  std::uint64_t errors = 0;
  std::uint64_t in_flight = 0;
  Histogram latency;  // of answered calls
};

// Filled once before the daemon serves, then constant but for the counters. Loop thread.
class Catalog final {
 public:
  // Lists the tools of a pack. Two tools of one name are our mistake and end the program.
  void add(pack::Pack& pack);

  [[nodiscard]] ToolEntry* find(std::string_view name);
  // The result of tools/list as JSON text, in a fixed order (pack, then declaration).
  [[nodiscard]] const std::string& listing() const { return listing_; }
  [[nodiscard]] const std::vector<std::unique_ptr<ToolEntry>>& entries() const { return entries_; }
  // Nearest tool names, for messages.
  [[nodiscard]] std::vector<std::string> suggest(std::string_view name) const;

 private:
  void rebuild_listing();

  std::vector<std::unique_ptr<ToolEntry>> entries_;
  std::map<std::string, ToolEntry*, std::less<>> by_name_;
  std::string listing_ = R"({"tools":[]})";
};

}  // namespace hearth::mcp
