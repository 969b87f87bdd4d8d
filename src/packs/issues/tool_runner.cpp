#include "packs/issues/tool_runner.hpp"

#include "base/ids.hpp"
#include "packs/issues/caller_files.hpp"

namespace hearth::packs::issues {

std::uint64_t ToolRunner::now_ms() const {
  return static_cast<std::uint64_t>(context_->clock().wall().time_since_epoch().count());
}

Result<Stores::Shared> ToolRunner::store_of(const pack::Call& call, Start start) {
  auto directory = directory_of(call);
  if (!directory) return std::unexpected(std::move(directory.error()));
  auto store = stores_.get({call.caller().name_space, *directory}, context_->is_power_safe());
  if (store && *directory != call.caller().cwd) whereabouts_.told(call.caller(), *directory);
  if (!store || start == Start::as_it_is) return store;
  if (auto fresh = (*store)->catch_up(); !fresh) return std::unexpected(fresh.error());
  return store;
}

void ToolRunner::answer_without_store(pack::Call& call, const Error& why) {
  const bool is_nowhere = why.code == Errc::not_found || !directory_of(call);
  if (auto question = is_nowhere ? roots_question(call) : std::nullopt) {
    return call.answer(std::move(*question));
  }
  call.answer(std::unexpected(why));
}

Result<void> ToolRunner::check_writable(const pack::Call& call) {
  if (!call.caller().read_only) return {};
  return fail(Errc::read_only, "this session is read-only; nothing was written",
              {"connect without --read-only"});
}

std::optional<CallKey> ToolRunner::write_key(const std::optional<std::string>& own,
                                             const pack::Call& call,
                                             const std::string& request) {
  const std::string fingerprint = fingerprint_hex(call.tool() + "\n" + request);
  if (own) return CallKey{"user:" + *own, fingerprint};
  if (!call.key().empty()) return CallKey{"call:" + call.key(), fingerprint};
  return std::nullopt;
}

pack::ToolSpec reading(std::string verb, std::string title, std::string description) {
  return {.verb = std::move(verb),
          .title = std::move(title),
          .description = std::move(description),
          .input_schema = {},
          .output_schema = {},
          .annotations = {.read_only = true, .idempotent = true},
          .resend = pack::ResendRule::run_again,
          .asks = true};
}

pack::ToolSpec writing(std::string verb,
                       std::string title,
                       std::string description,
                       pack::Annotations annotations) {
  return {.verb = std::move(verb),
          .title = std::move(title),
          .description = std::move(description),
          .input_schema = {},
          .output_schema = {},
          .annotations = annotations,
          .resend = pack::ResendRule::stored_key,
          .asks = true};
}

pack::ToolSpec doing(std::string verb,
                     std::string title,
                     std::string description,
                     pack::Annotations annotations) {
  return {.verb = std::move(verb),
          .title = std::move(title),
          .description = std::move(description),
          .input_schema = {},
          .output_schema = {},
          .annotations = annotations,
          .resend = pack::ResendRule::run_again,
          .asks = true};
}

}  // namespace hearth::packs::issues
