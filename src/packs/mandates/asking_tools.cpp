// The tool by which an agent asks the person at its client to decide a proposal. It asks only: what
// decides is what the client says that its person has chosen, by MCP's elicitation. A client can
// answer that by itself, so none is believed unless the configuration says so (elicitation in
// [mandates]); what is protected is elevated at a terminal only.
#include "base/terminal_text.hpp"
#include "json/json.hpp"
#include "packs/mandates/approval_wire.hpp"
#include "packs/mandates/decisions.hpp"
#include "packs/mandates/proposal_text.hpp"
#include "packs/mandates/tools.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr const char* question_name = "decision";
// What a dialog can be expected to show whole; a longer one would be approved unseen.
constexpr std::size_t most_question = 32'768;
constexpr std::size_t most_name = 100;

const std::vector<std::string> at_a_terminal{"hearth mandates approve, in a terminal"};

// Which proposal it was, and what of it was shown.
struct Shown {
  std::string id;
  std::string digest;
};
std::string to_state(const Shown& shown) {
  return shown.id + "\n" + shown.digest;
}
Shown from_state(std::string_view state) {
  const auto end = std::min(state.find('\n'), state.size());
  return {std::string(state.substr(0, end)),
          std::string(state.substr(std::min(end + 1, state.size())))};
}

Result<void> check_asking(Space& space, const pack::Call& call) {
  if (!space.bench().settings()->elicitation) {
    return fail(Errc::permission, "a person decides this at a terminal",
                {at_a_terminal.front(),
                 "a person may set elicitation = true in [mandates] of config.toml"});
  }
  if (call.caller().read_only)
    return fail(Errc::read_only, "this session is read-only", {"connect without --read-only"});
  if (!call.can_ask(pack::QuestionKind::elicit)) {
    return fail(Errc::unsupported, "this client cannot ask its person: it has no elicitation",
                at_a_terminal);
  }
  return {};
}

Result<ProposalRow> read_proposal(Space& space, const std::string& word) {
  std::string id;
  {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto found = find_proposal(**reader, word);
    if (!found) return std::unexpected(std::move(found.error()));
    id = std::move(*found);
  }
  return Approvals(space.store()).load(id);
}

pack::Question question(const std::string& text) {
  const json::Value params{
      {"mode", "form"},
      {"message", text + "\nApprove this, once?"},
      {"requestedSchema",
       {{"type", "object"},
        {"properties",
         {{question_name,
           {{"type", "string"}, {"title", "Decision"}, {"enum", {"approve", "reject"}}}}}},
        {"required", {question_name}}}}};
  return {.kind = pack::QuestionKind::elicit, .params = json::dump(params)};
}

Result<pack::Reply> ask(Space& space, const ProposalRow& row) {
  if (row.state != "pending") {
    return fail(Errc::conflict, "proposal " + row.proposal.id + " is " + row.state,
                {"hearth mandates approvals"});
  }
  if (row.proposal.needs_elevation) {
    return fail(Errc::permission, "it concerns what is protected: only a terminal elevates it",
                {"hearth mandates elevate, in a terminal"});
  }
  auto text = named_proposal_text(space.store(), row);
  if (!text) return std::unexpected(text.error());
  // Of a secret that was not known when it was kept.
  text = space.bench().redactor().redact(*text);
  if (text->size() > most_question) {
    return fail(Errc::unsupported, "it is too long to be shown whole in a dialog", at_a_terminal);
  }
  pack::Reply reply;
  reply.questions = pack::Questions{.ask = {{question_name, question(*text)}},
                                    .state = to_state({row.proposal.id, row.digest})};
  return reply;
}

// Only a choice that was accepted is one.
std::optional<std::string> choice_of(const std::string& answer) {
  const auto result = json::parse(answer);
  if (!result || json::string_or(*result, "action", "") != "accept") return std::nullopt;
  const json::Value* content = json::find(*result, "content");
  const auto choice = content == nullptr ? "" : json::string_or(*content, question_name, "");
  if (choice != "approve" && choice != "reject") return std::nullopt;
  return std::string(choice);
}

pack::Reviewer reviewer_of(const pack::Call& call) {
  const std::string client = clip(printable(call.client(), Lines::join), most_name);
  return {.name = client + " over elicitation (" + call.caller().session + ")",
          .name_space = call.caller().name_space};
}

Result<wire::AskAnswer> take(Space& space, const ProposalRow& row, const pack::Call& call) {
  const auto answer = call.answers().find(question_name);
  const Shown shown = from_state(call.state());
  if (answer == call.answers().end() || shown.id != row.proposal.id)
    return fail(Errc::permission, "nobody was asked that", {"ask without an answer first"});
  const auto choice = choice_of(answer->second);
  if (!choice) return wire::AskAnswer{.proposal = row.proposal.id, .state = row.state};
  const json::Value decision{
      {"verb", *choice}, {"proposal", row.proposal.id}, {"digest", shown.digest}};
  auto decided = decide(space, json::dump(decision), reviewer_of(call));
  if (!decided) return std::unexpected(std::move(decided.error()));
  return wire::AskAnswer{.proposal = row.proposal.id,
                         .state = *choice == "approve" ? "approved" : "denied"};
}

Result<pack::Reply> ask_or_take(Space& space,
                                const wire::AskRequest& request,
                                const pack::Call& call) {
  if (auto may = check_asking(space, call); !may) return std::unexpected(std::move(may.error()));
  const auto row = read_proposal(space, request.proposal);
  if (!row) return std::unexpected(row.error());
  if (call.answers().empty()) return ask(space, *row);
  return mcp::to_reply<wire::AskAnswer>(take(space, *row, call));
}

}  // namespace

void declare_asking_tools(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec spec =
      writing("approval_ask", "Ask the person here to decide a proposal",
              "Shows it in the client's own dialog; the person approves, rejects or leaves it. Off "
              "unless config.toml allows it.",
              {.destructive = true, .idempotent = true});
  spec.asks = true;
  mcp::Tool<wire::AskRequest, wire::AskAnswer>(std::move(spec))
      .deferred(tools, [&runner](wire::AskRequest request, pack::Call call) {
        runner.on_pool(
            std::move(call), [request = std::move(request)](Space& space, pack::Call running) {
              auto reply = ask_or_take(space, request, running);
              running.answer(without_secrets(std::move(reply), space.bench().redactor()));
            });
      });
}

}  // namespace hearth::packs::mandates
