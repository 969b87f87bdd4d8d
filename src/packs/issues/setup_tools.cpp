// The tools around a repository's issues: init, actors, attachments.
#include <sys/types.h>

#include <algorithm>
#include <filesystem>
#include <variant>

#include "base/regular_file.hpp"
#include "packs/issues/caller_files.hpp"
#include "packs/issues/engine/agents_md.hpp"
#include "packs/issues/engine/attachments.hpp"
#include "packs/issues/setup_wire.hpp"
#include "packs/issues/tools.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_agents_md_bytes = std::size_t{4} << 20;

// ---- Init -------------------------------------------------------------------------------------

namespace fs = std::filesystem;

struct AgentsMdFile {
  std::string path;  // the file itself, where AGENTS.md is a link to another one
  mode_t mode = 0644;
  std::string text;
};

// As it is in the work tree; why it is left alone, if it is.
std::variant<AgentsMdFile, std::string> read_agents_md(const std::string& tree) {
  std::error_code error;
  AgentsMdFile file{.path = tree + "/AGENTS.md"};
  const fs::file_status kind = fs::symlink_status(file.path, error);
  if (!fs::exists(kind)) return file;
  if (fs::is_symlink(kind)) {
    const fs::path root = fs::canonical(tree, error);
    const fs::path target = fs::canonical(file.path, error);
    const bool is_inside = !error && std::ranges::mismatch(root, target).in1 == root.end();
    if (!is_inside) return "it is a link to something that is no file of the project";
    file.path = target.string();
  }
  file.mode = static_cast<mode_t>(fs::status(file.path, error).permissions() & fs::perms::mask);
  auto text = read_head(file.path, most_agents_md_bytes + 1);
  if (!text) return std::move(text.error().message);
  if (text->size() > most_agents_md_bytes) return "it is larger than 4 MiB";
  file.text = std::move(*text);
  return file;
}

// Into the work tree that the caller is in.
Result<void> write_agents_md(const pack::Call& call, wire::InitAnswer& answer) {
  const auto repository = repository_of(call);
  if (!repository) return std::unexpected(repository.error());
  answer.agents_md_action = "skipped";
  const auto tree = (*repository)->work_tree();
  if (!tree) {
    answer.agents_md_reason = "a bare repository has no place for it";
    return {};
  }
  auto old = read_agents_md(*tree);
  if (auto* why = std::get_if<std::string>(&old)) {
    answer.agents_md_reason = std::move(*why);
    return {};
  }
  const AgentsMdFile& file = std::get<AgentsMdFile>(old);
  const auto made = with_issues_section(file.text);
  if (!made) return std::unexpected(made.error());
  answer.agents_md_path = file.path;
  if (made->action == AgentsMdAction::unchanged) return {};
  answer.agents_md_action = name_of(made->action);
  return store::replace_file(file.path, made->text, file.mode);
}

Result<wire::InitAnswer> init(IssueStore& store,
                              const wire::InitRequest& request,
                              const pack::Call& call) {
  auto repository = store.open_repository();
  if (!repository) return std::unexpected(std::move(repository.error()));
  auto held = (*repository)->lock();
  if (!held) return std::unexpected(std::move(held.error()));
  Actors actors = store.actors();
  const bool is_new = !actors.default_actor();
  const auto actor = actors.writer("", store.now_ms());
  if (!actor) return std::unexpected(actor.error());
  if (is_new) {
    if (auto set = actors.set_default(actor->id); !set) return std::unexpected(set.error());
  }
  wire::InitAnswer answer{.actor_id = hex_of(actor->id),
                          .data_dir = actors.directory_of(actor->id),
                          .repo_config = actors.config_path(),
                          .action = is_new ? "created" : "existing",
                          .agents_md_path = std::nullopt,
                          .agents_md_action = "disabled",
                          .agents_md_reason = std::nullopt};
  if (!request.no_agents_md) {
    if (auto done = write_agents_md(call, answer); !done) {
      return std::unexpected(std::move(done.error()));
    }
  }
  return answer;
}

// ---- Actors -----------------------------------------------------------------------------------

wire::ActorAnswer to_answer(const Actor& actor, const std::optional<ActorId>& chosen) {
  wire::ActorAnswer answer{.actor_id = hex_of(actor.id),
                           .label = actor.label,
                           .created_ts = wire::number(actor.created_ms),
                           .is_default = chosen == actor.id,
                           .public_key = std::nullopt};
  if (!actor.public_key.empty()) answer.public_key = hex_of(actor.public_key);
  return answer;
}

Result<wire::ActorAnswer> create_actor(IssueStore& store,
                                       const wire::ActorCreateRequest& request,
                                       const pack::Call&) {
  auto repository = store.open_repository();
  if (!repository) return std::unexpected(std::move(repository.error()));
  auto held = (*repository)->lock();
  if (!held) return std::unexpected(std::move(held.error()));
  Actors actors = store.actors();
  const std::string label = request.label.value_or("");
  if (!label.empty() && actors.resolve(label)) {
    return fail(Errc::conflict, "there is an actor \"" + label + "\" already",
                {"hearth issues actor-use " + label});
  }
  const auto actor = actors.create(label, request.key, store.now_ms());
  if (!actor) return std::unexpected(actor.error());
  if (request.key) {
    auto published = publish_key(**repository, *held, actor->id, actor->public_key);
    if (!published) return std::unexpected(std::move(published.error()));
  }
  return to_answer(*actor, actors.default_actor());
}

Result<wire::ActorAnswer> use_actor(IssueStore& store,
                                    const wire::ActorUseRequest& request,
                                    const pack::Call&) {
  auto repository = store.open_repository();
  if (!repository) return std::unexpected(std::move(repository.error()));
  auto held = (*repository)->lock();
  if (!held) return std::unexpected(std::move(held.error()));
  Actors actors = store.actors();
  const auto actor = actors.resolve(request.id);
  if (!actor) return std::unexpected(actor.error());
  if (auto set = actors.set_default(actor->id); !set) return std::unexpected(set.error());
  return to_answer(*actor, actor->id);
}

Result<wire::ActorsAnswer> list_actors(IssueStore& store,
                                       const wire::ActorsRequest&,
                                       const pack::Call&) {
  const Actors actors = store.actors();
  const auto chosen = actors.default_actor();
  wire::ActorsAnswer answer;
  for (const Actor& each : actors.list()) answer.actors.push_back(to_answer(each, chosen));
  return answer;
}

// ---- Attachments ------------------------------------------------------------------------------

Result<wire::AttachAnswer> attach(IssueStore& store,
                                  const wire::AttachRequest& request,
                                  const pack::Call& call) {
  const auto id = store.board()->resolve(request.id);
  if (!id) return std::unexpected(id.error());
  const auto path = file_to_read(store, call, request.path);
  if (!path) return std::unexpected(path.error());
  const auto bytes = store::system_env().read(*path, most_attachment_bytes);
  if (!bytes) return std::unexpected(bytes.error());
  const std::string name = request.name.value_or(std::filesystem::path(*path).filename().string());
  // The bytes first: a name in the log whose bytes are nowhere helps nobody.
  Sha256 digest;
  auto kept = store.run([&](Repository& repository, Projector&) -> Result<void> {
    const auto written = keep_attachment(repository, *bytes);
    if (!written) return std::unexpected(written.error());
    digest = *written;
    return {};
  });
  if (!kept) return std::unexpected(std::move(kept.error()));
  WriteJob job;
  job.actor = request.actor.value_or("");
  job.key = ToolRunner::write_key(request.key, call, json::encode(request));
  job.stop = call.stop();
  job.make = [&](const Board&, store::Database&, const Actor&) -> Result<Batch> {
    return Batch{.drafts = {{*id, AttachmentAdded{name, digest, request.mime}}}, .events = {}};
  };
  const auto receipt = store.write_and_wait(std::move(job));
  if (!receipt) return std::unexpected(receipt.error());
  return wire::AttachAnswer{.issue_id = hex_of(*id),
                            .event_id = hex_of(receipt->events.front().id),
                            .name = name,
                            .sha256 = hex_of(digest),
                            .bytes = wire::number(bytes->size()),
                            .wal_head = wire::head_of(*receipt)};
}

Result<Attachment> find_attachment(IssueStore& store,
                                   const std::string& issue_prefix,
                                   const std::string& name) {
  const auto id = store.board()->resolve(issue_prefix);
  if (!id) return std::unexpected(id.error());
  const auto reader = store.reader();
  if (!reader) return std::unexpected(reader.error());
  const auto events = Cache::events(**reader, *id);
  if (!events) return std::unexpected(events.error());
  const auto issue = project_issue(*events);
  // The newest of a name.
  for (std::size_t i = issue ? issue->attachments.size() : 0; i > 0; --i) {
    const Attachment& each = issue->attachments[i - 1];
    if (each.name == name || hex_of(each.sha256) == name) return each;
  }
  return fail(Errc::not_found, "the issue has no attachment \"" + name + "\"",
              {"hearth issues show " + issue_prefix});
}

Result<wire::DetachAnswer> save_attachment(IssueStore& store,
                                           const wire::DetachRequest& request,
                                           const pack::Call& call) {
  const auto found = find_attachment(store, request.id, request.name);
  if (!found) return std::unexpected(found.error());
  const auto path = file_to_write(store, call, request.to, request.overwrite);
  if (!path) return std::unexpected(path.error());
  const auto repository = store.open_repository();
  if (!repository) return std::unexpected(repository.error());
  const auto bytes = read_attachment(**repository, found->sha256);
  if (!bytes) return std::unexpected(bytes.error());
  if (auto done = store::replace_file(*path, *bytes, 0644); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return wire::DetachAnswer{*path, hex_of(found->sha256), wire::number(bytes->size())};
}

void declare_actors(pack::Binder& tools, ToolRunner& runner) {
  using enum pack::Length;
  runner.bind<wire::ActorsRequest, wire::ActorsAnswer>(
      tools, reading("actors", "List actors", "Who writes in this repository from this machine."),
      brief, list_actors);
  runner.bind<wire::ActorCreateRequest, wire::ActorAnswer>(
      tools,
      doing("actor_create", "Make an actor",
            "Make an identity to write under, with a key to sign by if asked for."),
      brief, create_actor);
  runner.bind<wire::ActorUseRequest, wire::ActorAnswer>(
      tools,
      doing("actor_use", "Choose the actor", "Make an actor the repository's default.",
            {.idempotent = true}),
      brief, use_actor);
}

}  // namespace

void declare_setup_tools(pack::Binder& tools, ToolRunner& runner) {
  using enum pack::Length;
  runner.bind<wire::InitRequest, wire::InitAnswer>(
      tools,
      doing("init", "Set up issues",
            "Prepare this repository: an actor, and a section of AGENTS.md that tells agents how.",
            {.idempotent = true}),
      brief, init);
  declare_actors(tools, runner);
  runner.bind<wire::AttachRequest, wire::AttachAnswer>(
      tools,
      writing("attach", "Attach a file", "Keep a file of the project with an issue, in git."),
      lengthy, attach);
  runner.bind<wire::DetachRequest, wire::DetachAnswer>(
      tools,
      doing("attachment_save", "Save an attachment",
            "Write an attachment to a file of the project. A file that is there stays unless "
            "overwrite is set.",
            {.destructive = true, .idempotent = true}),
      lengthy, save_attachment);
}

}  // namespace hearth::packs::issues
