#include "packs/mandates/judge_deed.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "packs/mandates/command.hpp"
#include "packs/mandates/workspace/repositories.hpp"

namespace hearth::packs::mandates {
namespace {

namespace ws = workspace;
using Word = Judgement::Word;

// Of the files of one deed.
class FileJudge final {
 public:
  FileJudge(const Deed& deed, const ws::Root& root, ws::Policy policy)
      : root_(root), policy_(std::move(policy)) {
    for (const DeedFile& each : deed.files) made_.push_back(each.to.empty() ? each.path : each.to);
  }

  void look(ws::Action action, const std::string& path) {
    const ws::Judgement one = policy_.judge(action, path, root_.path());
    Word word = Word::deny;
    if (one.scope == ws::Scope::automatic) word = Word::automatic;
    if (one.scope == ws::Scope::ask) word = Word::ask;
    raise(word, path, one.reason);
  }

  // It goes where others fetch it from: who may not read a file, or not change it, may not commit
  // it.
  void look_at_committed(const std::string& path) {
    raise(Word::automatic, path, "");
    for (const ws::Action action : {ws::Action::read, ws::Action::edit}) {
      const ws::Judgement one = policy_.judge(action, path, root_.path());
      if (one.scope == ws::Scope::deny) raise(Word::deny, path, one.reason);
    }
  }

  [[nodiscard]] const Judgement& judged() const { return judged_; }

 private:
  void raise(Word word, const std::string& path, std::string reason) {
    const std::string_view protection = ws::protection_after(root_, made_, path);
    if (word != Word::deny && !protection.empty()) {
      word = Word::elevate;
      reason = "it is protected: " + std::string(protection);
    }
    if (word > judged_.word) judged_ = {.word = word, .reason = path + ": " + reason};
  }

  const ws::Root& root_;
  const ws::Policy policy_;
  std::vector<std::string> made_;
  Judgement judged_{.word = Word::automatic, .reason = "the rules allow it"};
};

Judgement judge_files(const Deed& deed, const ws::Policy& policy) {
  const auto root = ws::Root::open(deed.workspace);
  if (!root) return {.word = Word::deny, .reason = root.error().message};
  FileJudge judge(deed, *root, policy);
  for (const DeedFile& each : deed.files) {
    if (deed.kind == "commit") {
      judge.look_at_committed(each.path);
      continue;
    }
    judge.look(action_from_name(each.action).value_or(ws::Action::remove), each.path);
    if (!each.to.empty()) judge.look(ws::Action::create, each.to);
  }
  return judge.judged();
}

Judgement by_scope(std::string_view scope, std::string reason) {
  if (scope == "auto") return {.word = Word::automatic, .reason = std::move(reason)};
  if (scope == "ask") return {.word = Word::ask, .reason = std::move(reason)};
  return {.word = Word::deny, .reason = std::move(reason)};
}

}  // namespace

Judgement judge_deed(const Deed& deed, const MandateSpec& spec, std::vector<std::string> own) {
  if (deed.kind == "change" || deed.kind == "report")
    return judge_files(deed, policy_of(spec, std::move(own)));
  if (deed.kind == "commit") {
    Judgement files = judge_files(deed, policy_of(spec, std::move(own)));
    Judgement commits = by_scope(spec.commits, "commits");
    return files.word > commits.word ? std::move(files) : std::move(commits);
  }
  if (deed.kind == "command") {
    const auto ruling = ruling_on(spec, deed.words);
    if (!ruling) return by_scope("deny", why_no_rule(spec, deed.words));
    return by_scope(ruling->scope_by->scope, "the rule " + ruling->scope_by->rule);
  }
  const auto last_first = spec.tools | std::views::reverse;
  const auto found = std::ranges::find(last_first, deed.tool, &ToolScope::tool);
  if (found == last_first.end()) return by_scope("deny", deed.tool + " is not on the list");
  return by_scope(found->scope, "the rule for " + deed.tool);
}

}  // namespace hearth::packs::mandates
