#include "packs/knowledge/tool_runner.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"
#include "packs/knowledge/corpus_wire.hpp"
#include "packs/knowledge/engine/watches.hpp"
#include "packs/knowledge/memory_wire.hpp"
#include "packs/knowledge/tools.hpp"

namespace hearth::packs::knowledge {

ToolRunner::ToolRunner(Stores& stores)
    : stores_(stores), watcher_([this](const std::string& name_space, const std::string& path) {
        import_again(name_space, path);
      }) {}

void ToolRunner::stop() {
  stopping_.request_stop();
  watcher_.close();
}

std::vector<std::string> ToolRunner::roots(const pack::Call& call) const {
  std::vector<std::string> roots = context_->roots();
  const std::string& project = call.caller().project_root;
  if (!project.empty()) roots.insert(roots.begin(), project);
  return roots;
}

Result<void> ToolRunner::watch_folder(const std::string& name_space,
                                      KnowledgeStore& store,
                                      const std::string& path) {
  auto noted = store.write_and_wait(
      [&path, now = context_->clock().wall()](store::Database& database) -> Result<std::string> {
        auto done = add_watch(database, path, now);
        if (!done) return std::unexpected(std::move(done.error()));
        return std::string();
      });
  if (!noted) return std::unexpected(std::move(noted.error()));
  return watcher_.add(name_space, path);
}

Result<void> ToolRunner::unwatch_folder(const std::string& name_space,
                                        KnowledgeStore& store,
                                        const std::string& path) {
  watcher_.remove(name_space, path);
  auto noted = store.write_and_wait([&path](store::Database& database) -> Result<std::string> {
    auto done = remove_watch(database, path);
    if (!done) return std::unexpected(std::move(done.error()));
    return std::string();
  });
  if (!noted) return std::unexpected(std::move(noted.error()));
  return {};
}

void ToolRunner::resume_watches(const std::string& name_space, KnowledgeStore& store) {
  if (context_->store_owner()) return;
  auto reader = store.reader({});
  const auto paths = reader ? read_watches(**reader) : std::unexpected(reader.error());
  if (!paths) {
    log::error("folders are not watched", {log::kv("why", paths.error().message)});
    return;
  }
  for (const std::string& path : *paths) {
    if (auto added = watcher_.add(name_space, path); !added) {
      log::error("a folder is not watched",
                 {log::kv("folder", path), log::kv("why", added.error().message)});
    }
  }
}

// On the watcher's thread.
void ToolRunner::import_again(const std::string& name_space, const std::string& path) {
  const auto store = stores_.get(name_space);
  if (!store) return;  // draining
  const auto report = import_files(**store, path, file_readers(), stopping_.get_token(),
                                   [](std::int64_t, std::int64_t) {});
  if (!report) {
    if (report.error().code == Errc::cancelled) return;
    log::warning("a watched folder was not imported",
                 {log::kv("folder", path), log::kv("why", report.error().message)});
    return;
  }
  if (report->added + report->updated + report->removed == 0) return;
  context_->publish(pack::EventKind::pack, "imported", name_space,
                    json::encode(wire::to_answer(*report)));
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
