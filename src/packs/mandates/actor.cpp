#include "packs/mandates/actor.hpp"

#include <utility>

#include "packs/mandates/command.hpp"
#include "packs/mandates/command_cost.hpp"
#include "packs/mandates/commit.hpp"
#include "packs/mandates/engine/digest.hpp"
#include "packs/mandates/judge_deed.hpp"
#include "packs/mandates/observer.hpp"
#include "packs/mandates/workspace/change_set.hpp"
#include "packs/mandates/workspace/content_hash.hpp"
#include "packs/mandates/workspace/guard_record.hpp"
#include "packs/mandates/workspace/repositories.hpp"
#include "packs/mandates/workspace/workspace_check.hpp"

namespace hearth::packs::mandates {
namespace {

namespace ws = workspace;

constexpr std::size_t most_payload_bytes = std::size_t{4} << 20;

std::vector<ws::Change> changes_of(const DecidedStep& step) {
  std::vector<ws::Change> all;
  for (const DecidedChange& each : step.changes) {
    ws::Change& change = all.emplace_back();
    change.action = action_from_name(each.action).value_or(ws::Action::read);
    change.path = each.path;
    change.to = each.to;
    change.content = each.content;
    change.base_hash = each.base_hash;
    change.is_executable = each.executable;
    for (const DecidedReplacement& one : each.replacements)
      change.replacements.push_back({one.before, one.after, one.all});
  }
  return all;
}

// Which file it is now, by device and inode.
std::string identity_of(const ws::Root& root, const ws::Effect& effect) {
  if (effect.before_hash.empty()) return "new";
  const auto file = root.read(effect.path);
  if (!file) return "none";
  return std::to_string(file->identity.device) + ":" + std::to_string(file->identity.inode);
}

Result<void> prepare_change(const DecidedStep& step,
                            const ws::Root& root,
                            Deed& deed,
                            Intent& intent) {
  const auto changes = changes_of(step);
  auto prepared = ws::prepare(root, changes);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  std::vector<std::string> made;
  for (const ws::PreparedEffect& each : *prepared)
    made.push_back(each.effect.to.empty() ? each.effect.path : each.effect.to);
  std::string before;
  std::string after;
  for (ws::PreparedEffect& each : *prepared) {
    const ws::Effect& effect = each.effect;
    const bool moves = effect.action == ws::Action::move;
    // Where it could be run, what it holds is shown.
    const bool shows = !moves || !ws::protection_after(root, made, effect.to).empty();
    deed.files.push_back({.action = std::string(action_name(effect.action)),
                          .path = effect.path,
                          .to = effect.to,
                          .before_hash = effect.before_hash,
                          .after_hash = effect.after_hash,
                          .mode = static_cast<std::int64_t>(effect.mode),
                          .before = moves ? std::string() : std::move(each.before),
                          .after = shows ? std::move(each.after) : std::string()});
    intent.target += (intent.target.empty() ? "" : ", ") + effect.path;
    if (moves) intent.target += " -> " + effect.to;
    intent.identity += (intent.identity.empty() ? "" : " ") + identity_of(root, effect);
    before += effect.before_hash + " " + effect.path + "\n";
    after += effect.after_hash + " " + effect.path + " " + effect.to + "\n";
  }
  intent.before_hash = hex(digest(before));
  intent.after_hash = hex(digest(after));
  return {};
}

// What is stored is text: a file that is none would come back as another.
Result<void> check_text(const Deed& deed) {
  const auto again = parse_deed(deed_text(deed));
  if (!again) return std::unexpected(again.error());
  for (std::size_t i = 0; i < deed.files.size(); ++i) {
    if (again->files[i].after != deed.files[i].after || again->files[i].path != deed.files[i].path)
      return fail(Errc::unsupported, deed.files[i].path + " is no text in UTF-8");
  }
  return {};
}

Result<std::vector<ws::PreparedEffect>> effects_of(const Deed& deed) {
  std::vector<ws::PreparedEffect> effects;
  for (const DeedFile& each : deed.files) {
    const auto action = action_from_name(each.action);
    if (!action) return fail(Errc::damaged, "no such action: " + each.action);
    const bool has_content = *action == ws::Action::edit || *action == ws::Action::create;
    if (has_content && ws::content_hash(each.after) != each.after_hash)
      return fail(Errc::damaged, "the new content of " + each.path + " does not fit its hash");
    effects.push_back({.effect = {.action = *action,
                                  .path = each.path,
                                  .to = each.to,
                                  .before_hash = each.before_hash,
                                  .after_hash = each.after_hash,
                                  .mode = static_cast<mode_t>(each.mode)},
                       .before = each.before,
                       .after = each.after});
  }
  return effects;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// What an error of carrying it out means: a tool that was cut off may have gone on, and git may
// have failed after the branch was moved. Sets of changes say it themselves.
Performed::End end_of(const Deed& deed, const Intent& intent, Errc code) {
  const bool was_cut = code == Errc::cancelled || code == Errc::timed_out;
  const bool may_be_moved = was_cut || code == Errc::io || code == Errc::unavailable;
  const bool is_unknown = code == Errc::outcome_unknown ||
                          (deed.kind == "tool" && was_cut && intent.recovery == Recovery::by_key) ||
                          (deed.kind == "commit" && may_be_moved);
  if (is_unknown) return Performed::End::unknown;
  return code == Errc::cancelled ? Performed::End::cut : Performed::End::failed;
}

}  // namespace

std::string change_id(const std::string& key) {
  constexpr std::size_t digits = 32;
  return hex(digest(key)).substr(0, digits);
}

Result<Intent> WorkspaceActor::prepare(const RunContext& context, const Step& step) {
  const auto spec = parse_spec(context.spec);
  if (!spec) return std::unexpected(spec.error());
  auto decided = parse_step(step.action);
  if (!decided) return std::unexpected(std::move(decided.error()));
  const auto root = ws::Root::open(spec->workspace, spec->root);
  if (!root) return std::unexpected(root.error());
  if (auto ok = ws::check_workspace(root->path(), bench_.own()); !ok)
    return std::unexpected(std::move(ok.error()));
  Deed deed{.kind = decided->kind, .mandate = context.mandate, .workspace = root->path()};
  if (root->top() != root->path()) deed.root = root->top();
  Intent intent;
  intent.kind = decided->kind;
  Result<void> done;
  if (decided->kind == "change") {
    done = prepare_change(*decided, *root, deed, intent);
  } else if (decided->kind == "command") {
    deed.words = decided->words;
    done = prepare_command(deed, *spec, bench_);
    intent.target = joined(deed.words);
    // What it wrote or sent cannot be told from the world: after a kill a person looks.
    const bool has_effects = deed.writes || !deed.hosts.empty();
    intent.recovery = has_effects ? Recovery::by_world : Recovery::repeatable;
  } else if (decided->kind == "tool") {
    deed.tool = decided->tool;
    deed.arguments = decided->arguments;
    done = prepare_tool(deed, intent);
  } else if (decided->kind == "commit") {
    const auto sandbox = bench_.sandbox({});
    if (!sandbox) return std::unexpected(sandbox.error());
    deed.branch = decided->branch;
    deed.message = decided->message;
    for (const std::string& path : decided->paths) deed.files.push_back({.path = path});
    done = prepare_commit(deed, *root, **sandbox, bench_.redactor());
    intent.target = deed.branch;
    intent.before_hash = deed.base;
  } else if (decided->kind == "report") {
    deed.run = context.run;
    done = prepare_report(deed, *decided, *root);
    for (const DeedFile& each : deed.files) intent.target = each.path;
    for (const DeedFile& each : deed.files) intent.before_hash = each.before_hash;
  } else {
    done = fail(Errc::invalid_args, "there is no step of kind " + decided->kind);
  }
  if (done) done = check_text(deed);
  if (!done) return std::unexpected(std::move(done.error()));
  intent.payload = deed_text(deed);
  if (intent.payload.size() > most_payload_bytes)
    return fail(Errc::unsupported, "a step holds at most 4 MiB", {"make smaller changes"});
  if (bench_.redactor().redact(intent.payload) != intent.payload)
    return fail(Errc::permission, "the step holds a secret");
  return intent;
}

Result<void> WorkspaceActor::prepare_tool(Deed& deed, Intent& intent) const {
  if (auto ok = check_arguments(deed.arguments); !ok) return ok;
  const auto annotations = bench_.context().annotations_of(deed.tool);
  if (!annotations) return fail(Errc::not_found, "there is no tool " + deed.tool);
  if (deed.tool.starts_with("mandates_") || deed.tool == "request")
    return fail(Errc::permission, "mandates do not call " + deed.tool);
  if (auto ok = bench_.check_secrets(deed.tool, deed.arguments); !ok) return ok;
  intent.target = deed.tool;
  intent.recovery = annotations->read_only ? Recovery::repeatable : Recovery::by_key;
  return {};
}

Judgement WorkspaceActor::judge(const RunContext& context, const Intent& intent) {
  const auto spec = parse_spec(context.spec);
  const auto deed = parse_deed(intent.payload);
  if (!spec || !deed) return {.word = Judgement::Word::deny, .reason = "it cannot be read"};
  Judgement judged = judge_deed(*deed, *spec, bench_.own());
  const bool only_reads = deed->kind == "tool" && bench_.is_reading(deed->tool);
  const bool is_capped = bench_.settings()->agents_may != ws::Scope::automatic && !only_reads;
  if (is_capped && judged.word == Judgement::Word::automatic)
    judged = {.word = Judgement::Word::ask, .reason = "agents_may of [mandates] is ask"};
  return judged;
}

bool WorkspaceActor::keeps_order(const Step& step) {
  const auto decided = parse_step(step.action);
  return !decided || (decided->kind != "command" && decided->kind != "tool");
}

std::unique_ptr<Wave> WorkspaceActor::wave(std::size_t steps) {
  return std::make_unique<CommandWave>(steps);
}

Amounts WorkspaceActor::worst_case(const Intent& intent) {
  return intent.kind == "command" ? most_of_command() : Amounts();
}

Performed WorkspaceActor::perform(const Intent& intent, Seat seat, const std::stop_token& stop) {
  const auto deed = parse_deed(intent.payload);
  if (!deed) return {.end = Performed::End::failed, .text = deed.error().message};
  // Again: it may have been approved long ago.
  if (const auto ok = ws::check_workspace(deed->workspace, bench_.own()); !ok)
    return {.end = Performed::End::failed, .text = bench_.redactor().redact(ok.error().message)};
  if (deed->kind == "command")
    return run_command(*deed, bench_, guard_places(records_, intent.key), for_review_,
                       std::move(seat), stop);
  seat = {};  // the others do not wait for what is no command
  Result<std::string> done = fail(Errc::internal, "no such kind");
  if (deed->kind == "change") done = change(intent, *deed, stop);
  if (deed->kind == "tool") done = tool(intent, *deed, stop);
  if (deed->kind == "report") done = report(intent, *deed, stop);
  if (deed->kind == "commit") done = commit(intent, *deed, stop);
  return {.end = done ? Performed::End::done : end_of(*deed, intent, done.error().code),
          .text = bench_.redactor().redact(done ? *done : done.error().message)};
}

Result<void> WorkspaceActor::recover(const std::string& workspace) {
  const auto root = ws::Root::open(workspace);
  if (!root) return std::unexpected(root.error());
  const auto recovered = ws::recover(*root, records_);
  if (!recovered) return std::unexpected(recovered.error());
  return {};
}

Result<std::string> WorkspaceActor::change(const Intent& intent,
                                           const Deed& deed,
                                           const std::stop_token& stop) {
  const auto effects = effects_of(deed);
  if (!effects) return std::unexpected(effects.error());
  const auto root = ws::Root::open(deed.workspace, deed.root);
  if (!root) return std::unexpected(root.error());
  const auto held = bench_.workspaces().hold(root->path(), stop);
  if (!held) return std::unexpected(held.error());
  if (auto ok = recover(root->path()); !ok) return std::unexpected(std::move(ok.error()));
  if (auto done = ws::apply(*root, *effects, change_id(intent.key), records_); !done)
    return std::unexpected(std::move(done.error()));
  return "changed " + intent.target;
}

Result<std::string> WorkspaceActor::commit(const Intent& intent,
                                           const Deed& deed,
                                           const std::stop_token& stop) {
  const auto root = ws::Root::open(deed.workspace, deed.root);
  if (!root) return std::unexpected(root.error());
  const auto sandbox = bench_.sandbox(stop);
  if (!sandbox) return std::unexpected(sandbox.error());
  const auto held = bench_.workspaces().hold(root->path(), stop);
  if (!held) return std::unexpected(held.error());
  return mandates::commit(deed, intent.key, *root, **sandbox, stop);
}

Result<std::string> WorkspaceActor::tool(const Intent& intent,
                                         const Deed& deed,
                                         const std::stop_token& stop) {
  auto answer = bench_.call_tool({.tool = deed.tool,
                                  .arguments = deed.arguments,
                                  .mandate = deed.mandate,
                                  .workspace = deed.workspace,
                                  .name_space = name_space_,
                                  .key = intent.key,
                                  .is_resend = intent.is_resend,
                                  .read_only = false},
                                 stop);
  if (!answer) return answer;
  return clipped(std::move(*answer), most_output_bytes);
}

Result<std::string> WorkspaceActor::report(const Intent& intent,
                                           const Deed& deed,
                                           const std::stop_token& stop) {
  if (deed.files.empty()) return fail(Errc::damaged, "a report without a file");
  auto made = report_file(deed.files.front().path, deed.run, report_of_, bench_, stop);
  if (!made) return std::unexpected(std::move(made.error()));
  const auto root = ws::Root::open(deed.workspace, deed.root);
  if (!root) return std::unexpected(root.error());
  const auto held = bench_.workspaces().hold(root->path(), stop);
  if (!held) return std::unexpected(held.error());
  if (auto ok = recover(root->path()); !ok) return std::unexpected(std::move(ok.error()));
  return write_report(deed, std::move(*made), change_id(intent.key), *root, records_);
}

Result<Standing> WorkspaceActor::inspect(const Intent& intent) {
  const auto deed = parse_deed(intent.payload);
  if (!deed) return std::unexpected(deed.error());
  if (deed->kind == "change" || deed->kind == "report") return inspect_change(*deed);
  if (deed->kind == "command") {
    // One that writes leaves a mark before it begins; one that only sends leaves none.
    const bool never_began = deed->writes && !ws::has_begun(records_, intent.key);
    return never_began ? Standing::before : Standing::other;
  }
  if (deed->kind != "commit") return Standing::other;
  const auto root = ws::Root::open(deed->workspace, deed->root);
  if (!root) return std::unexpected(root.error());
  const auto sandbox = bench_.sandbox({});
  if (!sandbox) return std::unexpected(sandbox.error());
  return inspect_commit(*deed, intent.key, *root, **sandbox);
}

Result<Standing> WorkspaceActor::inspect_change(const Deed& deed) {
  const auto root = ws::Root::open(deed.workspace, deed.root);
  if (!root) return std::unexpected(root.error());
  const auto held = bench_.workspaces().hold(root->path(), {});
  if (!held) return std::unexpected(held.error());
  if (auto ok = recover(root->path()); !ok) return std::unexpected(std::move(ok.error()));
  if (deed.kind == "report") return inspect_report(deed, *root);
  const auto effects = effects_of(deed);
  if (!effects) return std::unexpected(effects.error());
  std::size_t done = 0;
  std::size_t open = 0;
  for (const ws::PreparedEffect& each : *effects) {
    const auto state = ws::inspect(*root, each.effect);
    if (!state) return std::unexpected(state.error());
    if (*state == ws::EffectState::done) ++done;
    if (*state == ws::EffectState::not_done) ++open;
  }
  if (done == effects->size()) return Standing::after;
  return open == effects->size() ? Standing::before : Standing::other;
}

}  // namespace hearth::packs::mandates
