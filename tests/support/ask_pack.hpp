// A pack that asks its callers, tells of changes, and offers resources and prompts of every kind.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/echo_pack.hpp"

namespace hearth::test {

// ask_name    asks for a name by a form; says its text, its state and the answer
// ask_all     asks for a form, a sample and the roots at once
// ask_rounds  asks twice, one after the other
// ask_page    asks to visit a page
// ask_roots   asks for the roots
// ask_more    wants two more rounds and asks nothing
// ask_silently    asks without having said that it may
// ask_once    asks, and may not be repeated
// ask_when_stopped    waits until it is stopped, and asks then
// ask_report  reports its text as progress and logs it
// ask_change  says that the list called by its text has changed
// ask_update  says that the resource of its text has changed, in the caller's namespace
// ask_update_all      the same for all namespaces
//
// Resources: test://plain, test://bytes, test://gone (not there after all), test://asks;
// test://note/{id}/text, whose ids are completed. Prompts: ask_greeting(name, tone), ask_context.
class AskPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "ask"; }
  void declare(pack::Binder& tools) override {
    declare_asking(tools);
    declare_changing(tools);
    declare_resources(tools);
    declare_prompts(tools);
  }
  void start(pack::PackContext& context) override { context_ = &context; }
  void stop() override {}
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }

  static pack::Questions name_question(std::string state = "") {
    return {.ask = {{"user_name",
                     {.kind = pack::QuestionKind::elicit,
                      .params = R"({"message":"Who?","requestedSchema":{"type":"object",)"
                                R"("properties":{"name":{"type":"string"}}}})"}}},
            .state = std::move(state)};
  }

 private:
  using Answering = std::function<Result<pack::Reply>(const EchoText&, const pack::Call&)>;

  static pack::Reply text_reply(std::string text) {
    return {.structured = json::encode(EchoText{std::move(text)})};
  }
  static pack::Reply asking(pack::Questions questions) {
    pack::Reply reply;
    reply.questions = std::move(questions);
    return reply;
  }
  // "name=answer;…"
  static std::string joined(const pack::Call& call) {
    std::string text;
    for (const auto& [name, answer] : call.answers()) text += name + '=' + answer + ';';
    return text;
  }
  static void add(pack::Binder& tools,
                  std::string verb,
                  bool asks,
                  Answering answer,
                  pack::ResendRule resend = pack::ResendRule::run_again) {
    pack::ToolSpec spec;
    spec.verb = verb;
    spec.title = verb;
    spec.description = "Test tool " + verb;
    spec.asks = asks;
    spec.resend = resend;
    mcp::Tool<EchoText, EchoText>(std::move(spec))
        .deferred(tools, [answer = std::move(answer)](const EchoText& request, pack::Call call) {
          call.answer(answer(request, call));
        });
  }

  void declare_asking(pack::Binder& tools) {
    const auto ask_name = [](const EchoText& request, const pack::Call& call) {
      if (!call.answers().contains("user_name")) return asking(name_question(request.text));
      return text_reply(request.text + '|' + call.state() + '|' + call.answers().at("user_name"));
    };
    add(tools, "name", true, ask_name);
    add(tools, "once", true, ask_name, pack::ResendRule::refuse);
    add(tools, "silently", false, ask_name);
    add(tools, "all", true, [](const EchoText&, const pack::Call& call) {
      if (call.answers().size() == 3) return text_reply(joined(call));
      pack::Questions questions = name_question("all");
      questions.ask["greeting"] = {.kind = pack::QuestionKind::sample,
                                   .params = R"({"messages":[],"maxTokens":50})"};
      questions.ask["roots"] = {.kind = pack::QuestionKind::list_roots};
      return asking(std::move(questions));
    });
    add(tools, "rounds", true, [](const EchoText&, const pack::Call& call) {
      if (call.state().empty()) return asking(name_question("first:"));
      const std::string state = call.state() + joined(call);
      return call.state() == "first:" ? asking(name_question(state)) : text_reply(state);
    });
    add(tools, "roots", true, [](const EchoText&, const pack::Call& call) {
      if (!call.answers().empty()) return text_reply(joined(call));
      pack::Questions questions;
      questions.ask["roots"] = {.kind = pack::QuestionKind::list_roots};
      return asking(std::move(questions));
    });
    add(tools, "page", true, [](const EchoText&, const pack::Call& call) {
      if (!call.answers().empty()) return text_reply(joined(call));
      pack::Questions questions;
      questions.ask["visit"] = {
          .params = R"({"mode":"url","message":"Log in","elicitationId":"e","url":"https://x.y"})"};
      return asking(std::move(questions));
    });
    add(tools, "more", true, [](const EchoText&, const pack::Call& call) {
      if (call.state().size() == 2) return text_reply(call.state());
      return asking({.ask = {}, .state = call.state() + "x"});
    });
    pack::ToolSpec spec;
    spec.verb = spec.title = spec.description = "when_stopped";
    spec.asks = true;
    mcp::Tool<EchoText, EchoText>(std::move(spec))
        .deferred(tools, [this](const EchoText&, pack::Call call) {
          waiting_ = std::make_unique<pack::Call>(std::move(call));
          on_stop_.emplace(waiting_->stop(), [this] {
            std::exchange(waiting_, nullptr)->answer(asking(name_question()));
          });
        });
  }

  void declare_changing(pack::Binder& tools) {
    add(tools, "report", false, [](const EchoText& request, const pack::Call& call) {
      call.progress(1, 1, request.text);
      call.log(pack::LogLevel::info, request.text);
      return text_reply(request.text);
    });
    add(tools, "change", false, [this](const EchoText& request, const pack::Call&) {
      const std::map<std::string, pack::ListKind> kinds{{"tools", pack::ListKind::tools},
                                                        {"resources", pack::ListKind::resources},
                                                        {"prompts", pack::ListKind::prompts}};
      context_->list_changed(kinds.at(request.text));
      return text_reply(request.text);
    });
    add(tools, "update", false, [this](const EchoText& request, const pack::Call& call) {
      context_->resources_updated({request.text}, {.name_space = call.caller().name_space});
      return text_reply(request.text);
    });
    add(tools, "update_all", false, [this](const EchoText& request, const pack::Call&) {
      context_->resources_updated({request.text}, {});
      return text_reply(request.text);
    });
  }

  static void declare_resources(pack::Binder& binder) {
    const auto fixed = [](pack::Content content) {
      return [content](const std::string&, const pack::Variables&, pack::Call call) {
        pack::Reply reply;
        reply.content.push_back(content);
        call.answer(std::move(reply));
      };
    };
    pack::Content plain = pack::text_content("plain text");
    plain.mime_type = "text/plain";
    pack::Content bytes;
    bytes.bytes = std::string("\0\xff\x01", 3);
    bytes.mime_type = "image/png";
    binder.add({"test://plain", "plain", "Plain", "A text", "text/plain"}, fixed(plain));
    binder.add({"test://bytes", "bytes", "", "", "image/png"}, fixed(bytes));
    binder.add({"test://gone", "gone", "", "", ""},
               [](const std::string& uri, const pack::Variables&, pack::Call call) {
                 call.answer(fail(Errc::not_found, "no " + uri));
               });
    binder.add({"test://asks", "asks", "", "", ""},
               [](const std::string&, const pack::Variables&, pack::Call call) {
                 if (call.answers().empty()) return call.answer(asking(name_question()));
                 pack::Reply reply;
                 reply.content.push_back(pack::text_content(joined(call)));
                 call.answer(std::move(reply));
               });
    binder.add(
        pack::TemplateSpec{"test://note/{id}/text", "note", "Note", "A note", "text/plain"},
        [](const std::string&, const pack::Variables& variables, pack::Call call) {
          const std::string& id = variables.at("id");
          if (id == "0") return call.answer(fail(Errc::not_found, "no note 0"));
          pack::Reply reply;
          reply.content.push_back(pack::text_content("note " + id));
          call.answer(std::move(reply));
        },
        [](std::string_view, std::string_view typed, const pack::Variables&) {
          std::vector<std::string> ids;
          for (int i = 0; i < 150; ++i) ids.push_back(std::string(typed) + std::to_string(i));
          return ids;
        });
  }

  static void declare_prompts(pack::Binder& binder) {
    binder.add(
        pack::PromptSpec{"greeting",
                         "Greeting",
                         "Greets",
                         {{"name", "whom to greet", true}, {"tone", "how", false}}},
        [](const pack::Variables& arguments, pack::Call call) {
          const auto tone = arguments.find("tone");
          pack::Reply reply;
          reply.description = "a greeting";
          reply.content.push_back(pack::text_content("Hello " + arguments.at("name")));
          reply.content.push_back(
              pack::text_content(tone == arguments.end() ? "plainly" : tone->second));
          reply.content.back().role = "assistant";
          call.answer(std::move(reply));
        },
        [](std::string_view name, std::string_view typed, const pack::Variables& others) {
          if (typed == "throw") throw std::runtime_error("thrown by a completer");
          const auto other = others.find("name");
          return std::vector{std::string(name) + ':' + std::string(typed) +
                             (other == others.end() ? "" : ':' + other->second)};
        });
    binder.add(pack::PromptSpec{"context", "", "Asks for its context", {}},
               [](const pack::Variables&, pack::Call call) {
                 if (call.answers().empty()) return call.answer(asking(name_question("ctx")));
                 pack::Reply reply;
                 reply.content.push_back(pack::text_content(call.state() + joined(call)));
                 call.answer(std::move(reply));
               },
               {});
  }

  pack::PackContext* context_ = nullptr;
  std::unique_ptr<pack::Call> waiting_;  // loop thread
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace hearth::test
