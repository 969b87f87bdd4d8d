// The tool that follows a run to its end, and lends it the caller's own model on the way.
#include "packs/mandates/run_wire.hpp"
#include "packs/mandates/tools.hpp"

namespace hearth::packs::mandates {
namespace {

Result<pack::Reply> reply_of(Space& space, const Run& run) {
  auto reader = space.store().read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  return without_secrets(wire::to_reply(**reader, run), space.bench().redactor());
}

void follow(Space& space, const wire::FollowRequest& request, pack::Call call) {
  const auto run = find_run(space.store(), request.run);
  if (!run) return call.answer(std::unexpected(run.error()));
  const auto answered = call.answers().find(Followers::question_name);
  const std::optional<std::string> answer =
      answered == call.answers().end() ? std::nullopt : std::optional(answered->second);
  const std::string question = call.state();
  if (run->state == "ended") return call.answer(reply_of(space, *run));
  const bool lends =
      request.lend_model && call.can_ask(pack::QuestionKind::sample) && !call.caller().read_only;
  // First: when the answer brings the next question, its client is there already.
  space.followers().add(run->id, std::move(call), lends);
  if (answer) space.followers().answer(question, *answer);
  const auto now = find_run(space.store(), run->id);
  // It may have ended before it was followed.
  if (!now || now->state == "ended") {
    return space.followers().end(
        run->id, now ? reply_of(space, *now) : Result<pack::Reply>(std::unexpected(now.error())));
  }
  const std::string reason = space.bench().redactor().redact(now->reason);
  space.followers().tell(run->id, now->state + (reason.empty() ? "" : ": ") + reason);
  if (!lends || answer) return;
  if (auto woken = space.model_came(*now); !woken)
    space.followers().end(run->id, std::unexpected(std::move(woken.error())));
}

}  // namespace

void declare_follow_tools(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec spec = writing(
      "run_follow", "Follow a run",
      "Until it has ended, with its progress. A caller whose client can sample lends the run its "
      "language model meanwhile, where the mandate or the configuration names no other.",
      {.idempotent = true});
  spec.asks = true;
  spec.time_limit = std::chrono::milliseconds(0);
  spec.task = pack::TaskSupport::optional;
  mcp::Tool<wire::FollowRequest, wire::RunRow>(std::move(spec))
      .deferred(tools, [&runner](wire::FollowRequest request, pack::Call call) {
        runner.on_pool(std::move(call),
                       [request = std::move(request)](Space& space, pack::Call running) {
                         follow(space, request, std::move(running));
                       });
      });
}

}  // namespace hearth::packs::mandates
