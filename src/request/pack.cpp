#include "request/pack.hpp"

#include <algorithm>
#include <utility>

#include "base/closest.hpp"
#include "json/record.hpp"
#include "request/program.hpp"
#include "request/runner.hpp"

namespace hearth::request {
namespace {

constexpr std::int64_t most_ops_bytes = std::int64_t{1} << 20;

// ---- What travels -------------------------------------------------------------------------------

struct RequestArguments {
  std::string ops;
  std::string presentation = "agent";
};
BOOST_DESCRIBE_STRUCT(RequestArguments, (), (ops, presentation))
json::Notes notes(const RequestArguments*) {
  return {{"ops", "Operations, in the text or the JSON form", json::range(1, most_ops_bytes)},
          {"presentation",
           "agent: short ids, times to the minute, no empty members; verbose: as it is; human: "
           "Markdown. One operation: verb()@verbose",
           json::one_of({"agent", "verbose", "human"}) | json::defaulted}};
}

struct Failure {
  std::string code;
  std::string message;
  std::optional<std::vector<std::string>> suggestions;
};
BOOST_DESCRIBE_STRUCT(Failure, (), (code, message, suggestions))
json::Notes notes(const Failure*) {
  return {{"code", ""}, {"message", ""}, {"suggestions", ""}};
}

struct OperationResult {
  bool ok = false;
  std::optional<std::string> verb;
  std::optional<json::Raw> result;
  std::optional<std::string> text;
  std::optional<Failure> error;
  std::optional<bool> aborted;
  std::optional<std::string> omitted;
};
BOOST_DESCRIBE_STRUCT(OperationResult, (), (ok, verb, result, text, error, aborted, omitted))
json::Notes notes(const OperationResult*) {
  return {{"ok", ""},
          {"verb", "Unless for agents"},
          {"result", "The verb's answer"},
          {"text", "The same for people"},
          {"error", ""},
          {"aborted", "Not run: an earlier one of the chain failed"},
          {"omitted", "It succeeded; why its answer is left out"}};
}

struct Summary {
  std::int64_t total = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::int64_t aborted = 0;
};
BOOST_DESCRIBE_STRUCT(Summary, (), (total, succeeded, failed, aborted))
json::Notes notes(const Summary*) {
  return {{"total", ""}, {"succeeded", ""}, {"failed", ""}, {"aborted", ""}};
}

struct RequestAnswer {
  std::vector<OperationResult> results;
  Summary summary;
};
BOOST_DESCRIBE_STRUCT(RequestAnswer, (), (results, summary))
json::Notes notes(const RequestAnswer*) {
  return {{"results", "In the order of the operations"}, {"summary", ""}};
}

struct VerbsArguments {
  std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(VerbsArguments, (), (name))
json::Notes notes(const VerbsArguments*) {
  return {{"name", "A verb, for its schemas; or a pack, for its verbs only", json::range(1, 200)}};
}

struct VerbLine {
  std::string verb;
  std::string about;
};
BOOST_DESCRIBE_STRUCT(VerbLine, (), (verb, about))
json::Notes notes(const VerbLine*) {
  return {{"verb", "With its arguments; ? marks optional ones"}, {"about", ""}};
}

struct VerbsAnswer {
  std::optional<std::vector<VerbLine>> verbs;
  std::optional<json::Raw> verb;
};
BOOST_DESCRIBE_STRUCT(VerbsAnswer, (), (verbs, verb))
json::Notes notes(const VerbsAnswer*) {
  return {{"verbs", ""}, {"verb", "The one asked for: description, schemas, annotations"}};
}

// ---- Descriptions of verbs ----------------------------------------------------------------------

// "knowledge_search(query, limit?, kind?)"
std::string signature(const Verb& verb) {
  const auto schema = json::parse(verb.spec->input_schema);
  const json::Value* properties = schema ? json::find(*schema, "properties") : nullptr;
  const json::Value* required = schema ? json::find(*schema, "required") : nullptr;
  std::string text(verb.name);
  text.push_back('(');
  if (properties == nullptr || !properties->is_object()) return text + ")";
  const auto is_required = [&](std::string_view name) {
    return required != nullptr && required->is_array() &&
           std::ranges::any_of(required->get_array(), [&](const json::Value& each) {
             return each.is_string() && each.get_string() == name;
           });
  };
  for (const bool wants_required : {true, false}) {
    for (const auto& property : properties->get_object()) {
      if (is_required(property.key()) != wants_required) continue;
      if (!text.ends_with('(')) text.append(", ");
      text.append(property.key()).append(wants_required ? "" : "?");
    }
  }
  return text + ")";
}

std::string first_sentence(std::string_view text) {
  const std::size_t end = text.find(". ");
  return std::string(end == std::string_view::npos ? text : text.substr(0, end + 1));
}

std::string describe(const Verb& verb) {
  const pack::ToolSpec& spec = *verb.spec;
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  std::string text = R"({"name":)" + json::quoted(verb.name) + R"(,"title":)" +
                     json::quoted(spec.title) + R"(,"description":)" +
                     json::quoted(spec.description) + R"(,"inputSchema":)" + spec.input_schema;
  if (!spec.output_schema.empty()) text.append(R"(,"outputSchema":)" + spec.output_schema);
  text.append(R"(,"annotations":{"readOnlyHint":)").append(flag(spec.annotations.read_only));
  text.append(R"(,"destructiveHint":)").append(flag(spec.annotations.destructive));
  text.append(R"(,"idempotentHint":)").append(flag(spec.annotations.idempotent));
  text.append(R"(,"openWorldHint":)").append(flag(spec.annotations.open_world));
  return text + "}}";
}

Result<VerbsAnswer> look_up(const Verbs& verbs, const std::optional<std::string>& wanted) {
  std::string name = wanted.value_or("");
  if (const auto dot = name.find('.'); dot != std::string::npos) name[dot] = '_';
  VerbsAnswer answer;
  if (const auto verb = verbs.find(name)) {
    answer.verb = json::Raw{describe(*verb)};
    return answer;
  }
  std::vector<VerbLine> lines;
  std::vector<std::string> names;
  for (const Verb& verb : verbs.all()) {
    for (const std::string_view known : {verb.name, verb.pack}) {
      if (std::ranges::find(names, known) == names.end()) names.emplace_back(known);
    }
    if (name.empty() || verb.pack == name)
      lines.push_back({signature(verb), first_sentence(verb.spec->description)});
  }
  if (lines.empty()) {
    auto near = closest_names(name, names);
    if (near.empty()) near = {"`verbs` without a name lists all"};
    return fail(Errc::not_found, "there is no verb or pack \"" + name + "\"", std::move(near));
  }
  answer.verbs = std::move(lines);
  return answer;
}

// ---- The pack -----------------------------------------------------------------------------------

template <typename Arguments>
Result<Arguments> read(std::string_view arguments) {
  auto value = json::parse(arguments.empty() ? "{}" : arguments);
  if (!value) return std::unexpected(std::move(value.error()));
  // The JSON form is taken as a value too: models send it as such.
  if (value->is_object()) {
    json::Value* ops = value->get_object().if_contains("ops");
    if (ops != nullptr && ops->is_object()) *ops = json::dump(*ops);
  }
  return json::decode<Arguments>(*value);
}

class RequestPack final : public pack::Pack {
 public:
  explicit RequestPack(Verbs& verbs) : verbs_(verbs) {}

  std::string_view name() const override { return ""; }

  void declare(pack::Binder& tools) override {
    pack::ToolSpec request;
    request.verb = "request";
    request.title = "Run verbs";
    request.description =
        "Run verbs of any pack: one, verb(name=value); up to 100 at once, [a(x=1), b()], reads in "
        "parallel; or a chain, a() | b(id=$prev.hits[0].id), where $prev is the answer before. "
        "Values are JSON, text in double quotes. JSON form: {\"ops\":[{\"verb\":…,\"args\":{…}}]} "
        "or {\"chain\":[…]}. Results come in order; a failed one has ok false and an error. Look "
        "verbs up with the tool verbs. Example: knowledge_search(query=\"retry policy\", limit=3)";
    request.input_schema = json::schema_text<RequestArguments>();
    request.output_schema = json::schema_text<RequestAnswer>();
    request.annotations = {.destructive = true};
    request.asks = true;
    // Its operations are run again, or not, by their own rules.
    request.resend = pack::ResendRule::run_again;
    request.time_limit = std::chrono::milliseconds(0);
    tools.add(std::move(request), [this](std::string_view arguments, pack::Call call) {
      start(arguments, std::move(call));
    });

    pack::ToolSpec verbs;
    verbs.verb = "verbs";
    verbs.title = "Look verbs up";
    verbs.description =
        "List the verbs for the tool request, one line each; or one verb in full, with its "
        "schemas.";
    verbs.input_schema = json::schema_text<VerbsArguments>();
    verbs.output_schema = json::schema_text<VerbsAnswer>();
    verbs.annotations = {.read_only = true, .idempotent = true};
    verbs.resend = pack::ResendRule::run_again;
    tools.add(std::move(verbs), [this](std::string_view arguments, pack::Call call) {
      const auto wanted = read<VerbsArguments>(arguments);
      if (!wanted) return call.answer(std::unexpected(wanted.error()));
      auto answer = look_up(verbs_, wanted->name);
      if (!answer) return call.answer(std::unexpected(std::move(answer.error())));
      pack::Reply reply;
      reply.structured = json::encode(*answer);
      call.answer(std::move(reply));
    });
  }
  void start(pack::PackContext&) override {}
  void stop() override {}
  pack::PackStatus status() const override { return {.warmth = pack::Warmth::warm, .reason = {}}; }

 private:
  void start(std::string_view arguments, pack::Call call) {
    auto wanted = read<RequestArguments>(arguments);
    if (!wanted) return call.answer(std::unexpected(std::move(wanted.error())));
    auto program = parse(wanted->ops);
    if (!program) return call.answer(std::unexpected(std::move(program.error()).within("ops")));
    const auto presentation = read_presentation(wanted->presentation).value_or(Presentation::agent);
    run(verbs_, std::move(*program), presentation, std::move(call));
  }

  Verbs& verbs_;
};

}  // namespace

std::unique_ptr<pack::Pack> make_pack(Verbs& verbs) {
  return std::make_unique<RequestPack>(verbs);
}

}  // namespace hearth::request
