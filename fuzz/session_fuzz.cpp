// A whole connection without its socket: bytes through the framing and the scanner into an MCP
// session, in both eras, with tools, a resource, a template and a prompt that answer at once, late,
// with questions or as tasks. What the session says is JSON-RPC; each request has at most one
// answer, of its era's form; questions and listeners are about requests that were made; and nothing
// is left over.
//
// In the input, @q0 to @q9 stand for the ids of the questions that are open, @state for the last
// requestState, and @task for the last task: no input could guess them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/version.hpp"
#include "echo_tools.hpp"
#include "ipc/frame.hpp"
#include "json/envelope.hpp"
#include "json/json.hpp"
#include "mcp/binder.hpp"
#include "mcp/messages.hpp"
#include "mcp/session.hpp"
#include "mcp/tasks.hpp"

namespace {

using namespace hearth;
using fuzz::declare_echo_tools;
using fuzz::require;
using fuzz::Text;

class FuzzPack final : public pack::Pack {
 public:
  FuzzPack(io::Loop& loop, mcp::Catalog& catalog) : loop_(loop), catalog_(catalog) {}
  std::string_view name() const override { return "echo"; }
  void declare(pack::Binder& tools) override {
    declare_echo_tools(tools, kept);
    pack::ToolSpec asks{.verb = "ask", .title = "Ask", .description = "Asks", .asks = true};
    asks.task = pack::TaskSupport::optional;
    mcp::Tool<Text, Text>(std::move(asks))
        .deferred(tools, [](const Text& request, pack::Call call) {
          answer_asking(request.text, std::move(call));
        });
    pack::ToolSpec late{.verb = "late", .title = "Late", .description = "Asks later", .asks = true};
    late.task = pack::TaskSupport::required;
    mcp::Tool<Text, Text>(std::move(late)).deferred(tools, [this](Text request, pack::Call call) {
      auto shared = std::make_shared<pack::Call>(std::move(call));
      loop_.post([shared, text = request.text] {
        shared->progress(1, 2, text);
        shared->log(pack::LogLevel::error, text);
        answer_asking(text, std::move(*shared));
      });
    });
    mcp::Tool<Text, Text>({.verb = "change", .title = "Change", .description = "Tells"})
        .on_loop(tools, [this](const Text& request, const pack::Call&) -> Result<Text> {
          if (request.text == "congest") is_congested = !is_congested;
          catalog_.list_changed(static_cast<pack::ListKind>(request.text.size() % 3));
          catalog_.resource_updated(request.text, {});
          return request;
        });
    const auto read = [](const std::string&, const pack::Variables& variables, pack::Call call) {
      answer_asking(variables.empty() ? "" : variables.begin()->second, std::move(call));
    };
    binder_add(tools, read);
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {}; }

  std::vector<pack::Call> kept;
  bool is_congested = false;

 private:
  template <typename Read>
  static void binder_add(pack::Binder& binder, Read read) {
    const auto complete = [](std::string_view name, std::string_view typed,
                             const pack::Variables& others) {
      return std::vector<std::string>(others.size() + 1, std::string(name).append(typed));
    };
    binder.add(pack::ResourceSpec{"fuzz://a", "a", "", "", ""}, read);
    binder.add(pack::TemplateSpec{"fuzz://{a}/x-{b}", "t", "", "", ""}, read, complete);
    binder.add(
        pack::PromptSpec{"greet", "", "", {{"a", "", true}, {"b", "", false}}},
        [](const pack::Variables& arguments, pack::Call call) {
          answer_asking(arguments.at("a"), std::move(call));
        },
        complete);
  }

  // `text` says what is asked: each of e, s, r, m (nothing, but another round), as often as it
  // stands there; anything else is answered.
  static void answer_asking(std::string_view text, pack::Call call) {
    const std::string& state = call.state();
    require(state.empty() || state.starts_with("round"));  // nobody can make up another
    const std::size_t round = state.empty() ? 0 : state.size() - 5;
    pack::Reply reply;
    if (round < std::min<std::size_t>(text.size(), 4) &&
        std::string_view("esrm").find(text[round]) != std::string_view::npos) {
      pack::Questions questions{.ask = {}, .state = "round" + std::string(round + 1, '.')};
      const char kind = text[round];
      if (kind == 'e') questions.ask["a\"b"] = {.kind = pack::QuestionKind::elicit};
      if (kind == 's') questions.ask["s"] = {.kind = pack::QuestionKind::sample};
      if (kind == 'r') {
        questions.ask["r"] = {.kind = pack::QuestionKind::list_roots};
        questions.ask["e"] = {.params = R"({"mode":"url"})"};
      }
      reply.questions = std::move(questions);
      return call.answer(std::move(reply));
    }
    for (const auto& [name, answer] : call.answers()) text = answer;
    reply.content.push_back(pack::text_content(std::string(text)));
    reply.content.back().bytes = state;
    call.answer(std::move(reply));
  }

  io::Loop& loop_;
  mcp::Catalog& catalog_;
};

// Checks what the client would get, and remembers what it needs to go on.
class Checker final : public mcp::MessageSink {
 public:
  explicit Checker(const FuzzPack& pack) : pack_(pack) {}

  void heard(const json::Envelope& message) {
    if (!message.is_request()) return;
    const auto params = mcp::read_params(message.params);
    const auto meta = params ? mcp::read_meta(params->meta) : Result<mcp::Meta>(mcp::Meta{});
    const bool is_modern = meta && meta->era == mcp::Era::modern;
    Asked& asked = asked_[std::string(message.id)];
    ++asked.requests;
    (is_modern ? asked.has_modern : asked.has_legacy) = true;
  }

  void send(std::string_view message, std::string_view about) override {
    const auto value = json::parse(message);
    require(value.has_value());
    require(about.empty() || asked_.contains(std::string(about)));
    const auto envelope = json::scan_envelope(message);
    if (!envelope) {  // the error of a message whose id is unknown has the id null
      require(message.find(R"("id":null)") != std::string_view::npos);
    } else if (envelope->is_response()) {
      check_answer(*envelope, *value, about);
    } else if (envelope->is_request()) {
      require(!about.empty());
      questions.emplace_back(envelope->id);
    } else {
      check_notification(*envelope, *value, about);
    }
  }
  bool is_congested() const override { return pack_.is_congested; }
  void request_began(std::size_t bytes) override { held += bytes; }
  void request_ended(std::size_t bytes) override {
    require(bytes <= held);
    held -= bytes;
  }
  // A message that was no JSON-RPC, with what could be made out of its id.
  void heard_broken(std::string_view id) { ++asked_[std::string(id)].requests; }

  std::vector<std::string> questions;  // open ones, as JSON text
  std::string state;                   // the last requestState
  std::string task;                    // the id of the last one
  std::size_t held = 0;

 private:
  struct Asked {
    std::size_t requests = 0;
    std::size_t answers = 0;
    bool has_modern = false;
    bool has_legacy = false;
    bool is_acknowledged = false;
  };

  void check_answer(const json::Envelope& envelope,
                    const json::Value& value,
                    std::string_view about) {
    Asked& asked = asked_[std::string(envelope.id)];
    require(++asked.answers <= asked.requests);
    require(about.empty() || about == envelope.id);
    const json::Value* result = json::find(value, "result");
    if (result == nullptr) return;
    const auto type = json::string_or(*result, "resultType", "");
    if (!asked.has_legacy)
      require(type == "complete" || type == "input_required" || type == "task");
    if (!asked.has_modern) require(type.empty());
    const json::Value* legacy_task = json::find(*result, "task");
    const auto id = json::string_or(legacy_task ? *legacy_task : *result, "taskId", "");
    if (!id.empty()) task = id;
    const auto sealed = json::string_or(*result, "requestState", "");
    if (!sealed.empty()) state = sealed;
  }

  void check_notification(const json::Envelope& envelope,
                          const json::Value& value,
                          std::string_view about) {
    const json::Value& params = value.at("params");
    if (envelope.method == "notifications/cancelled") {  // of a question of ours
      const auto open = std::ranges::find(questions, json::dump(params.at("requestId")));
      require(open != questions.end());
      questions.erase(open);
    }
    const json::Value* meta = json::find(params, "_meta");
    if (meta == nullptr) return;
    if (json::find(*meta, "io.modelcontextprotocol/related-task") != nullptr)
      return require(about.empty());  // a report of a legacy task
    require(json::find(*meta, "io.modelcontextprotocol/subscriptionId") != nullptr);
    Asked& asked = asked_[std::string(about)];
    require(asked.has_modern);
    if (envelope.method.ends_with("/acknowledged")) asked.is_acknowledged = true;
    require(asked.is_acknowledged);
  }

  const FuzzPack& pack_;
  std::map<std::string, Asked> asked_;  // by id
};

std::string put_in(std::string_view message, const Checker& checker) {
  std::string text;
  for (auto at = message.find('@'); at != std::string_view::npos; at = message.find('@')) {
    text.append(message.substr(0, at));
    message.remove_prefix(at);
    const std::size_t number = message.size() > 2 ? static_cast<std::size_t>(message[2] - '0') : 10;
    std::size_t size = 1;
    if (message.starts_with("@state")) {
      size = 6;
      text.append(checker.state);
    } else if (message.starts_with("@task")) {
      size = 5;
      text.append(checker.task);
    } else if (message.starts_with("@q") && number < checker.questions.size()) {
      size = 3;
      text.append(json::unquote(checker.questions[number]).value());
    } else {
      text.push_back('@');
    }
    message.remove_prefix(size);
  }
  return text.append(message);
}

// The client's answer to one of our questions; it may be asked no more.
void forget_answered(const json::Envelope& message, Checker& checker) {
  if (message.is_response()) std::erase(checker.questions, message.id);
}

}  // namespace

std::string_view hearth::version() {
  return "0.0.0";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  io::Loop loop;
  mcp::Catalog catalog;
  const SystemClock clock;
  constexpr mcp::TaskLimits task_limits{.tasks = 4, .tasks_each = 3, .bytes = 16'000};
  catalog.use_tasks(std::make_shared<mcp::Tasks>(loop, catalog, clock, task_limits));
  FuzzPack pack(loop, catalog);
  catalog.add(pack);
  Checker checker(pack);
  auto session = std::make_unique<mcp::Session>(
      loop, catalog, mcp::SessionLimits{.in_flight = 3, .subscriptions = 2},
      std::make_shared<pack::Caller>(), checker);
  ipc::FrameReader reader;
  reader.feed(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto hear = [&](std::string_view text) {
    const auto envelope = json::scan_envelope(text);
    if (!envelope) {
      const auto id = json::salvage_id(text);
      checker.heard_broken(id);
      return checker.send(mcp::make_error(id, mcp::parse_error, envelope.error().message), id);
    }
    checker.heard(*envelope);
    forget_answered(*envelope, checker);
    session->handle(*envelope, text.size());
    loop.poll();  // answers come by way of the loop
  };
  for (;;) {
    const auto message = reader.next();
    if (!message || !*message) break;
    hear(put_in(**message, checker));
  }
  pack.kept.clear();  // what is dropped answers, too
  loop.poll();
  while (!checker.questions.empty())  // and whoever waits for its client
    hear(R"({"id":)" + checker.questions.front() + R"(,"error":{"code":1,"message":"no"}})");
  loop.poll();
  require(checker.held == 0 && session->in_flight() == 0);
  catalog.tasks()->abandon(Error{Errc::draining, "leaving", {}});
  require(!catalog.tasks()->is_working() && catalog.tasks()->size() <= task_limits.tasks);
  return 0;
}
