// The calls of one session that are in progress: of tools, resources and prompts alike.
//
// Loop thread only, apart from what CallSink promises. A call that is answered on another thread
// comes back here by way of the loop; when the session has gone by then its answer is dropped (the
// effect is in the store, under the call's key).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/loop.hpp"
#include "mcp/catalog.hpp"
#include "mcp/era.hpp"
#include "mcp/message_sink.hpp"
#include "pack/call.hpp"

namespace hearth::mcp {

// How the answer to a call is written. `whole`: the reply's text is the result as it is.
enum class AnswerForm : std::uint8_t { tool, resource, prompt, whole };

struct CallStart {
  std::string_view id;  // JSON text
  std::size_t bytes = 0;
  AnswerForm form = AnswerForm::tool;
  std::string subject;        // "knowledge_search", a URI, a prompt's name
  ToolEntry* tool = nullptr;  // whose counters it moves
  bool is_counted = true;     // its end is told to whoever looks; else that is up to `run`
  Meta meta;
  Abilities abilities;
  std::chrono::milliseconds time_limit{0};  // 0: none
  pack::Call::Context context;              // caller, key, answers and state; the rest is ours
  // Hands the call to its handler, once for each round.
  std::function<void(pack::Call)> run;
  std::shared_ptr<bool> is_whole;  // shared with `run`, which may change the form to that
  std::function<void(const Error&)>
      on_refused;  // the client cannot answer a question; may be empty
};

// Whom a sealed requestState belongs to.
[[nodiscard]] std::string state_owner(AnswerForm form,
                                      const std::string& subject,
                                      const pack::Caller& caller);

class Calls final : public std::enable_shared_from_this<Calls> {
 public:
  Calls(io::Loop& loop, const Catalog& catalog, const Clock& clock, MessageSink& sink)
      : loop_(loop), catalog_(catalog), clock_(clock), sink_(&sink) {}
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  // False when a call with this id is in progress.
  [[nodiscard]] bool start(CallStart start);
  // The client wants no answer any more.
  void cancel(std::string_view id);
  // The client answered one of our questions: `result` or `error`, as JSON text.
  void resolve(std::string_view question, std::string_view result, std::string_view error);
  // Answers every call with `error`, or `outcome_unknown` if its tool may not be called twice, and
  // cancels it.
  void abandon(const Error& error);
  // The client is gone: cancels every call; nothing is sent any more.
  void close();

  void set_log_level(pack::LogLevel level) { log_level_ = level; }
  [[nodiscard]] std::size_t in_flight() const { return flights_.size(); }
  [[nodiscard]] bool has(std::string_view id) const { return flights_.contains(id); }
  // Called when the last call ends.
  void on_quiet(std::function<void()> notify) { on_quiet_ = std::move(notify); }

 private:
  class Sink;     // of one round, towards us
  struct Flight;  // one call
  using Flights = std::map<std::string, std::shared_ptr<Flight>, std::less<>>;

  void run(const std::string& id, const std::shared_ptr<Flight>& flight);
  void start_deadline(const std::shared_ptr<Flight>& flight);
  void finish(const std::string& id, const Flight* flight, Result<pack::Reply> outcome);
  void tell_of(const Flight& ended, const Result<pack::Reply>& outcome) const;
  void ask(Flights::iterator place, pack::Questions questions);
  void end(Flights::iterator place, Result<std::string> answer);
  [[nodiscard]] std::string answer_of(const std::string& id,
                                      const Flight& flight,
                                      const Result<pack::Reply>& outcome) const;
  void report(const std::string& id,
              const Flight* flight,
              std::string_view notification,
              std::optional<pack::LogLevel> level);
  void withdraw_questions(const Flight& flight, const std::string& id);

  io::Loop& loop_;
  const Catalog& catalog_;
  const Clock& clock_;
  MessageSink* sink_;                                          // null once closed
  Flights flights_;                                            // by the id's JSON text
  std::map<std::string, std::string, std::less<>> questions_;  // ours to the client: to call ids
  std::string question_prefix_;
  std::uint64_t asked_ = 0;
  pack::LogLevel log_level_ = pack::LogLevel::info;
  std::function<void()> on_quiet_;
};

}  // namespace hearth::mcp
