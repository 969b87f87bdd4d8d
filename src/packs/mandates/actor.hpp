// Acts: works a decided step out into a deed, judges it by the mandate's rules, carries it out, and
// tells after a kill whether it had happened.
//
//   change   files of the workspace, all or none     by the world: hashes before and after
//   command  in the sandbox                          repeatable while it writes and sends nothing
//   tool     of another pack, from the list          by key, where the tool knows keys
//   commit   of files as they are, to hearth/…       by the world: the branch's last commit
//   report   of the run, into a file                 by the world: the hash before
//
// The deed's text is the intent's payload, so that a person sees, and approves, what will be done
// and nothing else. A deed that holds a secret is refused: it would be kept in the journal's
// neighbourhood for ever.
#pragma once

#include <memory>
#include <string>

#include "packs/mandates/command.hpp"
#include "packs/mandates/decision.hpp"
#include "packs/mandates/engine/ports.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/report_step.hpp"
#include "packs/mandates/workbench.hpp"

namespace hearth::packs::mandates {

// Of the set of changes that is an effect's, by its key.
[[nodiscard]] std::string change_id(const std::string& key);

// Of one namespace; several threads.
class WorkspaceActor final : public Actor {
 public:
  // `records`: a directory of hearth's own for interrupted change sets and commands, and what
  // commands left that is protected (set_aside.hpp).
  WorkspaceActor(Workbench& bench,
                 std::string name_space,
                 std::string records,
                 ReportOf report_of,
                 ForReview for_review)
      : bench_(bench),
        name_space_(std::move(name_space)),
        records_(std::move(records)),
        report_of_(std::move(report_of)),
        for_review_(std::move(for_review)) {}

  [[nodiscard]] Result<Intent> prepare(const RunContext& context, const Step& step) override;
  [[nodiscard]] Judgement judge(const RunContext& context, const Intent& intent) override;
  // Whatever changes files by hearth's own hand: models rely on a change before the tests of it.
  [[nodiscard]] bool keeps_order(const Step& step) override;
  [[nodiscard]] std::unique_ptr<Wave> wave(std::size_t steps) override;
  [[nodiscard]] Amounts worst_case(const Intent& intent) override;
  [[nodiscard]] Performed perform(const Intent& intent,
                                  Seat seat,
                                  const std::stop_token& stop) override;
  [[nodiscard]] Result<Standing> inspect(const Intent& intent) override;

 private:
  [[nodiscard]] Result<void> prepare_tool(Deed& deed, Intent& intent) const;
  [[nodiscard]] Result<std::string> change(const Intent& intent,
                                           const Deed& deed,
                                           const std::stop_token& stop);
  [[nodiscard]] Result<std::string> commit(const Intent& intent,
                                           const Deed& deed,
                                           const std::stop_token& stop);
  [[nodiscard]] Result<std::string> tool(const Intent& intent,
                                         const Deed& deed,
                                         const std::stop_token& stop);
  [[nodiscard]] Result<std::string> report(const Intent& intent,
                                           const Deed& deed,
                                           const std::stop_token& stop);
  [[nodiscard]] Result<Standing> inspect_change(const Deed& deed);
  // Completes or takes back what a kill left half done.
  [[nodiscard]] Result<void> recover(const std::string& workspace);

  Workbench& bench_;
  const std::string name_space_;
  const std::string records_;
  const ReportOf report_of_;
  const ForReview for_review_;
};

}  // namespace hearth::packs::mandates
