// A report of a run as a deed of that run: one file of the workspace, Markdown or PDF by its name.
// What it will say is not known when it is approved; where it goes, and what it replaces, is.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "packs/mandates/decision.hpp"
#include "packs/mandates/engine/ports.hpp"
#include "packs/mandates/workbench.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates {

// run_report() of a run, by its id.
using ReportOf = std::function<Result<std::string>(const std::string& run)>;

// `invalid_args` for a name that ends in neither .md nor .pdf.
[[nodiscard]] Result<bool> is_pdf(const std::string& path);
struct ReportFile {
  std::string bytes;
  std::string missing;  // Pdf::missing
};
// In the form that the file's name says; blocks.
[[nodiscard]] Result<ReportFile> report_file(const std::string& path,
                                             const std::string& run,
                                             const ReportOf& report_of,
                                             Workbench& bench,
                                             const std::stop_token& stop);

// Fills in what is there now.
[[nodiscard]] Result<void> prepare_report(Deed& deed,
                                          const DecidedStep& step,
                                          const workspace::Root& root);
// `conflict` when another file is there than the deed knows. The caller holds the workspace.
[[nodiscard]] Result<std::string> write_report(const Deed& deed,
                                               ReportFile report,
                                               const std::string& id,
                                               const workspace::Root& root,
                                               const std::string& records);
// After recovery: whether it is still as it was before. More nobody can tell.
[[nodiscard]] Result<Standing> inspect_report(const Deed& deed, const workspace::Root& root);

}  // namespace hearth::packs::mandates
