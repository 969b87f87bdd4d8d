#include "packs/knowledge/tool_runner.hpp"

#include "base/ids.hpp"
#include "packs/knowledge/memory_wire.hpp"

namespace hearth::packs::knowledge {

ToolRunner::Running::~Running() {
  if (count_ == nullptr) return;
  // Told under the lock: whoever waits may destroy the count as soon as it is free.
  auto count = count_->lock();
  --*count;
  count_->notify_all();
}

void ToolRunner::wait() {
  auto running = running_.lock();
  running.wait([](int count) { return count == 0; });
}

Result<void> ToolRunner::check_writable(const pack::Call& call) const {
  if (call.caller().read_only) {
    return fail(Errc::read_only, "this session is read-only; nothing was written",
                {"connect without --read-only"});
  }
  if (context_->store_owner()) {
    return fail(Errc::read_only,
                "the knowledge store belongs to " + *context_->store_owner() +
                    "; this process only reads it, and nothing was written",
                {"send writes to the process that owns it"});
  }
  return {};
}

// The key under which a write and its reply are committed: the caller's own, else the transport's.
std::optional<store::WriteKey> ToolRunner::write_key(const std::optional<std::string>& own,
                                                     const pack::Call& call,
                                                     const std::string& request) {
  const std::string fingerprint = fingerprint_hex(call.tool() + "\n" + request);
  if (own) return store::WriteKey{"user:" + *own, fingerprint};
  if (!call.key().empty()) return store::WriteKey{"call:" + call.key(), fingerprint};
  return std::nullopt;
}

void ToolRunner::answer_write(pack::Call& call,
                              bool has_own_key,
                              Result<store::WriteOutcome> outcome) {
  if (!outcome) return call.answer(std::unexpected(std::move(outcome.error())));
  // A resend gets the very answer that was lost; a new call under an old key hears that it is old.
  const bool is_new_call = outcome->replayed && has_own_key && !call.is_resend();
  if (is_new_call && call.tool() == "knowledge_remember") {
    outcome->reply = wire::as_not_created(outcome->reply);
  }
  call.answer(pack::Reply{.structured = std::move(outcome->reply), .replayed = outcome->replayed});
}

pack::ToolSpec reading(std::string verb, std::string title, std::string description) {
  return {.verb = std::move(verb),
          .title = std::move(title),
          .description = std::move(description),
          .input_schema = {},
          .output_schema = {},
          .annotations = {.read_only = true, .idempotent = true},
          .resend = pack::ResendRule::run_again};
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
          .resend = pack::ResendRule::stored_key};
}

}  // namespace hearth::packs::knowledge
