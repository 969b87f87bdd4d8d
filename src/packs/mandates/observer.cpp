#include "packs/mandates/observer.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "packs/mandates/command_cost.hpp"
#include "packs/mandates/workspace/find_files.hpp"
#include "packs/mandates/workspace/guarded_command.hpp"
#include "packs/mandates/workspace/workspace_check.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_file_bytes = 16 << 10;
constexpr std::size_t most_answer_bytes = 8 << 10;
constexpr std::size_t most_bytes = 128 << 10;
constexpr std::size_t most_files = 200;

// From its end: there the errors are.
std::string tail(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t begin = text.size() - most;
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) ++begin;
  return "(the first " + std::to_string(begin) + " bytes are left out)\n" + text.substr(begin);
}

// Before anything is cut: a part of a secret would not be known as one. Where the command was cut
// off itself, what may be the beginning of one is left out.
std::string without_secrets(const sandbox::Outcome& outcome,
                            const std::string& text,
                            const secrets::Redactor& redactor) {
  using End = sandbox::Outcome::End;
  if (outcome.end == End::exited || outcome.end == End::signalled) return redactor.redact(text);
  return secrets::StreamRedactor(redactor).feed(text);
}

// Looking changes nothing: the workspace is read-only.
Result<sandbox::Outcome> look(const sandbox::Sandbox& sandbox,
                              const workspace::Root& root,
                              const std::vector<std::string>& words,
                              const std::vector<std::string>& tool_chains,
                              const std::stop_token& stop) {
  sandbox::Plan plan{
      .words = words, .workspace = root.path(), .may_write = false, .tools = tool_chains};
  if (words.empty() || words.front() != "git") return sandbox.run(plan, stop);
  return workspace::look_with_git(sandbox, root, {words.begin() + 1, words.end()}, std::move(plan),
                                  stop);
}

}  // namespace

std::string clipped(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  const std::string total = std::to_string(text.size());
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most) + "\n(cut: " + total + " bytes in all)";
}

std::string clipped_within(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  const std::size_t front = most / 4;
  return clipped(text, front) + "\n" + tail(text, most - front);
}

std::string describe_command(const sandbox::Outcome& outcome,
                             const secrets::Redactor& redactor,
                             std::size_t most) {
  std::string text = outcome.describe() + "\n";
  const std::string out = without_secrets(outcome, outcome.out, redactor);
  const std::string err = without_secrets(outcome, outcome.err, redactor);
  if (!out.empty()) text += "output:\n" + tail(out, most) + "\n";
  if (!err.empty()) text += "errors:\n" + tail(err, most) + "\n";
  for (const std::string& host : outcome.refused_hosts)
    text += "not reached, since no rule names it: " + host + "\n";
  return text;
}

std::optional<std::string> WorkspaceObserver::obstacle() {
  return bench_.learning().obstacle();
}

Result<std::string> WorkspaceObserver::observe(const RunContext& context,
                                               const std::stop_token& stop,
                                               const Charge& charge) {
  const auto spec = parse_spec(context.spec);
  if (!spec) return std::unexpected(spec.error());
  const auto root = workspace::Root::open(spec->workspace, spec->root);
  if (!root) return std::unexpected(Error(root.error()).within("the workspace"));
  if (auto ok = workspace::check_workspace(root->path(), bench_.own()); !ok)
    return std::unexpected(std::move(ok.error()));
  std::string text;
  add_files(text, *spec, *root);
  if (auto done = add_commands(text, *spec, *root, stop, charge); !done)
    return std::unexpected(std::move(done.error()));
  if (auto done = add_tools(text, context, *spec, stop); !done)
    return std::unexpected(std::move(done.error()));
  if (text.empty()) text = "(the mandate names nothing to observe)\n";
  return clipped(bench_.redactor().redact(text), most_bytes);
}

void WorkspaceObserver::add_files(std::string& text,
                                  const MandateSpec& spec,
                                  const workspace::Root& root) {
  const workspace::Policy policy = policy_of(spec, bench_.own());
  std::size_t shown = 0;
  for (const std::string& pattern : spec.observe.files) {
    const auto paths = workspace::find_files(root, {pattern});
    if (!paths) {
      text += "## what fits " + pattern + " cannot be told: " + paths.error().message;
      for (const std::string& each : paths.error().suggestions) text += "; " + each;
      text += "\n\n";
      log::warning("what a mandate observes cannot be told",
                   {log::kv("pattern", pattern), log::kv("why", paths.error().message)});
      continue;
    }
    if (paths->empty()) text += "## no file fits " + pattern + "\n\n";
    for (const std::string& path : *paths) {
      if (++shown > most_files) {
        text += "## more files fit " + pattern + ", and are left out\n\n";
        return;
      }
      const auto normal = workspace::normal_path(path);
      const auto judged = policy.judge(workspace::Action::read, path, root.path());
      if (!normal || judged.scope == workspace::Scope::deny) {
        text += "## file " + path + ": not allowed\n\n";
        continue;
      }
      auto file = root.read(*normal);
      if (!file) {
        text += "## file " + path + ": " + file.error().message + "\n\n";
        continue;
      }
      text += "## file " + path + " (" + std::to_string(file->content.size()) + " bytes, hash " +
              file->hash + ")\n" +
              clipped(bench_.redactor().redact(file->content), most_file_bytes) + "\n\n";
    }
  }
}

Result<void> WorkspaceObserver::add_commands(std::string& text,
                                             const MandateSpec& spec,
                                             const workspace::Root& root,
                                             const std::stop_token& stop,
                                             const Charge& charge) {
  if (spec.observe.commands.empty()) return {};
  const auto sandbox = bench_.sandbox(stop);
  if (!sandbox) return std::unexpected(sandbox.error());
  for (const std::string& line : spec.observe.commands) {
    text += "## command " + line + "\n";
    const auto words = words_of(line);
    if (!words) {
      text += words.error().message + "\n";
      continue;
    }
    Result<sandbox::Outcome> ran = fail(Errc::internal, "it was not run");
    const auto charged = charge(most_of_command(), [&]() -> std::optional<Amounts> {
      ran = look(**sandbox, root, *words, bench_.settings()->tool_chains, stop);
      return ran ? used_by(*ran) : used_by(ran.error());
    });
    if (!charged) return charged;
    if (!ran && ran.error().code == Errc::cancelled) return std::unexpected(std::move(ran.error()));
    if (ran && ran->end == sandbox::Outcome::End::stopped) return fail(Errc::cancelled, "stopped");
    text +=
        (ran ? describe_command(*ran, bench_.redactor(), most_answer_bytes) : ran.error().message) +
        "\n";
  }
  return {};
}

Result<void> WorkspaceObserver::add_tools(std::string& text,
                                          const RunContext& context,
                                          const MandateSpec& spec,
                                          const std::stop_token& stop) {
  for (const ObservedTool& each : spec.observe.tools) {
    text += "## tool " + each.tool + " " + each.arguments + "\n";
    if (!bench_.is_reading(each.tool) || each.tool.starts_with("mandates_")) {
      text += "not allowed: it is no tool that only reads\n\n";
      continue;
    }
    auto answer = bench_.call_tool({.tool = each.tool,
                                    .arguments = each.arguments,
                                    .mandate = context.mandate,
                                    .workspace = spec.workspace,
                                    .name_space = name_space_,
                                    .key = {},
                                    .read_only = true},
                                   stop);
    if (stop.stop_requested()) return fail(Errc::cancelled, "stopped");
    text +=
        (answer ? clipped(std::move(*answer), most_answer_bytes) : answer.error().message) + "\n\n";
  }
  return {};
}

}  // namespace hearth::packs::mandates
