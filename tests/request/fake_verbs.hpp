// Verbs that a test answers by hand, and the call that a request answers.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "json/json.hpp"
#include "request/verbs.hpp"

namespace hearth::test {

// A call that has been started and waits for its answer.
struct StartedCall {
  std::string arguments;
  std::unique_ptr<pack::Call> call;

  void answer(std::string structured) {
    pack::Reply reply;
    reply.structured = std::move(structured);
    call->answer(std::move(reply));
  }
  // Asks for `name`.
  void ask(const std::string& name, std::string state) {
    pack::Reply reply;
    reply.questions = pack::Questions{.ask = {{name, {}}}, .state = std::move(state)};
    call->answer(std::move(reply));
  }
};

class FakeVerbs final : public request::Verbs {
 public:
  using Answer = std::function<Result<std::string>(const std::string& arguments)>;

  // Answers at once with what `answer` makes of the arguments; without it the test answers.
  void add(std::string name, pack::Annotations hints, Answer answer = nullptr) {
    auto entry = std::make_unique<Entry>();
    entry->name = std::move(name);
    entry->pack = entry->name.substr(0, entry->name.find('_'));
    entry->spec.verb = entry->name.substr(entry->name.find('_') + 1);
    entry->spec.title = "Title";
    entry->spec.description = "Does it. And more.";
    entry->spec.input_schema =
        R"({"type":"object","properties":{"limit":{"type":"integer"},"query":{"type":"string"}},"required":["query"]})";
    entry->spec.output_schema = R"({"type":"object"})";
    entry->spec.annotations = hints;
    entry->spec.asks = true;
    entry->answer = std::move(answer);
    entries_.push_back(std::move(entry));
  }

  [[nodiscard]] std::optional<request::Verb> find(std::string_view name) const override {
    for (const auto& entry : entries_) {
      if (entry->name == name) return entry->verb();
    }
    return std::nullopt;
  }
  [[nodiscard]] std::vector<request::Verb> all() const override {
    std::vector<request::Verb> verbs;
    for (const auto& entry : entries_) verbs.push_back(entry->verb());
    return verbs;
  }
  void start(const request::Verb& verb,
             std::string_view arguments,
             pack::Call::Context context,
             std::unique_ptr<pack::CallSink> sink) override {
    auto call = std::make_unique<pack::Call>(std::move(context), std::move(sink));
    contexts.push_back(call->context());
    StartedCall begun{std::string(arguments), std::move(call)};
    for (const auto& entry : entries_) {
      if (entry->name != verb.name || !entry->answer) continue;
      auto text = entry->answer(begun.arguments);
      if (text) return begun.answer(std::move(*text));
      return begun.call->answer(std::unexpected(std::move(text.error())));
    }
    started.push_back(std::move(begun));
  }

  std::deque<StartedCall> started;
  std::vector<pack::Call::Context> contexts;  // of all calls

 private:
  struct Entry {
    std::string name;
    std::string pack;
    pack::ToolSpec spec;
    Answer answer;
    [[nodiscard]] request::Verb verb() const { return {name, pack, &spec}; }
  };
  std::vector<std::unique_ptr<Entry>> entries_;
};

// What a call has come to.
struct Outcome {
  std::optional<Result<pack::Reply>> answer;
  std::vector<std::string> progress;  // "1.5/2 message"
  std::vector<std::string> logs;

  [[nodiscard]] std::string text() const {
    if (!answer) return "no answer";
    return *answer ? (*answer)->structured : "error: " + answer->error().message;
  }
};

class RecordingSink final : public pack::CallSink {
 public:
  explicit RecordingSink(Outcome& outcome) : outcome_(outcome) {}
  void finish(Result<pack::Reply> outcome) override { outcome_.answer = std::move(outcome); }
  void progress(double done, std::optional<double> total, std::string_view message) override {
    outcome_.progress.push_back(json::dump(done) + "/" + json::dump(total.value_or(0)) + " " +
                                std::string(message));
  }
  void log(pack::LogLevel, std::string_view message) override {
    outcome_.logs.emplace_back(message);
  }

 private:
  Outcome& outcome_;
};

struct CallFacts {
  std::string key;
  bool is_resend = false;
  std::stop_token stop;
  bool can_answer = false;
  std::map<std::string, std::string> answers = {};
  std::string state = {};
};

[[nodiscard]] inline pack::Call make_call(Outcome& outcome, const CallFacts& facts = {}) {
  pack::Call::Context context;
  auto caller = std::make_shared<pack::Caller>();
  caller->session = "s1";
  context.caller = std::move(caller);
  context.tool = "request";
  context.key = facts.key;
  context.is_resend = facts.is_resend;
  context.stop = facts.stop;
  context.askable.fill(facts.can_answer);
  context.answers = facts.answers;
  context.state = facts.state;
  return {std::move(context), std::make_unique<RecordingSink>(outcome)};
}

}  // namespace hearth::test
