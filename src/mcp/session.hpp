// The MCP side of one client connection, whatever the transport: handshake or discovery, lists,
// subscriptions; calls are in calls.hpp, those that outlive their request in tasks.hpp. Both eras
// of the protocol, request by request.
//
// Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "io/loop.hpp"
#include "json/envelope.hpp"
#include "mcp/calls.hpp"
#include "mcp/catalog.hpp"
#include "mcp/era.hpp"
#include "mcp/message_sink.hpp"
#include "mcp/tasks.hpp"
#include "pack/call.hpp"

namespace hearth::mcp {

struct SessionLimits {
  std::size_t in_flight = 256;             // further calls are answered `busy`
  std::chrono::milliseconds call_time{0};  // shortens the tools' own time limits; 0: does not
  Surface surface = Surface::full;         // what tools/list shows
  std::size_t subscriptions = 4096;        // resources that a session, or a listener, may watch
};

class Session final : private TaskObserver {
 public:
  Session(io::Loop& loop,
          Catalog& catalog,
          SessionLimits limits,
          std::shared_ptr<const pack::Caller> caller,
          MessageSink& sink);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // One message from the client. `bytes` is what it holds while in flight.
  void handle(const json::Envelope& message, std::size_t bytes);

  // What the packs have changed: told to clients that asked to know, once for each thing when they
  // read it late.
  void list_changed(pack::ListKind kind);
  // A URI that ends in "*" stands for all that begin so.
  void resource_updated(const std::string& uri, const pack::Audience& audience);
  [[nodiscard]] bool watches(std::string_view prefix, const pack::Audience& audience) const;
  // The client has read what waited for it: tells what has changed meanwhile. Any message from it
  // has the same effect.
  void catch_up();

  // From now on calls are answered `draining`; those in flight go on.
  void drain() { is_draining_ = true; }
  // Answers every call in flight with `error`, or `outcome_unknown` if its tool may not be called
  // twice, and cancels it.
  void abandon(const Error& error) { calls_->abandon(error); }
  // The client is gone: cancels every call; nothing is sent any more.
  void close();

  [[nodiscard]] std::size_t in_flight() const { return calls_->in_flight(); }
  [[nodiscard]] const pack::Caller& caller() const { return *caller_; }
  // What the client calls itself, once it has.
  [[nodiscard]] const std::string& client_name() const { return client_name_; }
  // The revision agreed on in the handshake; of the last request in the modern era.
  [[nodiscard]] const std::string& revision() const { return revision_; }
  // Called when the last call in flight ends.
  void on_quiet(std::function<void()> notify) { calls_->on_quiet(std::move(notify)); }

 private:
  // One request, with what its params say.
  struct Request {
    std::string_view id;
    std::string_view method;
    std::string_view params;  // JSON text
    std::string_view hearth;  // hearth's own member, JSON text
    std::size_t bytes = 0;
    Params parts;
    Meta meta;
  };
  using Answerer = void (Session::*)(const Request& request);
  struct Method {
    std::string_view name;
    Answerer answer;
    bool is_legacy;
    bool is_modern;
  };
  static const std::map<std::string_view, Method> methods;

  // What a subscriptions/listen request wants to hear.
  struct Filter {
    bool tools = false;
    bool resources = false;
    bool prompts = false;
    std::set<std::string, std::less<>> uris;
    bool wants_tasks = false;
    std::set<std::string, std::less<>> tasks;  // ids
    [[nodiscard]] bool wants(pack::ListKind kind) const;
  };

  void answer(const json::Envelope& message, std::size_t bytes);
  void cancel(const json::Envelope& message);

  void initialize(const Request& request);
  void discover(const Request& request);
  void ping(const Request& request);
  void set_level(const Request& request);
  void subscribe(const Request& request);
  void unsubscribe(const Request& request);
  void listen(const Request& request);
  void list_tools(const Request& request);
  void list_resources(const Request& request);
  void list_templates(const Request& request);
  void list_prompts(const Request& request);
  void call_tool(const Request& request);
  void read_resource(const Request& request);
  void get_prompt(const Request& request);
  void complete(const Request& request);

  // In session_tasks.cpp.
  void get_task(const Request& request);
  void cancel_task(const Request& request);
  void update_task(const Request& request);
  void await_task(const Request& request);
  void list_tasks(const Request& request);
  [[nodiscard]] std::string task_owner() const;
  // The task that a request names; null after having answered why there is none.
  [[nodiscard]] const Task* find_task(const Request& request);
  [[nodiscard]] bool is_for_task(const Request& request, const ToolEntry& tool) const;
  void call_as_task(const Request& request, ToolEntry& tool, CallStart call);
  // The answer to a call that should have been a task, or should not.
  [[nodiscard]] std::optional<std::string> refuse_without_task(const Request& request,
                                                               const ToolEntry& tool) const;
  void task_changed(const Task& task) override;
  void task_progressed(const Task& task,
                       double done,
                       std::optional<double> total,
                       std::string_view message) override;
  void task_logged(const Task& task, pack::LogLevel level, std::string_view message) override;

  // In session_subscriptions.cpp, with what listens and tells.
  // The JSON text of what a listener is granted of what it wants, and the same as a filter.
  [[nodiscard]] Result<std::string> grant(std::string_view notifications, Filter& filter) const;
  void tell_list(pack::ListKind kind);
  [[nodiscard]] std::set<std::string> watched(std::string_view prefix) const;
  void tell_of(const std::string& uri);
  void tell_resource(const std::string& uri);
  void tell_listeners(std::string_view name,
                      std::string_view params,
                      const std::function<bool(const Filter&)>& wants);
  void send_list(const Request& request, const Listing& listing);
  void start(const Request& request, CallStart start);
  [[nodiscard]] Result<void> read_rounds(const Request& request, CallStart& start) const;
  void succeed(const Request& request, std::string result, Dress dress = {});
  void refuse(const Request& request, const Error& error);
  [[nodiscard]] std::chrono::milliseconds time_limit_of(std::chrono::milliseconds own) const;

  io::Loop& loop_;
  Catalog& catalog_;
  const SystemClock clock_;
  const SessionLimits limits_;
  std::shared_ptr<const pack::Caller>
      caller_;         // shared with the calls in flight, which may outlive the session
  MessageSink* sink_;  // null once closed
  std::shared_ptr<Calls> calls_;
  std::string client_name_;
  std::string revision_;
  Abilities abilities_;                                   // from the handshake
  std::set<std::string, std::less<>> subscriptions_;      // URIs; legacy
  std::map<std::string, Filter, std::less<>> listeners_;  // by the request's id; modern
  std::set<pack::ListKind> untold_lists_;                 // changed while the client did not read
  std::set<std::string, std::less<>> untold_resources_;   // likewise; those that it watches
  std::set<std::string, std::less<>> untold_tasks_;       // likewise; ids
  pack::LogLevel log_level_ = pack::LogLevel::info;       // legacy; of tasks
  bool is_initialized_ = false;
  bool is_draining_ = false;
};

}  // namespace hearth::mcp
