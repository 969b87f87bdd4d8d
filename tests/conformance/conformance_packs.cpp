// What the official MCP conformance suite asks of a server under test: its tools, resources and
// prompts, with the contents that its documents give. Linked into conformance_hearthd instead of
// the real packs.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/packs.hpp"
#include "json/json.hpp"
#include "mcp/base64.hpp"

namespace hearth::app {
namespace {

using pack::Call;
using pack::Content;
using pack::ContentKind;
using pack::Question;
using pack::QuestionKind;
using pack::Reply;

constexpr std::string_view red_pixel_png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg"
    "gg==";
constexpr std::string_view silent_wav =
    "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

Content bytes(ContentKind kind, std::string_view base64, std::string mime_type) {
  Content content;
  content.kind = kind;
  content.bytes = mcp::from_base64(base64).value_or("");
  content.mime_type = std::move(mime_type);
  return content;
}

Content resource(std::string uri, std::string mime_type, std::string text) {
  Content content;
  content.kind = ContentKind::resource;
  content.uri = std::move(uri);
  content.mime_type = std::move(mime_type);
  content.text = std::move(text);
  return content;
}

Reply reply(std::vector<Content> contents) {
  Reply made;
  made.content = std::move(contents);
  return made;
}

Reply say(std::string text) {
  return reply({pack::text_content(std::move(text))});
}

Question elicit(std::string_view message, std::string_view properties, std::string_view required) {
  return {QuestionKind::elicit, R"({"message":)" + json::quoted(message) +
                                    R"(,"requestedSchema":{"type":"object","properties":)" +
                                    std::string(properties) + R"(,"required":)" +
                                    std::string(required) + "}}"};
}

Question sample(std::string_view prompt, int max_tokens) {
  return {QuestionKind::sample, R"({"messages":[{"role":"user","content":{"type":"text","text":)" +
                                    json::quoted(prompt) + R"(}}],"maxTokens":)" +
                                    std::to_string(max_tokens) + '}'};
}

Question roots() {
  return {QuestionKind::list_roots, "{}"};
}

Reply ask(std::map<std::string, Question> questions, std::string state = "") {
  Reply made;
  made.questions = pack::Questions{std::move(questions), std::move(state)};
  return made;
}

// The answer to the question `name`, if there is one that is an object.
std::optional<json::Value> answer(const Call& call, const std::string& name) {
  const auto found = call.answers().find(name);
  if (found == call.answers().end()) return std::nullopt;
  auto value = json::parse(found->second);
  if (!value || !value->is_object()) return std::nullopt;
  return std::move(*value);
}

// A member of what an elicitation brought.
std::string field(const json::Value& answer, std::string_view name) {
  const json::Value* content = json::find(answer, "content");
  return content == nullptr ? "" : std::string(json::string_or(*content, name, ""));
}

std::string text_of_sample(const json::Value& answer) {
  const json::Value* content = json::find(answer, "content");
  return content == nullptr ? "" : std::string(json::string_or(*content, "text", ""));
}

pack::ToolSpec spec(std::string verb, std::string description) {
  pack::ToolSpec made;
  made.verb = std::move(verb);
  made.title = made.verb;
  made.description = std::move(description);
  made.input_schema = R"({"type":"object","properties":{}})";
  made.annotations.read_only = true;
  made.resend = pack::ResendRule::run_again;
  return made;
}

constexpr std::string_view name_schema = R"({"name":{"type":"string"}})";

// Calls that take a while, each on a thread of its own: they are few, and some wait for minutes to
// be stopped.
class Waiting final {
 public:
  // Runs `answer` after that time, or answers `cancelled` when the call is stopped before.
  void start(Call call, std::chrono::milliseconds time, std::function<void(Call&)> answer) {
    threads_.emplace_back([call = std::move(call), time, answer = std::move(answer)]() mutable {
      std::mutex mutex;
      std::condition_variable_any changed;
      std::unique_lock lock(mutex);
      (void)changed.wait_for(lock, call.stop(), time, [] { return false; });
      if (call.stop().stop_requested()) return call.answer(fail(Errc::cancelled, "stopped"));
      answer(call);
    });
  }
  void join() { threads_.clear(); }

 private:
  std::vector<std::jthread> threads_;
};

// The tools, resources and prompts whose names begin with "test_".
class TestPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "test"; }
  void declare(pack::Binder& binder) override {
    declare_contents(binder);
    declare_reports(binder);
    declare_questions(binder);
    declare_rounds(binder);
    declare_task(binder);
    declare_resources(binder);
    declare_prompts(binder);
  }
  void start(pack::PackContext& context) override { context_ = &context; }
  void stop() override { waiting_.join(); }
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }

 private:
  using Handler = std::function<Result<Reply>(std::string_view arguments, const Call& call)>;

  static void tool(pack::Binder& binder, pack::ToolSpec spec, Handler handler) {
    binder.add(std::move(spec),
               [handler = std::move(handler)](std::string_view arguments, Call call) {
                 call.answer(handler(arguments.empty() ? "{}" : arguments, call));
               });
  }
  static void asking(pack::Binder& binder,
                     std::string verb,
                     std::string description,
                     Handler handler,
                     std::string input_schema = R"({"type":"object","properties":{}})") {
    pack::ToolSpec made = spec(std::move(verb), std::move(description));
    made.asks = true;
    made.input_schema = std::move(input_schema);
    tool(binder, std::move(made), std::move(handler));
  }
  // On the pool, since it takes a while.
  void slow(pack::Binder& binder, pack::ToolSpec spec, std::function<Reply(const Call&)> work) {
    binder.add(std::move(spec), [this, work = std::move(work)](std::string_view, Call call) {
      auto shared = std::make_shared<Call>(std::move(call));
      const auto queued = context_->submit([shared, work] { shared->answer(work(*shared)); });
      if (!queued) shared->answer(std::unexpected(queued.error()));
    });
  }

  static void declare_contents(pack::Binder& binder) {
    tool(binder, spec("simple_text", "Answers with a text"),
         [](auto, auto&) { return say("This is a simple text response for testing."); });
    tool(binder, spec("image_content", "Answers with an image"), [](auto, auto&) {
      return reply({bytes(ContentKind::image, red_pixel_png, "image/png")});
    });
    tool(binder, spec("audio_content", "Answers with a recording"),
         [](auto, auto&) { return reply({bytes(ContentKind::audio, silent_wav, "audio/wav")}); });
    tool(binder, spec("embedded_resource", "Answers with a resource"), [](auto, auto&) {
      return reply({resource("test://embedded-resource", "text/plain",
                             "This is an embedded resource content.")});
    });
    tool(binder, spec("multiple_content_types", "Answers with contents of three kinds"),
         [](auto, auto&) {
           return reply({pack::text_content("Multiple content types test:"),
                         bytes(ContentKind::image, red_pixel_png, "image/png"),
                         resource("test://mixed-content-resource", "application/json",
                                  R"({"test":"data","value":123})")});
         });
    tool(binder, spec("error_handling", "Fails"), [](auto, auto&) -> Result<Reply> {
      return fail(Errc::io, "This tool intentionally returns an error for testing");
    });
  }

  void declare_reports(pack::Binder& binder) {
    slow(binder, spec("tool_with_logging", "Logs while it works"), [](const Call& call) {
      call.log(pack::LogLevel::info, "Tool execution started");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      call.log(pack::LogLevel::info, "Tool processing data");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      call.log(pack::LogLevel::info, "Tool execution completed");
      return say("Tool with logging executed successfully");
    });
    tool(binder, spec("logging_tool", "Logs once"), [](auto, const Call& call) {
      call.log(pack::LogLevel::info, "A message for those who asked for it");
      return say("logged");
    });
    slow(binder, spec("tool_with_progress", "Reports progress"), [](const Call& call) {
      for (const int done : {0, 50, 100}) {
        call.progress(done, 100, "Completed step " + std::to_string(done) + " of 100");
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
      }
      return say("Tool with progress executed successfully");
    });
    slow(binder, spec("reconnection", "Takes long enough for its stream to be closed"),
         [](const Call&) {
           std::this_thread::sleep_for(std::chrono::milliseconds(300));
           return say("Reconnection test completed successfully");
         });
    tool(binder, spec("trigger_tool_change", "Says that the list of tools has changed"),
         [this](auto, auto&) {
           context_->list_changed(pack::ListKind::tools);
           return say("tools changed");
         });
    tool(binder, spec("trigger_prompt_change", "Says that the list of prompts has changed"),
         [this](auto, auto&) {
           context_->list_changed(pack::ListKind::prompts);
           return say("prompts changed");
         });
  }

  static void declare_questions(pack::Binder& binder) {
    asking(
        binder, "sampling", "Asks the client's model",
        [](std::string_view arguments, const Call& call) -> Result<Reply> {
          if (const auto given = answer(call, "sample"))
            return say("LLM response: " + text_of_sample(*given));
          const auto parsed = json::parse(arguments);
          return ask(
              {{"sample", sample(parsed ? json::string_or(*parsed, "prompt", "") : "", 100)}});
        },
        R"({"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]})");
    asking(
        binder, "elicitation", "Asks the person",
        [](std::string_view arguments, const Call& call) -> Result<Reply> {
          if (const auto given = answer(call, "form"))
            return say("User response: " + json::dump(*given));
          const auto parsed = json::parse(arguments);
          return ask(
              {{"form", elicit(parsed ? json::string_or(*parsed, "message", "") : "",
                               R"({"username":{"type":"string","description":"User's response"},)"
                               R"("email":{"type":"string","description":"User's email address"}})",
                               R"(["username","email"])")}});
        },
        R"({"type":"object","properties":{"message":{"type":"string"}},"required":["message"]})");
    asking_form(
        binder, "elicitation_sep1034_defaults", "Asks with defaults",
        R"({"name":{"type":"string","description":"User name","default":"John Doe"},)"
        R"("age":{"type":"integer","description":"User age","default":30},)"
        R"("score":{"type":"number","description":"User score","default":95.5},)"
        R"("status":{"type":"string","description":"User status",)"
        R"("enum":["active","inactive","pending"],"default":"active"},)"
        R"("verified":{"type":"boolean","description":"Verification status","default":true}})");
    asking_form(
        binder, "elicitation_sep1330_enums", "Asks with enumerations",
        R"({"untitledSingle":{"type":"string","enum":["option1","option2","option3"]},)"
        R"("titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},)"
        R"({"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},)"
        R"("legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],)"
        R"("enumNames":["Option One","Option Two","Option Three"]},)"
        R"("untitledMulti":{"type":"array","items":{"type":"string",)"
        R"("enum":["option1","option2","option3"]}},)"
        R"("titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First Choice"},)"
        R"({"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}})");
    asking(binder, "missing_capability", "Asks what the client may not be able to answer",
           [](auto, const Call& call) -> Result<Reply> {
             if (answer(call, "sample")) return say("sampled");
             return ask({{"sample", sample("Anything", 10)}});
           });
    asking(binder, "streaming_elicitation", "Asks the person within a stream",
           [](auto, const Call& call) -> Result<Reply> {
             if (answer(call, "confirm")) return say("confirmed");
             return ask({{"confirm",
                          elicit("Please confirm", R"({"ok":{"type":"boolean"}})", R"(["ok"])")}});
           });
  }

  static void asking_form(pack::Binder& binder,
                          std::string verb,
                          std::string description,
                          std::string properties) {
    asking(binder, std::move(verb), std::move(description),
           [properties = std::move(properties)](auto, const Call& call) -> Result<Reply> {
             const auto given = answer(call, "form");
             if (!given) return ask({{"form", elicit("Please answer", properties, "[]")}});
             const json::Value* content = json::find(*given, "content");
             return say("Elicitation completed: action=" +
                        std::string(json::string_or(*given, "action", "")) +
                        ", content=" + (content == nullptr ? "{}" : json::dump(*content)));
           });
  }

  static void declare_rounds(pack::Binder& binder) {
    const std::string prefix = "input_required_result_";
    asking(binder, prefix + "elicitation", "Asks for a name",
           [](auto, const Call& call) -> Result<Reply> {
             if (const auto given = answer(call, "user_name"))
               return say("Hello, " + field(*given, "name") + "!");
             return ask({{"user_name", elicit("What is your name?", name_schema, R"(["name"])")}});
           });
    asking(binder, prefix + "sampling", "Asks the client's model for a capital",
           [](auto, const Call& call) -> Result<Reply> {
             if (const auto given = answer(call, "capital_question"))
               return say(text_of_sample(*given));
             return ask({{"capital_question", sample("What is the capital of France?", 100)}});
           });
    asking(binder, prefix + "list_roots", "Asks for the client's roots",
           [](auto, const Call& call) -> Result<Reply> {
             if (const auto given = answer(call, "client_roots")) return say(json::dump(*given));
             return ask({{"client_roots", roots()}});
           });
    asking(binder, prefix + "request_state", "Asks, and keeps a state meanwhile",
           [](auto, const Call& call) -> Result<Reply> {
             if (answer(call, "confirm") && call.state() == "kept") return say("state-ok");
             return ask({{"confirm",
                          elicit("Please confirm", R"({"ok":{"type":"boolean"}})", R"(["ok"])")}},
                        "kept");
           });
    asking(binder, prefix + "tampered_state", "Asks, and takes only its own state back",
           [](auto, const Call& call) -> Result<Reply> {
             if (answer(call, "confirm") && call.state() == "kept") return say("state-ok");
             return ask({{"confirm",
                          elicit("Please confirm", R"({"ok":{"type":"boolean"}})", R"(["ok"])")}},
                        "kept");
           });
    asking(
        binder, prefix + "multiple_inputs", "Asks three things at once",
        [](auto, const Call& call) -> Result<Reply> {
          if (answer(call, "user_name") && answer(call, "greeting") && answer(call, "client_roots"))
            return say("all there");
          return ask({{"user_name", elicit("What is your name?", name_schema, R"(["name"])")},
                      {"greeting", sample("Generate a greeting", 50)},
                      {"client_roots", roots()}},
                     "asked");
        });
    asking(
        binder, prefix + "multi_round", "Asks twice", [](auto, const Call& call) -> Result<Reply> {
          if (const auto given = answer(call, "step2"))
            return say(call.state() + " likes " + field(*given, "color"));
          if (const auto given = answer(call, "step1")) {
            return ask({{"step2", elicit("Step 2: What is your favorite color?",
                                         R"({"color":{"type":"string"}})", R"(["color"])")}},
                       field(*given, "name"));
          }
          return ask({{"step1", elicit("Step 1: What is your name?", name_schema, R"(["name"])")}},
                     "round one");
        });
    asking(
        binder, prefix + "capabilities", "Asks only what the client can answer",
        [](auto, const Call& call) -> Result<Reply> {
          if (!call.answers().empty()) return say("answered");
          if (call.can_ask(QuestionKind::sample))
            return ask({{"sample", sample("Generate a greeting", 50)}});
          if (call.can_ask(QuestionKind::elicit))
            return ask({{"user_name", elicit("What is your name?", name_schema, R"(["name"])")}});
          return say("nothing to ask with");
        });
  }

  // Asks before it becomes a task.
  void declare_task(pack::Binder& binder) {
    pack::ToolSpec made = spec("tool_with_task", "Asks for a name, then works for a while");
    made.asks = true;
    made.task = pack::TaskSupport::required;
    binder.add(std::move(made), [this](std::string_view, Call call) {
      const auto given = answer(call, "user_name");
      if (!given) {
        return call.answer(
            ask({{"user_name", elicit("What is your name?", name_schema, R"(["name"])")}}));
      }
      waiting_.start(std::move(call), std::chrono::milliseconds(100),
                     [name = field(*given, "name")](Call& ended) {
                       ended.answer(say("Hello, " + name + "!"));
                     });
    });
  }

  static void declare_resources(pack::Binder& binder) {
    const auto add = [&](std::string uri, std::string mime_type, Content content) {
      content.mime_type = mime_type;
      binder.add(pack::ResourceSpec{.uri = uri,
                                    .name = uri,
                                    .title = uri,
                                    .description = "A resource for testing",
                                    .mime_type = std::move(mime_type)},
                 [content = std::move(content)](const std::string&, const pack::Variables&,
                                                Call call) { call.answer(reply({content})); });
    };
    add("test://static-text", "text/plain",
        pack::text_content("This is the content of the static text resource."));
    add("test://static-binary", "image/png", bytes(ContentKind::image, red_pixel_png, "image/png"));
    add("test://watched-resource", "text/plain", pack::text_content("Watched"));
    binder.add(
        pack::TemplateSpec{.uri_template = "test://template/{id}/data",
                           .name = "template",
                           .title = "Template",
                           .description = "A resource template for testing",
                           .mime_type = "application/json"},
        [](const std::string&, const pack::Variables& variables, Call call) {
          const std::string& id = variables.at("id");
          Content content = pack::text_content(R"({"id":)" + json::quoted(id) +
                                               R"(,"templateTest":true,"data":)" +
                                               json::quoted("Data for ID: " + id) + '}');
          content.mime_type = "application/json";
          call.answer(reply({std::move(content)}));
        },
        nullptr);
  }

  static void declare_prompts(pack::Binder& binder) {
    const auto add = [&](pack::PromptSpec spec,
                         std::function<Reply(const pack::Variables&, const Call&)> handler) {
      binder.add(
          std::move(spec),
          [handler = std::move(handler)](const pack::Variables& arguments, Call call) {
            call.answer(handler(arguments, call));
          },
          [](std::string_view, std::string_view typed, const pack::Variables&) {
            return std::vector<std::string>{std::string(typed) + "-completed"};
          });
    };
    add({.name = "simple_prompt",
         .title = "Simple",
         .description = "A simple prompt",
         .arguments = {}},
        [](auto&, auto&) { return say("This is a simple prompt for testing."); });
    add({.name = "prompt_with_arguments",
         .title = "With arguments",
         .description = "A prompt with two arguments",
         .arguments = {{"arg1", "First test argument", true},
                       {"arg2", "Second test argument", true}}},
        [](const pack::Variables& arguments, auto&) {
          return say("Prompt with arguments: arg1='" + arguments.at("arg1") + "', arg2='" +
                     arguments.at("arg2") + "'");
        });
    add({.name = "prompt_with_embedded_resource",
         .title = "With a resource",
         .description = "A prompt that embeds a resource",
         .arguments = {{"resourceUri", "URI of the resource to embed", true}}},
        [](const pack::Variables& arguments, auto&) {
          return reply({resource(arguments.at("resourceUri"), "text/plain",
                                 "Embedded resource content for testing."),
                        pack::text_content("Please process the embedded resource above.")});
        });
    add({.name = "prompt_with_image",
         .title = "With an image",
         .description = "A prompt with an image",
         .arguments = {}},
        [](auto&, auto&) {
          return reply({bytes(ContentKind::image, red_pixel_png, "image/png"),
                        pack::text_content("Please analyze the image above.")});
        });
    add({.name = "input_required_result_prompt",
         .title = "Asks",
         .description = "A prompt that asks",
         .arguments = {}},
        [](auto&, const Call& call) {
          if (const auto given = answer(call, "user_context"))
            return say("Context: " + field(*given, "context"));
          return ask(
              {{"user_context", elicit("What context should the prompt use?",
                                       R"({"context":{"type":"string"}})", R"(["context"])")}});
        });
  }

  pack::PackContext* context_ = nullptr;
  Waiting waiting_;
};

// Those whose names begin with nothing.
class BarePack final : public pack::Pack {
 public:
  std::string_view name() const override { return ""; }
  void declare(pack::Binder& binder) override {
    add(binder, "json_schema_2020_12_tool", "Tool with JSON Schema 2020-12 features",
        R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","$defs":{)"
        R"("address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},)"
        R"("city":{"type":"string"}}}},"properties":{"name":{"type":"string"},)"
        R"("address":{"$ref":"#/$defs/address"},"contactMethod":{"type":"string","enum":["phone","email"]},)"
        R"("phone":{"type":"string"},"email":{"type":"string"}},)"
        R"("allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],)"
        R"("if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},)"
        R"("then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false})");
    add(binder, "custom_header_tool", "Tool with an argument that a header repeats",
        R"({"type":"object","properties":{"value":{"type":"string","x-mcp-header":"Value"}}})");
    declare_jobs(binder);
    declare_asking_jobs(binder);
  }
  void start(pack::PackContext&) override {}
  void stop() override { waiting_.join(); }
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }

 private:
  static void add(pack::Binder& binder,
                  std::string verb,
                  std::string description,
                  std::string schema) {
    pack::ToolSpec made = spec(std::move(verb), std::move(description));
    made.input_schema = std::move(schema);
    binder.add(std::move(made), [](std::string_view, Call call) { call.answer(say("fits")); });
  }

  static pack::ToolSpec job(std::string verb,
                            std::string description,
                            std::string properties,
                            pack::TaskSupport task) {
    pack::ToolSpec made = spec(std::move(verb), std::move(description));
    made.input_schema = R"({"type":"object","properties":)" + properties + '}';
    made.task = task;
    return made;
  }

  void declare_jobs(pack::Binder& binder) {
    using pack::TaskSupport;
    binder.add(job("greet", "Greets at once", std::string(name_schema), TaskSupport::forbidden),
               [](std::string_view arguments, Call call) {
                 const auto given = json::parse(arguments.empty() ? "{}" : arguments);
                 const std::string name(given ? json::string_or(*given, "name", "") : "");
                 call.answer(say("Hello, " + name + "!"));
               });
    binder.add(
        job("slow_compute", "Takes that many seconds",
            R"({"seconds":{"type":"number"},"label":{"type":"string"}})", TaskSupport::optional),
        [this](std::string_view arguments, Call call) {
          const auto given = json::parse(arguments.empty() ? "{}" : arguments);
          if (!given) return call.answer(std::unexpected(given.error()));
          const auto seconds = json::int_or(*given, "seconds", 0);
          const std::string done = "computed " + std::string(json::string_or(*given, "label", ""));
          if (seconds <= 0) return call.answer(say(done));
          waiting_.start(std::move(call), std::chrono::seconds(seconds),
                         [done](Call& ended) { ended.answer(say(done)); });
        });
    binder.add(job("failing_job", "Fails after a second", "{}", TaskSupport::required),
               [this](std::string_view, Call call) {
                 waiting_.start(std::move(call), std::chrono::seconds(1), [](Call& ended) {
                   ended.answer(fail(Errc::io, "This job always fails"));
                 });
               });
    binder.add(job("protocol_error_job", "Never comes to an answer", "{}", TaskSupport::required),
               [this](std::string_view, Call call) {
                 waiting_.start(std::move(call), std::chrono::milliseconds(100), [](Call&) {});
               });
  }

  // They ask when they are tasks already.
  void declare_asking_jobs(pack::Binder& binder) {
    static constexpr auto moment = std::chrono::milliseconds(50);
    static constexpr std::string_view confirmation = R"({"confirm":{"type":"boolean"}})";
    auto confirm = job("confirm_delete", "Asks before it deletes",
                       R"({"filename":{"type":"string"}})", pack::TaskSupport::optional);
    confirm.asks = true;
    binder.add(std::move(confirm), [this](std::string_view, Call call) {
      waiting_.start(std::move(call), moment, [](Call& asked) {
        if (answer(asked, "confirm")) return asked.answer(say("deleted"));
        asked.answer(ask({{"confirm", elicit("Delete it?", confirmation, R"(["confirm"])")}}));
      });
    });
    auto multi = job("multi_input", "Asks two things at once", "{}", pack::TaskSupport::optional);
    multi.asks = true;
    binder.add(std::move(multi), [this](std::string_view, Call call) {
      waiting_.start(std::move(call), moment, [](Call& asked) {
        if (answer(asked, "name") && answer(asked, "confirm")) return asked.answer(say("both"));
        asked.answer(ask({{"name", elicit("What is your name?", name_schema, R"(["name"])")},
                          {"confirm", elicit("Go on?", confirmation, R"(["confirm"])")}}));
      });
    });
  }

  Waiting waiting_;
};

}  // namespace

std::vector<std::unique_ptr<pack::Pack>> make_packs() {
  std::vector<std::unique_ptr<pack::Pack>> packs;
  packs.push_back(std::make_unique<TestPack>());
  packs.push_back(std::make_unique<BarePack>());
  return packs;
}

}  // namespace hearth::app
