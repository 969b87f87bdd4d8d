#include "packs/mandates/command.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "packs/mandates/command_cost.hpp"
#include "packs/mandates/engine/digest.hpp"
#include "packs/mandates/observer.hpp"
#include "packs/mandates/workspace/change_set.hpp"
#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/guarded_command.hpp"

namespace hearth::packs::mandates {
namespace {

namespace ws = workspace;

// The kernel ends a command with its daemon; what waits for a disk takes a moment.
constexpr std::chrono::milliseconds grace_of_the_killed{2'000};

CommandRequest request_of(const Deed& deed) {
  return {.words = deed.words, .hosts = deed.hosts, .secrets = deed.secrets};
}

Result<sandbox::Plan> plan_of(const Deed& deed,
                              const Workbench& bench,
                              const std::stop_token& stop) {
  sandbox::Plan plan;
  plan.words = deed.words;
  plan.may_write = deed.writes;
  plan.tools = bench.settings()->tool_chains;
  for (const std::string& host : deed.hosts) {
    const auto rule = sandbox::HostRule::parse(host);
    if (!rule) return std::unexpected(rule.error());
    plan.network.push_back(*rule);
  }
  auto variables = bench.command_variables(request_of(deed), stop);
  if (!variables) return std::unexpected(std::move(variables.error()));
  plan.environment = std::move(*variables);
  return plan;
}

bool is_git(const Deed& deed) {
  return deed.words.front() == "git";
}

// git is told where its repository lies, and kept from what could make it run something else. One
// that writes is on its own: it may write to version control, which other commands may not, and it
// obeys files that they could make for it.
Result<ws::GuardedOutcome> run_on(const ws::Ground& ground,
                                  const Deed& deed,
                                  sandbox::Plan plan,
                                  const ws::GuardPlaces& places,
                                  Seat seat,
                                  const std::stop_token& stop) {
  if (!is_git(deed)) {
    auto* const wave = deed.writes ? static_cast<CommandWave*>(seat.take()) : nullptr;
    if (wave != nullptr) return wave->guard.run(ground, std::move(plan), places, stop);
    return ws::run_guarded(ground, std::move(plan), places, stop);
  }
  std::vector<std::string> arguments(deed.words.begin() + 1, deed.words.end());
  if (deed.writes) return ws::run_git(ground, std::move(arguments), std::move(plan), places, stop);
  auto outcome =
      ws::look_with_git(ground.sandbox, ground.root, std::move(arguments), std::move(plan), stop);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  return ws::GuardedOutcome{{}, std::move(*outcome)};
}

Result<ws::GuardedOutcome> carry_out(const Deed& deed,
                                     Workbench& bench,
                                     const ws::GuardPlaces& places,
                                     Seat seat,
                                     const std::stop_token& stop) {
  const auto root = ws::Root::open(deed.workspace, deed.root);
  if (!root) return std::unexpected(root.error());
  const auto sandbox = bench.sandbox(stop);
  if (!sandbox) return std::unexpected(sandbox.error());
  auto plan = plan_of(deed, bench, stop);
  if (!plan) return std::unexpected(std::move(plan.error()));
  const auto hold = [&](const std::stop_token& until) -> Result<std::shared_ptr<void>> {
    auto held = bench.workspaces().hold(root->path(), until);
    if (!held) return std::unexpected(std::move(held.error()));
    return std::make_shared<WorkspaceLocks::Held>(std::move(*held));
  };
  return run_on({.sandbox = **sandbox, .root = *root, .hold = hold}, deed, std::move(*plan), places,
                std::move(seat), stop);
}

// What a kill left there before anybody was told.
std::string told_of(const std::string& aside) {
  std::string text;
  std::error_code none;
  for (const auto& each : std::filesystem::directory_iterator(aside, none))
    text += each.path().string() + " was protected, and not there before the command\n";
  return text;
}

// For the engine, and for people. Where nothing has effects there is nothing to look at.
Performed told(const Deed& deed, const Workbench& bench, const Result<ws::GuardedOutcome>& ran) {
  using End = Performed::End;
  const bool has_effects = deed.writes || !deed.hosts.empty();
  if (!ran) {
    const Errc code = ran.error().code;
    const bool may_have_begun = code == Errc::outcome_unknown;  // as a sandbox says it
    const End end = has_effects && may_have_begun ? End::unknown
                    : code == Errc::cancelled     ? End::cut
                                                  : End::failed;
    return {.end = end,
            .text = bench.redactor().redact(ran.error().message),
            .used = used_by(ran.error())};
  }
  Performed performed{.end = End::failed,
                      .text = bench.redactor().redact(ran->describe()) +
                              describe_command(ran->outcome, bench.redactor(), most_output_bytes),
                      .used = used_by(ran->outcome)};
  using Outcome = sandbox::Outcome::End;
  const Outcome end = ran->outcome.end;
  if (ran->needs_review()) {
    log::warning("a command's workspace needs a look",
                 {log::kv("workspace", deed.workspace), log::kv("why", ran->describe())});
    performed.end = End::unknown;
  } else if (ran->outcome.is_success()) {
    performed.end = End::done;
  } else if (end != Outcome::exited && end != Outcome::signalled) {
    // One that came to an end by itself has failed; how far one came that was cut off, nobody
    // knows.
    if (has_effects)
      performed.end = End::unknown;
    else if (end == Outcome::stopped)
      performed.end = End::cut;
  }
  return performed;
}

}  // namespace

ws::GuardPlaces guard_places(const std::string& records, const std::string& key) {
  constexpr std::size_t digits = 32;
  return {.aside = records + "/aside/" + hex(digest(key)).substr(0, digits),
          .records = records,
          .key = key};
}

std::optional<CommandRuling> ruling_on(const MandateSpec& spec,
                                       const std::vector<std::string>& words) {
  const CommandScope* asks = nullptr;
  for (const CommandScope& each : spec.commands | std::views::reverse) {
    const std::array lines{each.rule};
    const auto rules = ws::CommandRules::parse(lines);
    if (!rules) continue;
    if (rules->check(words)) {
      const bool is_asked = asks != nullptr && each.scope == "auto";
      return CommandRuling{&each, is_asked ? asks : &each};
    }
    if (each.scope == "auto" || !rules->concern(words)) continue;
    if (each.scope == "deny") return CommandRuling{&each, &each};
    asks = &each;
  }
  return std::nullopt;
}

std::string why_no_rule(const MandateSpec& spec, const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& each : words) command += (command.empty() ? "" : " ") + each;
  std::string why = "no rule allows the command " + command;
  std::vector<std::string> lines;
  for (const CommandScope& each : spec.commands) lines.push_back(each.rule);
  const auto rules = ws::CommandRules::parse(lines);
  if (!rules || words.empty()) return why;
  const auto fits = rules->check(words);
  return fits ? why : why + ": " + fits.error().message;
}

Result<void> prepare_command(Deed& deed, const MandateSpec& spec, const Workbench& bench) {
  const auto ruling = ruling_on(spec, deed.words);
  if (!ruling) return {};  // it will be denied
  deed.writes = ruling->rule->writes;
  deed.hosts = ruling->rule->hosts;
  deed.secrets = ruling->rule->secrets;
  return bench.check_secrets(request_of(deed));
}

Performed run_command(const Deed& deed,
                      Workbench& bench,
                      const ws::GuardPlaces& places,
                      const ForReview& for_review,
                      Seat seat,
                      const std::stop_token& stop) {
  if (!deed.writes || is_git(deed)) seat = {};
  auto performed = told(deed, bench, carry_out(deed, bench, places, std::move(seat), stop));
  if (!deed.writes) return performed;
  if (performed.end == Performed::End::unknown) {
    if (auto marked = for_review(places.key, performed.text); !marked) {
      // The record stays: after a restart it is compared, and told, again.
      log::error("an outcome is not kept", {log::kv("why", marked.error().message)});
      return performed;
    }
  }
  if (auto ended = ws::end_guard(places.records, places.key); !ended)
    log::error("a record is left", {log::kv("why", ended.error().message)});
  return performed;
}

namespace {

// Of a record that cannot be read. Its name tells whose it is: somebody is told, or nothing begins.
Result<void> tell_of_damaged(const std::string& path,
                             const Error& why,
                             const std::vector<std::string>& open,
                             const ForReview& for_review) {
  log::error("what a command did cannot be compared", {log::kv("why", why.message)});
  const auto key = std::ranges::find_if(
      open, [&](const std::string& each) { return ws::is_guard_of(path, each); });
  if (key == open.end())
    return fail(Errc::damaged, "it is not known which command this record is of: " + why.message,
                {"see whether the workspaces of mandates have new files that make machines run "
                 "code, then remove " +
                 path});
  auto told =
      for_review(*key, "it was cut off, and what is protected in its workspace was not compared: " +
                           why.message + "\n");
  return told ? ws::keep_damaged_guard(path) : told;
}

}  // namespace

std::string problem_of_records(const std::string& records) {
  const auto damaged = ws::damaged_guards(records);
  if (damaged.empty()) return {};
  return "what is protected in a workspace was not compared after a kill: see `hearth mandates "
         "approvals`, and the workspace, then remove " +
         damaged.front();
}

// Commands of a wave are compared by the first of them, and what it finds is told to all: nothing
// of theirs may run any more then.
Result<void> recover_commands(const std::string& records,
                              const std::vector<std::string>& open,
                              const std::string& name_space,
                              Workbench& bench,
                              const ForReview& for_review) {
  ws::forget_ended_but(records, open);
  const auto paths = ws::left_guards(records);
  if (!paths) return std::unexpected(paths.error());
  std::vector<ws::GuardRecord> left;
  for (const std::string& path : *paths) {
    auto record = ws::read_guard(path);
    if (!record) {
      if (auto told = tell_of_damaged(path, record.error(), open, for_review); !told) return told;
      continue;
    }
    if (auto ended = sandbox::wait_for_end(record->first_process, grace_of_the_killed); !ended)
      return ended;
    left.push_back(std::move(*record));
  }
  // Of a wave one may have ended earlier, and been seen no longer.
  std::map<std::string, std::int64_t> seen_in;
  for (const ws::GuardRecord& record : left)
    seen_in[record.workspace] = std::max(seen_in[record.workspace], record.seen_at);
  std::map<std::string, std::string> found_in;  // by workspace
  for (ws::GuardRecord& record : left) {
    record.seen_at = seen_in[record.workspace];
    const std::string aside = guard_places(records, record.key).aside;
    std::string text = told_of(aside);
    const auto held = bench.workspaces().hold(record.workspace, {}, name_space);
    if (!held) return std::unexpected(held.error());
    const auto found = ws::recover_guard(record, aside, bench.own(), grace_of_the_killed);
    if (!found && found.error().code == Errc::unavailable) return std::unexpected(found.error());
    text += found ? found->describe()
                  : "what is protected could not be compared: " + found.error().message + "\n";
    std::string& all = found_in[record.workspace];
    if (!all.contains(text)) all += text;
  }
  for (const ws::GuardRecord& record : left) {
    if (const std::string& text = found_in[record.workspace]; !text.empty()) {
      log::warning("a command was cut off, and its workspace needs a look",
                   {log::kv("workspace", record.workspace), log::kv("why", text)});
      if (auto told = for_review(record.key, "it was cut off\n" + text); !told) return told;
    }
    if (auto ended = ws::end_guard(records, record.key); !ended) return ended;
  }
  return {};
}

Result<void> recover_changes(const std::string& records,
                             const std::string& name_space,
                             Workbench& bench) {
  const auto left = ws::left_change_sets(records);
  if (!left) return std::unexpected(left.error());
  for (const std::string& workspace : *left) {
    const auto root = ws::Root::open(workspace);
    if (!root) {  // nothing of it can be done there, by nobody
      log::warning("a set of changes stays half done", {log::kv("why", root.error().message)});
      continue;
    }
    const auto held = bench.workspaces().hold(root->path(), {}, name_space);
    if (!held) return std::unexpected(held.error());
    if (const auto recovered = ws::recover(*root, records); !recovered)
      return std::unexpected(recovered.error());
  }
  return {};
}

std::vector<std::string> left_workspaces(const std::string& records) {
  const std::vector<std::string> all{"/"};
  const auto guards = ws::left_guards(records);
  const auto changes = ws::left_change_sets(records);
  if (!guards || !changes) return all;
  std::vector<std::string> left = *changes;
  for (const std::string& path : *guards) {
    const auto record = ws::read_guard(path);
    if (!record) return all;
    left.push_back(record->workspace);
  }
  return left;
}

}  // namespace hearth::packs::mandates
