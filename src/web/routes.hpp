// The routes under /v1: what packs offer over plain HTTP (pack/route.hpp), and the daemon's own
// reload and shutdown. Knows no pack by name.
//
// A route calls a tool as any other call does, or hands a person's decision to a pack once it has
// seen an approver's credential. Answers are the envelopes of `--json`. Loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/front.hpp"
#include "ipc/hello.hpp"
#include "json/json.hpp"
#include "mcp/uri_template.hpp"
#include "web/approvers.hpp"
#include "web/conversation.hpp"
#include "web/metrics.hpp"

namespace hearth::web {

inline constexpr std::string_view routes_prefix = "/v1/";

class Routes final {
 public:
  // `is_guarded`: every request bears the token; else nothing is decided, reloaded or shut down.
  // `counts` gets decisions that came without a credential. `on_quiet` is called when a call has
  // ended.
  Routes(daemon::FrontHost& host,
         Approvers approvers,
         bool is_guarded,
         HttpCounts& counts,
         std::function<void()> on_quiet);
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  // What may be asked of a path; empty: there is nothing.
  [[nodiscard]] std::vector<std::string_view> methods(std::string_view path) const;
  // Of a path with that method.
  void serve(const Request& request, std::shared_ptr<Answer> answer);
  // Answers what is in flight with `error`.
  void abandon(const Error& error);
  // Stops what is in flight; nothing is answered any more.
  void close();
  [[nodiscard]] std::size_t in_flight() const { return calls_.size(); }
  [[nodiscard]] const Approvers& approvers() const { return approvers_; }

 private:
  struct Entry {
    pack::Route route;
    std::string pack;  // empty: the daemon itself
    mcp::UriTemplate pattern;
  };
  // A request in flight: counted, with its bytes, as those of sessions are.
  class Held {
   public:
    Held(daemon::Server& server, std::size_t bytes);
    ~Held();
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    daemon::Server& server_;
    daemon::ByteBudget::Share share_;
  };
  struct Call {
    std::unique_ptr<Held> held;
    std::shared_ptr<Answer> answer;  // shared with the connection
    std::stop_source stop;
    bool is_decision = false;
  };
  using Done = std::move_only_function<void(Result<std::string>)>;

  [[nodiscard]] const Entry* find(const Request& request, pack::Variables& variables) const;
  [[nodiscard]] Result<json::Object> arguments_of(const Entry& entry,
                                                  const Request& request,
                                                  const pack::Variables& variables) const;
  void call_tool(const Entry& entry,
                 const Request& request,
                 const json::Object& arguments,
                 const ipc::Greeting& greeting,
                 std::shared_ptr<Answer> answer);
  void decide(const Entry& entry,
              const Request& request,
              json::Object arguments,
              const std::string& name_space,
              std::shared_ptr<Answer> answer);
  void reload_or_leave(const Entry& entry, const std::shared_ptr<Answer>& answer);
  // What stops the call, and what ends it, once, from wherever it is answered.
  [[nodiscard]] std::pair<std::stop_token, Done> begin(const Request& request,
                                                       std::shared_ptr<Answer> answer,
                                                       bool is_decision);
  void finish(std::uint64_t number, const Result<std::string>& outcome);

  daemon::FrontHost& host_;
  const Approvers approvers_;
  const bool is_guarded_;
  HttpCounts& counts_;
  std::function<void()> on_quiet_;
  std::vector<Entry> entries_;
  std::map<std::uint64_t, Call> calls_;
  std::uint64_t next_ = 0;
  std::shared_ptr<Routes*> self_;  // for outcomes, which hold it weakly
};

}  // namespace hearth::web
