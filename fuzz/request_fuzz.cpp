// Requests of the request language: whatever parses is printed, and what is printed parses back to
// the same; a complaint names a place within the text. A request that parses is run against verbs
// that echo their arguments, and its envelope is JSON that accounts for every operation.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "request/program.hpp"
#include "request/runner.hpp"

namespace {

using namespace hearth;

void require(bool holds) {
  if (!holds) std::abort();
}

// Every name is a verb, which answers its arguments; those that begin with f fail.
class Verbs final : public request::Verbs {
 public:
  Verbs() { spec_.annotations.read_only = false; }
  std::optional<request::Verb> find(std::string_view name) const override {
    if (name.starts_with("x")) return std::nullopt;
    return request::Verb{name, "pack", &spec_};
  }
  std::vector<request::Verb> all() const override { return {{"a_verb", "a", &spec_}}; }
  void start(const request::Verb& verb,
             std::string_view arguments,
             pack::Call::Context,
             std::unique_ptr<pack::CallSink> sink) override {
    if (verb.name.starts_with("f")) return sink->finish(fail(Errc::not_found, "nothing"));
    pack::Reply reply;
    reply.structured = arguments;
    sink->finish(std::move(reply));
  }

 private:
  pack::ToolSpec spec_;
};

class Sink final : public pack::CallSink {
 public:
  explicit Sink(std::optional<Result<pack::Reply>>& answer) : answer_(answer) {}
  void finish(Result<pack::Reply> outcome) override {
    require(!answer_);
    answer_ = std::move(outcome);
  }
  void progress(double, std::optional<double>, std::string_view) override {}
  void log(pack::LogLevel, std::string_view) override {}

 private:
  std::optional<Result<pack::Reply>>& answer_;
};

void check_place(std::string_view text, const std::string& message) {
  unsigned line = 0;
  unsigned column = 0;
  require(std::sscanf(message.c_str(), "line %u, column %u: ", &line, &column) == 2);
  require(line >= 1 && column >= 1);
  require(line <= static_cast<unsigned>(std::ranges::count(text, '\n')) + 1);
  require(column <= text.size() + 1);
}

void run(request::Program program) {
  const std::size_t count = program.operations.size();
  const auto shown = static_cast<request::Presentation>(count % 3);
  Verbs verbs;
  std::optional<Result<pack::Reply>> answer;
  pack::Call::Context context;
  context.caller = std::make_shared<pack::Caller>();
  request::run(verbs, std::move(program), shown,
               pack::Call(std::move(context), std::make_unique<Sink>(answer)));
  require(answer.has_value());
  if (!*answer) return require(answer->error().code == Errc::conflict);
  const auto envelope = json::parse((*answer)->structured);
  require(envelope.has_value());
  const json::Value& summary = envelope->at("summary");
  require(envelope->at("results").as_array().size() == count);
  require(json::int_or(summary, "succeeded", 0) + json::int_or(summary, "failed", 0) +
              json::int_or(summary, "aborted", 0) ==
          static_cast<std::int64_t>(count));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto program = request::parse(text);
  if (!program) {
    check_place(text, program.error().message);
    return 0;
  }
  const std::string once = request::print(*program);
  const auto again = request::parse(once);
  require(again.has_value() && again->shape == program->shape && request::print(*again) == once);
  run(std::move(*program));
  return 0;
}
