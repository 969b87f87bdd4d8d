#include "request/runner.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "base/closest.hpp"
#include "base/guarded.hpp"
#include "base/ids.hpp"
#include "request/present.hpp"

namespace hearth::request {
namespace {

// So that one request leaves room on the pool for others.
constexpr std::size_t most_running = 16;

// ---- Checks and substitution --------------------------------------------------------------------

// Whether two values name one thing: ids may be given as prefixes.
bool may_be_same(std::string_view member, const json::Value& a, const json::Value& b) {
  if (member == "id" && a.is_string() && b.is_string()) {
    const std::string_view one = a.get_string();
    const std::string_view other = b.get_string();
    return one.starts_with(other) || other.starts_with(one);
  }
  return a == b;
}

// The operations of a batch that write, with the pack whose names they use.
struct Write {
  std::size_t index;
  std::string_view pack;
  const json::Object* arguments;
};

Result<void> refuse_conflicts(const Verbs& verbs, const Program& program) {
  std::vector<Write> writes;
  for (std::size_t i = 0; i < program.operations.size(); ++i) {
    const Operation& operation = program.operations[i];
    const auto verb = verbs.find(operation.verb);
    if (!verb || verb->spec->annotations.read_only) continue;
    const Write write{i, verb->pack, &operation.arguments};
    for (const Write& earlier : writes) {
      if (earlier.pack != write.pack) continue;
      for (const std::string_view member : {"key", "id"}) {
        const json::Value* one = earlier.arguments->if_contains(member);
        const json::Value* other = write.arguments->if_contains(member);
        if (one == nullptr || other == nullptr || !may_be_same(member, *one, *other)) continue;
        return fail(
            Errc::conflict,
            "operations " + std::to_string(earlier.index + 1) + " and " + std::to_string(i + 1) +
                " of the batch both write " + std::string(member) + " " + json::dump(*other) +
                "; nothing was done",
            {"chain them with | to set the order", "give each its own " + std::string(member)});
      }
    }
    writes.push_back(write);
  }
  return {};
}

// The value at `path` in the answer of the operation before.
Result<const json::Value*> follow(const json::Value& answer, const Path& path) {
  const json::Value* value = &answer;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string so_far =
        print_reference(Path(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(i)));
    if (const auto* name = std::get_if<std::string>(&path[i])) {
      if (!value->is_object())
        return fail(Errc::invalid_args,
                    so_far + ": expected an object, got " + std::string(json::kind_name(*value)));
      const json::Value* found = value->get_object().if_contains(*name);
      if (found == nullptr) {
        std::vector<std::string> names;
        for (const auto& member : value->get_object()) names.emplace_back(member.key());
        auto near = closest_names(*name, names);
        return fail(Errc::invalid_args, so_far + " has no member " + json::quoted(*name),
                    near.empty() ? names : near);
      }
      value = found;
      continue;
    }
    const std::size_t index = std::get<std::size_t>(path[i]);
    if (!value->is_array())
      return fail(Errc::invalid_args,
                  so_far + ": expected an array, got " + std::string(json::kind_name(*value)));
    if (index >= value->get_array().size())
      return fail(Errc::not_found, so_far + " has " + std::to_string(value->get_array().size()) +
                                       " items; there is no [" + std::to_string(index) + "]");
    value = &value->get_array()[index];
  }
  return value;
}

// `where` was made by the parser: it exists.
json::Value& place_in(json::Object& arguments, const Path& where) {
  json::Value* value = &arguments[std::get<std::string>(where.front())];
  for (std::size_t i = 1; i < where.size(); ++i) {
    const auto* name = std::get_if<std::string>(&where[i]);
    value = name != nullptr ? &value->get_object()[*name]
                            : &value->get_array()[std::get<std::size_t>(where[i])];
  }
  return *value;
}

Result<void> fill(Operation& operation, const json::Value& previous) {
  for (const Slot& slot : operation.slots) {
    const auto value = follow(previous, slot.from);
    if (!value) return std::unexpected(value.error());
    place_in(operation.arguments, slot.where) = **value;
  }
  return {};
}

Error unknown_verb(const Verbs& verbs, const std::string& name) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs.all()) names.emplace_back(verb.name);
  Error error{Errc::invalid_args, "there is no verb \"" + name + "\"", closest_names(name, names)};
  if (error.suggestions.empty()) error.suggestions = {"`verbs` lists the verbs"};
  return error;
}

// The JSON text of what a verb answered; of one that answers in text or pictures only, its texts.
Result<std::string> text_of(const Result<pack::Reply>& outcome) {
  if (!outcome) return std::unexpected(outcome.error());
  if (!outcome->structured.empty()) return outcome->structured;
  std::string text;
  for (const pack::Content& content : outcome->content) {
    if (!text.empty()) text.push_back('\n');
    text.append(content.kind == pack::ContentKind::text ? content.text : content.uri);
  }
  return R"({"text":)" + json::quoted(text) + '}';
}

// ---- Results ------------------------------------------------------------------------------------

std::string error_text(const Error& error) {
  std::string text = R"({"code":)" + json::quoted(errc_name(error.code)) + R"(,"message":)" +
                     json::quoted(error.message);
  if (!error.suggestions.empty()) {
    text.append(R"(,"suggestions":[)");
    for (const std::string& suggestion : error.suggestions) {
      if (&suggestion != &error.suggestions.front()) text.push_back(',');
      json::append_string(text, suggestion);
    }
    text.push_back(']');
  }
  return text + '}';
}

// The members of a result after "ok" and "verb".
std::string show(const json::Value& answer, const std::string& text, Presentation presentation) {
  switch (presentation) {
    case Presentation::agent:
      return R"(,"result":)" + json::dump(shorten(answer));
    case Presentation::human:
      return R"(,"text":)" + json::quoted(to_markdown(answer));
    case Presentation::verbose:
      break;
  }
  return R"(,"result":)" + text;
}

// ---- The run ------------------------------------------------------------------------------------

class Run final : public std::enable_shared_from_this<Run> {
 public:
  Run(Verbs& verbs, Program program, Presentation presentation, pack::Call call)
      : verbs_(verbs),
        program_(std::move(program)),
        presentation_(presentation),
        call_(std::move(call)),
        results_(program_.operations.size()) {}

  void start() {
    if (!call_.state().empty()) {
      if (auto restored = restore(); !restored)
        return call_.answer(std::unexpected(std::move(restored.error())));
      return go_on();
    }
    if (program_.shape == Shape::batch) {
      if (auto checked = refuse_conflicts(verbs_, program_); !checked)
        return call_.answer(std::unexpected(std::move(checked.error())));
    }
    go_on();
  }

 private:
  class Sink;
  std::unique_ptr<pack::CallSink> sink_for(std::size_t index);

  // Starts what may be started; answers when all has ended. Operations may end while they start:
  // then this is running already, and goes on by itself.
  void go_on() {
    if (is_going_on_) return;
    is_going_on_ = true;
    const std::size_t width = program_.shape == Shape::batch ? most_running : 1;
    while (running_ < width && has_next()) start_next();
    is_going_on_ = false;
    if (running_ > 0 || has_next()) return;
    if (asking_.empty()) return answer();
    ask();
  }

  // What was asked in the round before goes first. A chain waits for an operation that asks.
  [[nodiscard]] bool has_next() const {
    if (!answered_.empty()) return true;
    return next_ < results_.size() && (program_.shape == Shape::batch || asking_.empty());
  }

  void start_next() {
    const bool is_again = !answered_.empty();
    const std::size_t index = is_again ? answered_.begin()->first : next_++;
    const Round round = is_again ? std::move(answered_.begin()->second) : Round{};
    if (is_again) answered_.erase(answered_.begin());
    Operation& operation = program_.operations[index];
    ++running_;
    const auto verb = verbs_.find(operation.verb);
    if (!verb) return end(index, std::unexpected(unknown_verb(verbs_, operation.verb)));
    if (call_.stop().stop_requested())
      return end(index, fail(Errc::cancelled, "the request was cancelled before this began"));
    if (auto filled = fill(operation, previous_); !filled)
      return end(index, std::unexpected(std::move(filled.error())));
    std::string arguments;
    json::append(arguments, operation.arguments);
    pack::Call::Context context;
    context.caller = call_.context().caller;
    context.client = call_.context().client;
    context.tool = verb->name;
    if (!call_.key().empty()) context.key = call_.key() + "#" + std::to_string(index);
    context.is_resend = call_.is_resend();
    context.stop = call_.stop();
    context.deadline = call_.deadline();
    context.askable = call_.context().askable;
    context.answers = round.answers;
    context.state = round.state;
    verbs_.start(*verb, arguments, std::move(context), sink_for(index));
  }

  void end(std::size_t index, Result<pack::Reply> outcome) {
    --running_;
    const Operation& operation = program_.operations[index];
    if (outcome && outcome->questions) {
      auto refused = refuse_to_ask(operation.verb, *outcome->questions);
      if (!refused) {
        asking_.emplace(index, std::move(*outcome->questions));
        return go_on();
      }
      outcome = std::unexpected(std::move(*refused));
    }
    const Presentation shown = operation.presentation.value_or(presentation_);
    std::string& text = results_[index];
    const auto raw = text_of(outcome);
    const auto answer = raw ? json::parse(*raw) : Result<json::Value>(std::unexpected(raw.error()));
    text = answer ? R"({"ok":true)" : R"({"ok":false)";
    if (shown != Presentation::agent) text.append(R"(,"verb":)" + json::quoted(operation.verb));
    if (answer) {
      ++succeeded_;
      add_result(text, show(*answer, *raw, shown));
      if (program_.shape == Shape::chain) previous_ = *answer;
    } else {
      ++failed_;
      text.append(R"(,"error":)" + error_text(answer.error()));
      if (program_.shape == Shape::chain) abort_rest();
    }
    text.push_back('}');
    report(index, 1, 1, {});
    go_on();
  }

  void add_result(std::string& text, const std::string& shown) {
    if (result_bytes_ + shown.size() > most_result_bytes) {
      text.append(R"(,"omitted":)" +
                  json::quoted(std::to_string(shown.size()) +
                               " bytes, too much for this answer; ask for it by itself or for "
                               "less"));
      return;
    }
    result_bytes_ += shown.size();
    text.append(shown);
  }

  void abort_rest() {
    aborted_ = results_.size() - next_;
    for (; next_ < results_.size(); ++next_) {
      const Operation& operation = program_.operations[next_];
      const bool is_named = operation.presentation.value_or(presentation_) != Presentation::agent;
      results_[next_] = R"({"ok":false)" +
                        (is_named ? R"(,"verb":)" + json::quoted(operation.verb) : std::string()) +
                        R"(,"aborted":true})";
    }
  }

  // Why the caller is not asked; nothing if it is.
  [[nodiscard]] std::optional<Error> refuse_to_ask(const std::string& verb,
                                                   const pack::Questions& questions) const {
    const auto known = verbs_.find(verb);
    if (!known || !known->spec->asks)
      return Error{Errc::internal, verb + " asks without having said so (ToolSpec::asks)", {}};
    for (const auto& [name, question] : questions.ask) {
      if (call_.can_ask(question.kind)) continue;
      return Error{Errc::unsupported,
                   verb + " asks something that this client cannot answer",
                   {"use a client with elicitation, sampling or roots"}};
    }
    return std::nullopt;
  }

  // Puts the questions of all operations to the caller, and everything that there is to go on from
  // into the state: whoever answers may be answering another process.
  void ask() {
    pack::Reply reply;
    reply.questions.emplace();
    json::Object states;
    for (auto& [index, questions] : asking_) {
      states[std::to_string(index)] = questions.state;
      for (auto& [name, question] : questions.ask)
        reply.questions->ask[std::to_string(index + 1) + '.' + name] = std::move(question);
    }
    for (Operation& operation : program_.operations) {  // as it was parsed
      for (const Slot& slot : operation.slots) place_in(operation.arguments, slot.where) = nullptr;
    }
    const json::Object state{
        {"program", fingerprint_hex(print(program_))},
        {"results", json::Array(results_.begin(), results_.end())},
        {"previous", json::dump(previous_)},
        {"next", next_},
        {"bytes", result_bytes_},
        {"succeeded", succeeded_},
        {"failed", failed_},
        {"asking", std::move(states)},
    };
    json::append(reply.questions->state, state);
    call_.answer(std::move(reply));
  }

  // The inverse. The state is sealed, but the program is the caller's.
  Result<void> restore() {
    const auto state = json::parse(call_.state());
    const json::Value* results = state ? json::find(*state, "results") : nullptr;
    const json::Value* asking = state ? json::find(*state, "asking") : nullptr;
    auto previous = json::parse(state ? json::string_or(*state, "previous", "") : "");
    if (results == nullptr || !results->is_array() || asking == nullptr || !asking->is_object() ||
        !previous || results->get_array().size() != results_.size() ||
        json::string_or(*state, "program", "") != fingerprint_hex(print(program_))) {
      return fail(Errc::invalid_args, "requestState belongs to a request of other operations",
                  {"repeat the request as it was", "make it again without requestState"});
    }
    const auto number = [&](std::string_view name) {
      return static_cast<std::size_t>(json::int_or(*state, name, 0));
    };
    const auto progress = progress_.lock();
    progress->share.resize(results_.size());
    for (std::size_t i = 0; i < results_.size(); ++i) {
      results_[i] = results->get_array()[i].as_string();
      progress->share[i] = results_[i].empty() ? 0 : 1;
      progress->told += progress->share[i];
    }
    previous_ = std::move(*previous);
    next_ = std::min(number("next"), results_.size());
    result_bytes_ = number("bytes");
    succeeded_ = number("succeeded");
    failed_ = number("failed");
    for (const auto& [key, own] : asking->get_object()) {
      std::size_t index = 0;
      (void)std::from_chars(key.data(), key.data() + key.size(), index);
      if (index >= results_.size()) continue;
      Round& round = answered_[index];
      round.state = own.as_string();
      const std::string prefix = std::to_string(index + 1) + '.';
      for (const auto& [name, answer] : call_.answers())
        if (name.starts_with(prefix)) round.answers.emplace(name.substr(prefix.size()), answer);
    }
    return {};
  }

  void answer() {
    if (succeeded_ == 0 && call_.stop().stop_requested())
      return call_.answer(fail(Errc::cancelled, "the request was cancelled; nothing was done"));
    std::string envelope = R"({"results":[)";
    for (const std::string& result : results_) {
      if (&result != &results_.front()) envelope.push_back(',');
      envelope.append(result);
    }
    envelope.append(R"(],"summary":{"total":)" + std::to_string(results_.size()));
    envelope.append(R"(,"succeeded":)" + std::to_string(succeeded_));
    envelope.append(R"(,"failed":)" + std::to_string(failed_));
    envelope.append(R"(,"aborted":)" + std::to_string(aborted_) + "}}");
    pack::Reply reply;
    reply.structured = std::move(envelope);
    call_.answer(std::move(reply));
  }

  // How far all operations have come, of as many as there are; grows only. Any thread.
  void report(std::size_t index, double done, double total, std::string_view message) {
    if (results_.size() == 1) return;
    const auto progress = progress_.lock();
    progress->share.resize(results_.size());
    const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0;
    progress->share[index] = std::max(progress->share[index], share);
    double sum = 0;
    for (const double each : progress->share) sum += each;
    if (sum <= progress->told) return;
    progress->told = sum;
    const std::string& verb = program_.operations[index].verb;
    call_.progress(sum, static_cast<double>(results_.size()),
                   message.empty() ? verb : verb + ": " + std::string(message));
  }

  // What an operation that has asked is given when it is made again.
  struct Round {
    std::map<std::string, std::string> answers;
    std::string state;
  };

  struct Progress {
    std::vector<double> share;  // of each operation, 0 to 1
    double told = 0;
  };

  Verbs& verbs_;
  Program program_;
  const Presentation presentation_;
  pack::Call call_;
  std::vector<std::string> results_;  // JSON text
  json::Value previous_;              // the last answer of a chain
  std::size_t next_ = 0;              // the first operation that has not been started
  std::size_t running_ = 0;
  std::size_t result_bytes_ = 0;
  std::size_t succeeded_ = 0;
  std::size_t failed_ = 0;
  std::size_t aborted_ = 0;
  std::map<std::size_t, pack::Questions> asking_;  // by operation
  std::map<std::size_t, Round> answered_;          // of the round before
  bool is_going_on_ = false;
  Guarded<Progress> progress_;
};

// Of one operation, towards the run.
class Run::Sink final : public pack::CallSink {
 public:
  Sink(std::shared_ptr<Run> run, std::size_t index) : run_(std::move(run)), index_(index) {}

  void finish(Result<pack::Reply> outcome) override { run_->end(index_, std::move(outcome)); }
  void progress(double done, std::optional<double> total, std::string_view message) override {
    if (run_->results_.size() == 1) return run_->call_.progress(done, total, message);
    run_->report(index_, done, total.value_or(0), message);
  }
  void log(pack::LogLevel level, std::string_view message) override {
    run_->call_.log(level, message);
  }

 private:
  std::shared_ptr<Run> run_;  // kept by the operations that run
  std::size_t index_;
};

std::unique_ptr<pack::CallSink> Run::sink_for(std::size_t index) {
  return std::make_unique<Sink>(shared_from_this(), index);
}

}  // namespace

void run(Verbs& verbs, Program program, Presentation presentation, pack::Call call) {
  std::make_shared<Run>(verbs, std::move(program), presentation, std::move(call))->start();
}

}  // namespace hearth::request
