#include "packs/sql/tool_runner.hpp"

#include <chrono>

#include "base/ids.hpp"

namespace hearth::packs::sql {

void ToolRunner::stop() {
  pool_.close();
  cursors_.close();
  connections_.close();
  for (const auto& engine : databases_.engines()) engine->stop();
}

SessionRef ToolRunner::session_of(const pack::Call& call) const {
  const pack::Caller& caller = call.caller();
  SessionRef session{.id = caller.session,
                     .name_space = caller.name_space,
                     .roots = context_->roots(),
                     .directory = caller.cwd};
  if (!caller.project_root.empty())
    session.roots.insert(session.roots.begin(), caller.project_root);
  return session;
}

Result<Target> ToolRunner::target_of(const pack::Call& call,
                                     const std::optional<std::string>& database,
                                     Access access) const {
  const bool has_scratch = call.caller().kind == "bridge";
  const std::string name = database.value_or(has_scratch ? "scratch" : "persistent");
  const bool is_locked =
      call.caller().read_only || (name == "persistent" && context_->store_owner().has_value());
  return databases_.resolve(name, session_of(call), is_locked ? Access::read_only : access);
}

Work ToolRunner::work_of(const pack::Call& call, std::int64_t seconds) {
  Work work{.stop = call.stop(), .deadline = call.deadline()};
  if (seconds > 0) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    work.deadline = std::min(work.deadline.value_or(limit), limit);
  }
  work.progress = [&call](double done) {
    call.progress(done * 100, 100, std::to_string(static_cast<int>(done * 100)) + " %");
  };
  return work;
}

Key ToolRunner::key_of(const pack::Call& call,
                       const std::optional<std::string>& own,
                       const std::string& request) {
  const std::string fingerprint = fingerprint_hex(call.tool() + "\n" + request);
  if (own) return {"user:" + *own, fingerprint};
  if (!call.key().empty()) return {"call:" + call.key(), fingerprint};
  return {"once:" + random_hex(16), fingerprint};
}

Result<void> ToolRunner::check_writable(const pack::Call& call) const {
  if (!call.caller().read_only) return {};
  return fail(Errc::read_only, "this session is read-only; nothing was written",
              {"connect without --read-only"});
}

}  // namespace hearth::packs::sql
