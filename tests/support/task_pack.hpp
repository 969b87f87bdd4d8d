// A pack whose calls take as long as the test likes, with and without tasks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "support/echo_pack.hpp"

namespace hearth::test {

// task_hold      may be a task; waits for task_release of its text, or to be stopped
// task_must      the same, but must be one
// task_never     the same, but must not
// task_once      the same as task_hold, but may not be called twice
// task_quick     may be a task, and answers at once
// task_fail      fails after a while; task_drop never answers
// task_ask       asks for a name after a while, and for "again" once more; then says the answers
// task_ask_both  asks two things at once, after a while
// task_ask_first asks at once, then takes a while
// task_report    reports progress, logs, and waits like task_hold
// task_release   ends a call that waits
class TaskPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "task"; }
  void declare(pack::Binder& tools) override {
    using pack::TaskSupport;
    add(tools, "hold", TaskSupport::optional,
        [this](EchoText text, pack::Call call) { hold(text.text, std::move(call)); });
    add(tools, "must", TaskSupport::required,
        [this](EchoText text, pack::Call call) { hold(text.text, std::move(call)); });
    add(tools, "never", TaskSupport::forbidden,
        [this](EchoText text, pack::Call call) { hold(text.text, std::move(call)); });
    add(
        tools, "once", TaskSupport::optional,
        [this](EchoText text, pack::Call call) { hold(text.text, std::move(call)); },
        pack::ResendRule::refuse);
    add(tools, "quick", TaskSupport::optional,
        [](EchoText text, pack::Call call) { call.answer(say(text.text)); });
    add(tools, "fail", TaskSupport::optional, [this](EchoText text, pack::Call call) {
      later(std::move(call),
            [text](pack::Call& ended) { ended.answer(fail(Errc::io, text.text)); });
    });
    add(tools, "drop", TaskSupport::optional,
        [this](const EchoText&, pack::Call call) { later(std::move(call), [](pack::Call&) {}); });
    add(tools, "report", TaskSupport::optional, [this](EchoText text, pack::Call call) {
      auto shared = std::make_shared<pack::Call>(std::move(call));
      context_->post([this, text, shared] {
        shared->progress(1, 4, text.text);
        shared->log(pack::LogLevel::warning, text.text);
        hold(text.text, std::move(*shared));
      });
    });
    declare_asking(tools);
    add(tools, "release", TaskSupport::forbidden, [this](const EchoText& text, pack::Call call) {
      auto held = held_.extract(text.text);
      if (held.empty()) return call.answer(fail(Errc::not_found, "nothing is held"));
      held.mapped()->call.answer(say(text.text));
      call.answer(say("released"));
    });
  }
  void start(pack::PackContext& context) override { context_ = &context; }
  void stop() override {}
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }

 private:
  struct Held {
    explicit Held(pack::Call held) : call(std::move(held)) {}
    pack::Call call;
    std::optional<std::stop_callback<std::function<void()>>> on_stop;
  };
  using Handler = std::function<void(EchoText, pack::Call)>;

  static pack::Reply say(std::string text) {
    return {.structured = json::encode(EchoText{std::move(text)})};
  }
  static void add(pack::Binder& tools,
                  std::string verb,
                  pack::TaskSupport task,
                  Handler handler,
                  pack::ResendRule resend = pack::ResendRule::run_again) {
    pack::ToolSpec spec;
    spec.verb = verb;
    spec.title = verb;
    spec.description = "Test tool " + verb;
    spec.asks = verb.starts_with("ask");
    spec.resend = resend;
    spec.task = task;
    mcp::Tool<EchoText, EchoText>(std::move(spec)).deferred(tools, std::move(handler));
  }
  static pack::Question question() {
    return {.params = R"({"message":"Who?","requestedSchema":{"type":"object","properties":{}}})"};
  }
  static pack::Reply asking(std::map<std::string, pack::Question> questions, std::string state) {
    pack::Reply reply;
    reply.questions = pack::Questions{std::move(questions), std::move(state)};
    return reply;
  }
  // "name=answer;…"
  static std::string joined(const pack::Call& call) {
    std::string text;
    for (const auto& [name, answer] : call.answers()) text += name + '=' + answer + ';';
    return text;
  }

  void declare_asking(pack::Binder& tools) {
    add(tools, "ask", pack::TaskSupport::optional, [this](EchoText text, pack::Call call) {
      later(std::move(call), [text](pack::Call& asked) {
        const bool is_again = text.text == "again" && asked.state() == "first";
        if (asked.answers().empty() || is_again) {
          return asked.answer(
              asking({{"user_name", question()}}, asked.answers().empty() ? "first" : "second"));
        }
        asked.answer(say(asked.state() + ':' + joined(asked)));
      });
    });
    add(tools, "ask_both", pack::TaskSupport::optional, [this](const EchoText&, pack::Call call) {
      later(std::move(call), [](pack::Call& asked) {
        if (asked.answers().size() == 2) return asked.answer(say(joined(asked)));
        asked.answer(asking({{"a", question()}, {"b", question()}}, ""));
      });
    });
    add(tools, "ask_first", pack::TaskSupport::optional, [this](const EchoText&, pack::Call call) {
      if (call.answers().empty()) return call.answer(asking({{"user_name", question()}}, "kept"));
      later(std::move(call),
            [](pack::Call& asked) { asked.answer(say(asked.state() + ':' + joined(asked))); });
    });
  }

  // After whatever the loop does now.
  void later(pack::Call call, std::function<void(pack::Call&)> answer) {
    auto shared = std::make_shared<pack::Call>(std::move(call));
    context_->post([shared, answer = std::move(answer)] { answer(*shared); });
  }

  // Loop thread, like the stop that ends it.
  void hold(const std::string& text, pack::Call call) {
    auto held = std::make_unique<Held>(std::move(call));
    Held& entry = *held;
    held_.insert_or_assign(text, std::move(held));
    entry.on_stop.emplace(entry.call.stop(), [this, text] {
      auto stopped = held_.extract(text);
      if (!stopped.empty()) stopped.mapped()->call.answer(fail(Errc::cancelled, "stopped"));
    });
  }

  pack::PackContext* context_ = nullptr;
  std::map<std::string, std::unique_ptr<Held>> held_;  // loop thread
};

}  // namespace hearth::test
