// What the packs offer: one place for listing, finding and counting.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.hpp"
#include "base/result.hpp"
#include "mcp/request_state.hpp"
#include "mcp/uri_template.hpp"
#include "pack/pack.hpp"

namespace hearth::mcp {

class Session;
class Tasks;

// Which tools a session lists; it may call all of them either way.
enum class Surface : std::uint8_t {
  full,
  compact,  // those of no pack, by which all others are reached
};

struct ToolEntry {
  std::string name;  // "knowledge_search"
  std::string pack;  // empty: the name has no prefix
  pack::ToolSpec spec;
  pack::ToolHandler handler;
  std::string listing;  // MCP's Tool object as JSON text
  // Since the start of the daemon.
  std::uint64_t errors = 0;
  std::uint64_t in_flight = 0;
  Histogram latency;  // of answered calls
};

// How a call ended.
struct CallRecord {
  const std::string& subject;  // the tool's name, the resource's URI, the prompt's name
  const ToolEntry* tool;       // null for resources and prompts
  const pack::Caller& caller;
  std::chrono::microseconds duration;
  const Error* error;  // null if it succeeded
};

struct ResourceEntry {
  pack::ResourceSpec spec;
  pack::ResourceHandler handler;
};

struct TemplateEntry {
  pack::TemplateSpec spec;
  UriTemplate pattern;
  pack::ResourceHandler handler;
  pack::Completer completer;  // may be empty
};

struct PromptEntry {
  std::string name;  // "knowledge_review"
  pack::PromptSpec spec;
  pack::PromptHandler handler;
  pack::Completer completer;  // may be empty
};

// A list of MCP objects, cut into pages once.
class Listing final {
 public:
  // `member` is the name of the array in the result: "tools".
  explicit Listing(std::string member) : member_(std::move(member)) { add_page(); }

  void add(std::string_view item);  // JSON text
  // The result's JSON text: {"tools":[…],"nextCursor":"…"}. `invalid_args` for a cursor that no
  // page has given. Views live until the next add().
  [[nodiscard]] Result<std::string_view> page(std::string_view cursor) const;

 private:
  static constexpr std::size_t page_size = 200;
  void add_page();

  std::string member_;
  std::size_t count_ = 0;
  std::vector<std::string> pages_;
};

// Filled once before the daemon serves, then constant but for the counters and the sessions, which
// enter themselves. Loop thread.
class Catalog final {
 public:
  // Lists what a pack offers. Two things of one name are our mistake and end the program.
  void add(pack::Pack& pack);

  [[nodiscard]] ToolEntry* find_tool(std::string_view name);
  [[nodiscard]] ResourceEntry* find_resource(std::string_view uri);
  // The first template that `uri` follows, with its variables.
  [[nodiscard]] std::pair<TemplateEntry*, pack::Variables> match_template(std::string_view uri);
  [[nodiscard]] TemplateEntry* find_template(std::string_view uri_template);
  [[nodiscard]] PromptEntry* find_prompt(std::string_view name);

  // In a fixed order: pack, then declaration.
  [[nodiscard]] const Listing& tools(Surface surface = Surface::full) const {
    return surface == Surface::full ? tool_list_ : compact_list_;
  }
  [[nodiscard]] const Listing& resources() const { return resource_list_; }
  [[nodiscard]] const Listing& templates() const { return template_list_; }
  [[nodiscard]] const Listing& prompts() const { return prompt_list_; }
  [[nodiscard]] const std::vector<std::unique_ptr<ToolEntry>>& entries() const { return entries_; }
  // Nearest tool names, for messages.
  [[nodiscard]] std::vector<std::string> suggest(std::string_view name) const;

  // Tells the sessions that see it.
  void list_changed(pack::ListKind kind);
  void resource_updated(const std::string& uri, const pack::Audience& audience);
  // Whether one of them follows a resource whose URI begins so.
  [[nodiscard]] bool is_watched(std::string_view prefix, const pack::Audience& audience) const;
  void enter(Session& session) { sessions_.insert(&session); }
  void leave(Session& session) { sessions_.erase(&session); }

  // Who is told of every resource that a session begins to follow. At most one; it must be quick.
  using FollowObserver = std::function<void(const std::string& uri, const pack::Caller& caller)>;
  void on_followed(FollowObserver observer) { follow_observer_ = std::move(observer); }
  void followed(const std::string& uri, const pack::Caller& caller) const {
    if (follow_observer_) follow_observer_(uri, caller);
  }

  // Who is told of every call that ends. At most one; it must be quick.
  void on_call_ended(std::function<void(const CallRecord&)> observer) {
    observer_ = std::move(observer);
  }
  void call_ended(const CallRecord& record) const {
    if (observer_) observer_(record);
  }

  // Where calls may go on as tasks; without, none does. Outlives the sessions.
  void use_tasks(std::shared_ptr<Tasks> tasks) { tasks_ = std::move(tasks); }
  [[nodiscard]] const std::shared_ptr<Tasks>& tasks() const { return tasks_; }

  // Seals what calls leave with their callers between two rounds.
  [[nodiscard]] const StateSeal& seal() const { return seal_; }
  // So that a later daemon can open it; else the key is of this process only.
  void use_seal(const StateSeal& seal) { seal_ = seal; }

 private:
  class Collector;

  std::vector<std::unique_ptr<ToolEntry>> entries_;
  std::map<std::string, ToolEntry*, std::less<>> by_name_;
  std::map<std::string, ResourceEntry, std::less<>> resources_;  // by URI
  std::vector<std::unique_ptr<TemplateEntry>> templates_;
  std::map<std::string, PromptEntry, std::less<>> prompts_;  // by name
  Listing tool_list_{"tools"};
  Listing compact_list_{"tools"};
  Listing resource_list_{"resources"};
  Listing template_list_{"resourceTemplates"};
  Listing prompt_list_{"prompts"};
  std::set<Session*> sessions_;
  FollowObserver follow_observer_;
  std::function<void(const CallRecord&)> observer_;
  std::shared_ptr<Tasks> tasks_;  // also held, weakly, by its calls
  StateSeal seal_;
};

}  // namespace hearth::mcp
