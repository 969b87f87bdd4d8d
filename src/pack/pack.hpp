// The pack interface: how a capability plugs into the daemon. Small and stable; packs know nothing
// else of it.
//
// Life of a pack, in order (all on the loop thread unless said otherwise):
//   1. constructed by app/ with what it needs;  2. declare(): lists its tools, once;  3. start():
//   gets its context, returns at once; warm-up goes to the pool;  4. calls, until  5. stop(): no
//   new call will come; the pack finishes or cancels its own background work and answers what is
//   open;  6. destroyed.
// A request never waits for warm-up: it is answered without the cold thing and says so, or waits a
// bounded time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "pack/call.hpp"
#include "pack/route.hpp"

namespace hearth::pack {

// What clients are told about a tool (MCP's annotations, with its meaning).
struct Annotations {
  bool read_only = false;
  bool destructive = false;  // may overwrite or remove what was there
  bool idempotent = false;   // the same call twice changes nothing more
  bool open_world = false;   // touches things outside hearth and the caller's machine
};

// How a call that may have been executed before (its answer was lost with a daemon) is treated.
enum class ResendRule : std::uint8_t {
  run_again,   // read-only or idempotent: executed again
  stored_key,  // the handler commits key and result together and returns the stored result
  refuse,      // neither is possible: the caller gets `outcome_unknown`
};

// Whether a call may go on as a task: answered with an id at once, its outcome fetched later (MCP's
// words). Only clients that can follow tasks get one; what a call answers at once it just answers.
enum class TaskSupport : std::uint8_t {
  forbidden,
  optional,
  required,  // others are refused: only for what no client can wait for
};

// For lists that people see (MCP's Icon).
struct Icon {
  std::string src;                      // an https: or data: URI
  std::string mime_type;                // "image/svg+xml"; may be empty
  std::vector<std::string> sizes = {};  // "48x48", "any"; empty: any
  std::string theme = {};               // "light" or "dark", if it is for one
};

struct ToolSpec {
  std::string verb;   // "search"; listed as "knowledge_search", typed as `hearth knowledge search`
  std::string title;  // for people: "Search knowledge"
  std::string description;    // for a model: short, with units
  std::string input_schema;   // JSON Schema 2020-12 text, an object
  std::string output_schema;  // likewise
  Annotations annotations;
  ResendRule resend = ResendRule::refuse;
  bool asks = false;  // it may answer with Questions: its arguments are kept for the next round
  // 0: none; the call's stop token fires then. A task has the time its client keeps it for.
  std::chrono::milliseconds time_limit{60'000};
  TaskSupport task = TaskSupport::forbidden;
  std::vector<Icon> icons = {};
};

// Called on the loop thread with the JSON text of the arguments object. Must not block: it answers
// at once, or hands the Call to the pool, to a store's writer or to an engine.
using ToolHandler = std::move_only_function<void(std::string_view arguments, Call call)>;

// Something to read under a fixed URI.
struct ResourceSpec {
  std::string uri;  // "hearth://status"
  std::string name;
  std::string title;
  std::string description;
  std::string mime_type;
  std::vector<Icon> icons = {};
};

// Resources whose URIs follow a template (RFC 6570, level 1: "notes://{id}/text").
struct TemplateSpec {
  std::string uri_template;
  std::string name;
  std::string title;
  std::string description;
  std::string mime_type;
  std::vector<Icon> icons = {};
};

struct PromptArgument {
  std::string name;
  std::string description;
  bool required = false;
};

struct PromptSpec {
  std::string name;  // listed behind the pack's, like a tool's verb
  std::string title;
  std::string description;
  std::vector<PromptArgument> arguments;
  std::vector<Icon> icons = {};
};

// By name: the variables of a template, the arguments of a prompt.
using Variables = std::map<std::string, std::string, std::less<>>;
// Called like a ToolHandler. A resource that is not there is `not_found`.
using ResourceHandler =
    std::move_only_function<void(const std::string& uri, const Variables&, Call call)>;
using PromptHandler = std::move_only_function<void(const Variables& arguments, Call call)>;
// Proposes values for a variable or argument that begins with `typed`; `others` are known already.
// On the loop thread, at once.
using Completer = std::move_only_function<std::vector<std::string>(
    std::string_view name, std::string_view typed, const Variables& others)>;

// Collects what a pack offers in declare(). The typed front of it for tools, which derives the
// schemas from the C++ types, is mcp/binder.hpp.
class Binder {
 public:
  virtual ~Binder() = default;
  virtual void add(ToolSpec spec, ToolHandler handler) = 0;
  virtual void add(ResourceSpec spec, ResourceHandler handler) = 0;
  virtual void add(TemplateSpec spec, ResourceHandler handler, Completer completer) = 0;
  virtual void add(PromptSpec spec, PromptHandler handler, Completer completer) = 0;
};

enum class EventKind : std::uint8_t { pack, store };
enum class ListKind : std::uint8_t { tools, resources, prompts };

// What a pack's section of config.toml may hold. Anything else in it is refused, with the nearest
// name, and what does not fit with what was expected: at the file's line, before the pack starts.
struct Setting {
  // "limit"; in a table of its own "embedder.url"; "secrets.*.env" where the person names things.
  std::string name;
  std::string expects;  // completes "expected …": "a duration such as \"30s\""
  // Whether a value fits; nullptr: any text, number, boolean or list. As setting() gives it.
  bool (*fits)(std::string_view value) = nullptr;
  // Whether the pack takes it from a configuration that is read again; else at its next start.
  bool is_live = false;
};

// A setting that fits alone, and not beside the others of its section.
struct Misfit {
  std::string name;  // of a setting that is there: its line is where the mistake is
  std::string why;
};
// The first in a section, whose settings fit each alone; by their names, as setting() gives them.
using SettingsCheck = std::optional<Misfit> (*)(const std::map<std::string, std::string>& section);

// The sessions that a change concerns.
struct Audience {
  std::string name_space;                            // all namespaces if empty
  std::function<bool(const Caller&)> concerns = {};  // all callers there if empty; must not block

  [[nodiscard]] bool includes(const Caller& caller) const {
    return (name_space.empty() || name_space == caller.name_space) &&
           (!concerns || concerns(caller));
  }
};

// What the daemon lends a pack from start() to stop().
class PackContext {
 public:
  virtual ~PackContext() = default;
  // This pack's directory in a namespace, created 0700. Any thread.
  [[nodiscard]] virtual Result<std::filesystem::path> data_directory(
      std::string_view name_space) = 0;
  // Whether another process owns the stores, and who; then nothing may be written. Any thread.
  [[nodiscard]] virtual const std::optional<std::string>& store_owner() const = 0;
  // Runs `job` on the bounded pool for blocking and heavy work; `busy` when its queue is full. Any
  // thread.
  [[nodiscard]] virtual Result<void> submit(std::move_only_function<void()> job) = 0;
  // The same for work of seconds and more, on threads of its own: a few imports must not keep
  // every search waiting.
  [[nodiscard]] virtual Result<void> submit_long(std::move_only_function<void()> job) {
    return submit(std::move(job));
  }
  // Runs `job` on the loop thread. Any thread.
  virtual void post(std::move_only_function<void()> job) = 0;
  // Tells the clients that a list has changed, or some resources. A URI that ends in "*" stands for
  // all that begin so. Any thread.
  virtual void list_changed(ListKind) {}
  virtual void resources_updated(const std::vector<std::string>& /*uris*/,
                                 const Audience& /*audience*/) {}
  // Whether one of them follows a resource whose URI begins so. Loop thread.
  [[nodiscard]] virtual bool is_watched(std::string_view /*prefix*/,
                                        const Audience& /*audience*/) const {
    return false;
  }
  // Tells whoever follows the daemon's events. `data` is the JSON text of an object. Any thread.
  virtual void publish(EventKind,
                       const std::string& /*what*/,
                       const std::string& /*name_space*/,
                       const std::string& /*data*/) {}
  // One of the pack's settings() in config.toml, as text (a list: one item a line); nothing when
  // unset. Loop thread.
  [[nodiscard]] virtual std::optional<std::string> setting(std::string_view name) const = 0;
  // What the person named there: "github" of "secrets.github.env", for "secrets". Sorted. Loop
  // thread.
  [[nodiscard]] virtual std::vector<std::string> names_in(std::string_view /*table*/) const {
    return {};
  }
  [[nodiscard]] virtual const Clock& clock() const = 0;
  // Directories, besides the caller's project, whose files tools may read: those of now, which a
  // reload may change. Any thread.
  [[nodiscard]] virtual std::vector<std::string> roots() const { return {}; }
  // Whether anybody is let into a namespace now; a reload may change that. What a pack does there
  // by itself rests while nobody is. Any thread.
  [[nodiscard]] virtual bool serves(std::string_view /*name_space*/) const { return true; }
  // Directories of hearth's own, which no tool may show to what it runs. Loop thread, at start().
  [[nodiscard]] virtual std::vector<std::string> own_directories() const { return {}; }
  // Calls a tool of any pack for work that no client waits for; its time limit applies, and
  // `context.caller` says for whom. `done` comes once, on the loop thread. Any thread.
  virtual void call_tool(const std::string& tool,
                         std::string /*arguments*/,  // NOLINT(performance-unnecessary-value-param)
                         Call::Context /*context*/,  // NOLINT(performance-unnecessary-value-param)
                         std::move_only_function<void(Result<Reply>)> done) {
    done(fail(Errc::not_found, "there is no tool " + tool));
  }
  // What clients are told about a tool; nothing when there is none. Any thread.
  [[nodiscard]] virtual std::optional<Annotations> annotations_of(
      const std::string& /*tool*/) const {
    return std::nullopt;
  }
  // Whether an answered write has to survive a loss of power; else kill -9 of everything is enough.
  [[nodiscard]] virtual bool is_power_safe() const { return true; }
};

// A person who decides something, as a credential tells: a terminal, the approver's token.
struct Reviewer {
  std::string name;  // "ada at /dev/pts/3"
  std::string name_space = "default";
};

enum class Warmth : std::uint8_t { cold, warming, warm, degraded };
[[nodiscard]] std::string_view warmth_name(Warmth warmth);

struct StoreStatus {
  std::string name_space;
  std::string path;
  std::uint64_t bytes = 0;  // on disk, with its journals
};

struct PackStatus {
  Warmth warmth = Warmth::cold;
  std::string reason;  // why it is degraded
};

class Pack {
 public:
  virtual ~Pack() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  // "knowledge"
  virtual void declare(Binder& binder) = 0;
  // Asked before anything else.
  [[nodiscard]] virtual std::vector<Setting> settings() const { return {}; }
  // Of all of them together, before the pack starts and whenever the configuration is read again;
  // nullptr: there is nothing to check. Asked before anything else.
  [[nodiscard]] virtual SettingsCheck settings_check() const { return nullptr; }
  // Asked once, before start().
  [[nodiscard]] virtual std::vector<Route> routes() const { return {}; }
  virtual void start(PackContext& context) = 0;
  // Takes at most the drain deadline; returns when nothing of the pack runs any more. Called on a
  // pool thread.
  virtual void stop() = 0;
  // Any thread; at once, since every call of hearth_status asks.
  [[nodiscard]] virtual PackStatus status() const = 0;
  // The configuration was read again: setting() gives the new ones of those that are live. Also
  // when none has changed: what they name, a file or a command, may have. Loop thread; must not
  // block.
  virtual void settings_changed() {}
  // A session (its id is the caller's) has begun or ended; one that reconnects ends and begins
  // again, under the same id. Loop thread, also while stop() runs.
  virtual void session_changed(const Caller& /*caller*/, bool /*is_open*/) {}
  // A session follows a resource from now on, of any pack; one that reconnects says so again. Loop
  // thread; must not block.
  virtual void resource_followed(const std::string& /*uri*/, const Caller& /*caller*/) {}
  // Resources have changed, of any pack, as PackContext::resources_updated says it: a hint to look
  // again. Loop thread; must not block.
  virtual void resources_changed(const std::vector<std::string>& /*uris*/,
                                 const std::string& /*name_space*/) {}
  // Whether it has something to do without clients, so that the daemon does not leave when idle: a
  // folder to watch, a schedule. Loop thread.
  [[nodiscard]] virtual bool is_standing_by() const { return false; }
  // What only a person may do. Nothing of it is listed, and no tool leads here: the daemon calls it
  // when it has seen the person's credential. Arguments and answer are JSON objects. Loop thread;
  // must not block.
  virtual void in_person(std::string_view /*arguments*/,
                         Reviewer /*reviewer*/,  // NOLINT(performance-unnecessary-value-param)
                         std::move_only_function<void(Result<std::string>)> answer) {
    answer(fail(Errc::unsupported, "this pack has nothing to decide"));
  }
  // A line about what it does by itself, for `hearth status`; empty: nothing. Any thread, at once.
  [[nodiscard]] virtual std::string activity() const { return {}; }
  // The stores that are open. Any thread; asks the file system.
  [[nodiscard]] virtual std::vector<StoreStatus> stores() const { return {}; }
};

}  // namespace hearth::pack
