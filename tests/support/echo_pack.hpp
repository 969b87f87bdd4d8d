// A pack whose tools behave in every way that a daemon must cope with.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "mcp/binder.hpp"
#include "support/test_client.hpp"

namespace hearth::test {

struct EchoText {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(EchoText, (), (text))
inline json::Notes notes(const EchoText*) {
  return {{"text", "Any text", json::defaulted}};
}

struct EchoNumber {
  std::int64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(EchoNumber, (), (n))
inline json::Notes notes(const EchoNumber*) {
  return {{"n", "A number", json::range(0, 100'000'000)}};
}

struct EchoNested {
  json::Raw value;
};
BOOST_DESCRIBE_STRUCT(EchoNested, (), (value))
inline json::Notes notes(const EchoNested*) {
  return {{"value", "Arrays in arrays", json::anything}};
}

struct EchoCaller {
  std::string session, kind, name_space, cwd, project_root, key;
  bool is_resend = false;
  bool read_only = false;
};
BOOST_DESCRIBE_STRUCT(EchoCaller,
                      (),
                      (session, kind, name_space, cwd, project_root, key, is_resend, read_only))
inline json::Notes notes(const EchoCaller*) {
  return {{"session", ""},      {"kind", ""}, {"name_space", ""}, {"cwd", ""},
          {"project_root", ""}, {"key", ""},  {"is_resend", ""},  {"read_only", ""}};
}

// echo_say    answers its text on the loop, after a report and a log line
// echo_big    answers n bytes
// echo_deep   answers n arrays within each other
// echo_who    answers what it knows of the caller
// echo_slow   takes n milliseconds on the pool, reporting each; stops when asked
// echo_hold   is answered by the echo_release of the same text, or stopped
// echo_hold_once  the same, but may not be repeated
// echo_count  answers how often it ran; may not be repeated
// echo_block  keeps the loop busy until open_gate()
// echo_throw, echo_throw_on_loop    throw
// echo_drop   forgets to answer
// echo_crash  takes the process along
class EchoPack final : public pack::Pack {
 public:
  std::string_view name() const override { return "echo"; }

  void declare(pack::Binder& tools) override {
    declare_quick(tools);
    declare_slow(tools);
    declare_faulty(tools);
  }
  std::vector<pack::Route> routes() const override {
    return {{"GET", "/v1/echo/{text}", "say"},   {"POST", "/v1/echo", "say"},
            {"GET", "/v1/echo", "big"},          {"POST", "/v1/who", "who"},
            {"POST", "/v1/hold/{text}", "hold"}, {"POST", "/v1/echo/{text}/seal", "", "seal"}};
  }
  // Says what it was given, and by whom.
  void in_person(std::string_view arguments,
                 pack::Reviewer reviewer,
                 std::move_only_function<void(Result<std::string>)> answer) override {
    if (arguments.contains("late")) return answer(fail(Errc::timed_out, "too late"));
    answer(R"({"by":")" + reviewer.name + "@" + reviewer.name_space + R"(","given":)" +
           std::string(arguments) + "}");
  }
  void start(pack::PackContext& context) override { context_ = &context; }
  void stop() override { is_stopped_ = true; }
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }

  [[nodiscard]] bool is_stopped() const { return is_stopped_; }
  // Lets one echo_block go on, now or when it comes. Any thread.
  void open_gate() { gate_.release(); }

 private:
  struct Held {
    explicit Held(pack::Call held) : call(std::move(held)) {}
    pack::Call call;
    std::optional<std::stop_callback<std::function<void()>>> on_stop;
  };

  static pack::ToolSpec spec(std::string verb,
                             pack::ResendRule resend = pack::ResendRule::run_again) {
    pack::ToolSpec spec;
    spec.verb = verb;
    spec.title = verb;
    spec.description = "Test tool " + verb;
    spec.annotations = {.read_only = true, .idempotent = true};
    spec.resend = resend;
    return spec;
  }

  void declare_quick(pack::Binder& tools) {
    mcp::Tool<EchoText, EchoText>(spec("say"))
        .on_loop(tools, [](const EchoText& request, const pack::Call& call) -> Result<EchoText> {
          call.progress(1, 1, "said");
          call.log(pack::LogLevel::info, "saying");
          return request;
        });
    mcp::Tool<EchoNumber, EchoText>(spec("big"))
        .on_loop(tools, [](const EchoNumber& request, const pack::Call&) -> Result<EchoText> {
          return EchoText{std::string(static_cast<std::size_t>(request.n), 'x')};
        });
    mcp::Tool<EchoNumber, EchoNested>(spec("deep"))
        .on_loop(tools, [](const EchoNumber& request, const pack::Call&) -> Result<EchoNested> {
          const auto n = static_cast<std::size_t>(request.n);
          return EchoNested{{std::string(n, '[') + std::string(n, ']')}};
        });
    mcp::Tool<EchoText, EchoCaller>(spec("who"))
        .on_loop(tools, [](const EchoText&, const pack::Call& call) -> Result<EchoCaller> {
          const pack::Caller& caller = call.caller();
          return EchoCaller{caller.session,      caller.kind, caller.name_space, caller.cwd,
                            caller.project_root, call.key(),  call.is_resend(),  caller.read_only};
        });
    mcp::Tool<EchoText, EchoNumber>(spec("count", pack::ResendRule::refuse))
        .on_loop(tools, [this](const EchoText&, const pack::Call&) -> Result<EchoNumber> {
          return EchoNumber{++count_};
        });
  }

  void declare_slow(pack::Binder& tools) {
    mcp::Tool<EchoNumber, EchoNumber>(spec("slow"))
        .on_pool(tools, context_, [](const EchoNumber& request, const pack::Call& call) {
          return sleep_reporting(request.n, call);
        });
    for (const auto& [verb, rule] : {std::pair{"hold", pack::ResendRule::run_again},
                                     std::pair{"hold_once", pack::ResendRule::refuse}}) {
      mcp::Tool<EchoText, EchoText>(spec(verb, rule))
          .deferred(tools, [this](EchoText request, pack::Call call) {
            hold(request.text, std::move(call));
          });
    }
    mcp::Tool<EchoText, EchoText>(spec("release"))
        .on_loop(tools, [this](const EchoText& request, const pack::Call&) -> Result<EchoText> {
          auto held = held_.extract(request.text);
          if (held.empty()) return fail(Errc::not_found, "nothing is held as " + request.text);
          held.mapped()->call.answer(pack::Reply{.structured = json::encode(request)});
          return request;
        });
  }

  void declare_faulty(pack::Binder& tools) {
    mcp::Tool<EchoText, EchoText>(spec("throw"))
        .on_pool(tools, context_, [](const EchoText&, const pack::Call&) -> Result<EchoText> {
          throw std::runtime_error("thrown on the pool");
        });
    mcp::Tool<EchoText, EchoText>(spec("throw_on_loop"))
        .on_loop(tools, [](const EchoText&, const pack::Call&) -> Result<EchoText> {
          throw std::runtime_error("thrown on the loop");
        });
    mcp::Tool<EchoText, EchoText>(spec("block"))
        .on_loop(tools, [this](const EchoText& request, const pack::Call&) -> Result<EchoText> {
          gate_.acquire();
          return request;
        });
    mcp::Tool<EchoText, EchoText>(spec("drop")).deferred(tools, [](EchoText, pack::Call) {});
    mcp::Tool<EchoText, EchoText>(spec("crash", pack::ResendRule::refuse))
        .on_loop(tools, [](const EchoText&, const pack::Call&) -> Result<EchoText> {
          (void)::raise(SIGKILL);  // as kill -9 would: no core file, no report
          return EchoText{};
        });
  }

  // Waits on the stop token, so that it ends at once when asked.
  static Result<EchoNumber> sleep_reporting(std::int64_t ms, const pack::Call& call) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    for (std::int64_t i = 0; i < ms; ++i) {
      (void)changed.wait_for(lock, call.stop(), std::chrono::milliseconds(1), [] { return false; });
      if (call.stop().stop_requested()) return fail(Errc::cancelled, "stopped");
      call.progress(static_cast<double>(i + 1), static_cast<double>(ms), "slowly");
    }
    return EchoNumber{ms};
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
  std::int64_t count_ = 0;                             // loop thread
  std::atomic<bool> is_stopped_ = false;
  std::counting_semaphore<16> gate_{0};
};

// The text that an answer to a tool of EchoPack gives back.
[[nodiscard]] inline std::string echoed_text(const json::Value& answer) {
  return std::string(json::string_or(structured(answer), "text", "none"));
}

}  // namespace hearth::test
