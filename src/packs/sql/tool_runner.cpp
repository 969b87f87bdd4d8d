#include "packs/sql/tool_runner.hpp"

#include <chrono>
#include <filesystem>
#include <system_error>

#include "base/confined_path.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"

namespace hearth::packs::sql {

std::string session_id(const pack::Caller& caller) {
  if (caller.kind != "cli") return caller.session;
  return "cli-" + fingerprint_hex(caller.project_root + "\n" + caller.cwd);
}

void ToolRunner::start(pack::PackContext& context) {
  context_ = &context;
  notebooks_.start([&context](const std::string& name_space) -> Result<std::unique_ptr<Notebook>> {
    const auto directory = context.data_directory(name_space);
    if (!directory) return std::unexpected(directory.error());
    const auto durability =
        context.is_power_safe() ? store::Durability::power : store::Durability::process;
    return Notebook::open(
        (*directory / notebook_name).string(), context.clock(),
        {.is_read_only = context.store_owner().has_value(), .durability = durability});
  });
}

void ToolRunner::stop() {
  imports_.stop();
  drop_folders_.close();
  pool_.close();
  notebooks_.close();
  cursors_.close();
  connections_.close();
  for (const auto& engine : databases_.engines()) engine->stop();
}

SessionRef ToolRunner::session_of(const pack::Call& call) const {
  const pack::Caller& caller = call.caller();
  SessionRef session{.id = session_id(caller),
                     .name_space = caller.name_space,
                     .roots = context_->roots(),
                     .directory = caller.cwd};
  if (!caller.project_root.empty())
    session.roots.insert(session.roots.begin(), caller.project_root);
  return session;
}

Result<std::string> ToolRunner::file_to_read(const pack::Call& call,
                                             const std::string& asked) const {
  return confine(asked, call.caller().cwd, session_of(call).roots, context_->own_directories());
}

Result<std::string> ToolRunner::file_to_write(const pack::Call& call,
                                              const std::string& asked) const {
  return confine_new(asked, call.caller().cwd, pack::project_of(call.caller()),
                     context_->own_directories());
}

Result<std::string> ToolRunner::folder_to_change(const pack::Call& call,
                                                 const std::string& asked) const {
  return confine(asked, call.caller().cwd, pack::project_of(call.caller()),
                 context_->own_directories());
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

Result<void> ToolRunner::check_in_time(const TimeLimit& limit) {
  if (!limit.ends || std::chrono::steady_clock::now() < *limit.ends) return {};
  return fail(Errc::timed_out,
              "it waited for its turn until its time limit was over; nothing was done",
              {"give a longer timeout, or wait until other calls have ended"});
}

Work ToolRunner::work_of(const pack::Call& call, const TimeLimit& limit) {
  Work work{.stop = call.stop(), .deadline = call.deadline()};
  if (limit.ends) work.deadline = std::min(work.deadline.value_or(*limit.ends), *limit.ends);
  work.progress = [&call](double done) {
    call.progress(done * 100, 100, std::to_string(static_cast<int>(done * 100)) + " %");
  };
  return work;
}

Key ToolRunner::key_of(const pack::Call& call,
                       const std::optional<std::string>& own,
                       const std::string& request) {
  const std::string fingerprint = fingerprint_hex(call.tool() + "\n" + request);
  if (own) return {"user:" + *own, fingerprint, true};
  if (!call.key().empty()) return {"call:" + call.key(), fingerprint};
  return {"once:" + random_hex(16), fingerprint};
}

Result<void> ToolRunner::check_writable(const pack::Call& call) const {
  if (!call.caller().read_only) return {};
  return fail(Errc::read_only, "this session is read-only; nothing was written",
              {"connect without --read-only"});
}

Result<void> ToolRunner::attach(const SessionRef& session, const Attachment& attachment) {
  if (auto done = databases_.attach(session, attachment); !done) return done;
  if (store_owner()) return {};  // this daemon writes nothing
  const auto notebook = notebooks_.get(session.name_space);
  auto kept =
      notebook ? write_and_wait(**notebook,
                                [&](store::Database& to) {
                                  const DatabaseRef& database = attachment.database;
                                  return put_attachment(to, {session.id, database.alias,
                                                             attachment.engine, database.location,
                                                             database.access == Access::read_only});
                                })
               : Result<void>(std::unexpected(notebook.error()));
  if (!kept) (void)databases_.detach(session, attachment.database.alias);
  return kept;
}

Result<void> ToolRunner::detach(const SessionRef& session, const std::string& alias) {
  auto gone = databases_.detach(session, alias);
  if (!gone) return std::unexpected(std::move(gone.error()));
  let_go(session, *gone);
  if (store_owner()) return {};
  const auto notebook = notebooks_.get(session.name_space);
  if (!notebook) return std::unexpected(notebook.error());
  return write_and_wait(**notebook, [&](store::Database& from) {
    return delete_attachment(from, session.id, alias);
  });
}

void ToolRunner::let_go(const SessionRef& session, const Attachment& attachment) {
  cursors_.drop(session, attachment.database.location);
  connections_.drop(session, attachment.database.location);
  if (databases_.is_attached(attachment)) return;
  if (Engine* engine = databases_.engine(attachment.engine)) engine->release(attachment.database);
}

std::vector<std::string> ToolRunner::restore_attachments(const std::string& name_space) {
  std::vector<std::string> sessions;
  const auto directory = context_->data_directory(name_space);
  std::error_code ignored;
  if (!directory || !std::filesystem::exists(*directory / notebook_name, ignored)) return sessions;
  const auto notebook = notebooks_.get(name_space);
  auto reader = notebook ? (*notebook)->reader({}) : std::unexpected(notebook.error());
  const auto all = reader ? read_attachments(**reader) : std::unexpected(reader.error());
  if (!all) {
    log::warning("attached databases are not known any more",
                 {log::kv("why", all.error().message)});
    return sessions;
  }
  for (const KeptAttachment& each : *all) {
    const SessionRef session{.id = each.session, .name_space = name_space, .roots = {}};
    (void)databases_.attach(
        session,
        {.engine = each.engine,
         .database = {.alias = each.alias,
                      .location = each.location,
                      .access = each.is_read_only ? Access::read_only : Access::read_write}});
    if (sessions.empty() || sessions.back() != each.session) sessions.push_back(each.session);
  }
  return sessions;
}

void ToolRunner::begin_forgetting(const SessionRef& session) {
  forgetting_.lock()->insert(session.name_space + "/" + session.id);
}

void ToolRunner::wait_until_forgotten(const pack::Call& call) {
  auto forgetting = forgetting_.lock();
  if (forgetting->empty()) return;
  forgetting.wait([key = share_of(call)](const auto& now) { return !now.contains(key); });
}

void ToolRunner::forget(const SessionRef& session) {
  cursors_.drop(session);
  connections_.drop(session);
  for (const auto& engine : databases_.engines()) engine->forget(session);
  const std::vector<Attachment> attached = databases_.forget(session);
  for (const Attachment& each : attached) let_go(session, each);
  if (!attached.empty() && !store_owner()) forget_attachments(session);
  forgetting_.lock()->erase(session.name_space + "/" + session.id);
  forgetting_.notify_all();
}

void ToolRunner::forget_attachments(const SessionRef& session) {
  const auto notebook = notebooks_.get(session.name_space);
  const auto done = notebook ? write_and_wait(**notebook,
                                              [&](store::Database& from) {
                                                return delete_attachments(from, session.id);
                                              })
                             : Result<void>(std::unexpected(notebook.error()));
  if (!done) log::warning("a session's attachments stay", {log::kv("why", done.error().message)});
}

void ToolRunner::data_changed(const Target& target, bool is_list) const {
  if (is_list) context_->list_changed(pack::ListKind::resources);
  pack::Audience audience{.name_space = target.session.name_space};
  // Another session's scratch, or what it calls by the same alias, is another database.
  if (target.database.alias != "persistent") {
    audience.concerns = [id = target.session.id](const pack::Caller& caller) {
      return session_id(caller) == id;
    };
  }
  context_->resources_updated(
      {"hearth://sql/" + target.database.alias + "/*", "hearth://sql/queries/*"}, audience);
}

void ToolRunner::notes_changed(const std::string& name_space, bool is_list) const {
  if (is_list) context_->list_changed(pack::ListKind::resources);
  context_->resources_updated({"hearth://sql/queries/*"}, {.name_space = name_space});
}

void ToolRunner::note_load(const Target& target,
                           const TableName& table,
                           const LoadCall& by,
                           std::int64_t rows) {
  const DatabaseRef& database = target.database;
  if (database.alias == "scratch") return;  // it goes with its session
  const auto notebook = notebooks_.get(target.session.name_space);
  if (!notebook) return;
  const CatalogEntry entry{
      .database = database.location.empty() ? database.alias : database.location,
      .table = table.schema.empty() ? table.name : table.schema + "." + table.name,
      .load_tool = std::string(by.tool),
      .load_parameters = by.parameters,
      .rows = rows,
      .loaded_ms = now().time_since_epoch().count(),
      .updated_ms = now().time_since_epoch().count()};
  auto noted = write_and_wait(**notebook, [&](store::Database& to) -> Result<void> {
    auto put = put_entry(to, entry);
    if (!put) return std::unexpected(std::move(put.error()));
    return {};
  });
  if (!noted) log::warning("a load is not in the catalog", {log::kv("why", noted.error().message)});
}

}  // namespace hearth::packs::sql
