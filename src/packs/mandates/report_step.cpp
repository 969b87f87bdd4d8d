#include "packs/mandates/report_step.hpp"

#include <array>
#include <utility>

#include "packs/mandates/pdf.hpp"
#include "packs/mandates/workspace/change_set.hpp"
#include "packs/mandates/workspace/policy.hpp"

namespace hearth::packs::mandates {
namespace {

// Of the file that is there; empty: none.
Result<std::string> hash_at(const workspace::Root& root, const std::string& path) {
  const auto file = root.read(path);
  if (file) return file->hash;
  if (file.error().code == Errc::not_found) return std::string();
  return std::unexpected(file.error());
}

}  // namespace

Result<bool> is_pdf(const std::string& path) {
  if (path.ends_with(".pdf")) return true;
  if (path.ends_with(".md")) return false;
  return fail(Errc::invalid_args, "\"" + path + "\" says no form",
              {"name a file that ends in .md or .pdf"});
}

Result<ReportFile> report_file(const std::string& path,
                               const std::string& run,
                               const ReportOf& report_of,
                               Workbench& bench,
                               const std::stop_token& stop) {
  const auto as_pdf = is_pdf(path);
  if (!as_pdf) return std::unexpected(as_pdf.error());
  auto text = report_of(run);
  if (!text) return std::unexpected(std::move(text.error()));
  if (!*as_pdf) return ReportFile{.bytes = std::move(*text), .missing = {}};
  const auto sandbox = bench.sandbox(stop);
  if (!sandbox) return std::unexpected(sandbox.error());
  auto pdf = to_pdf(**sandbox, *text, stop);
  if (!pdf) return std::unexpected(std::move(pdf.error()));
  return ReportFile{.bytes = std::move(pdf->bytes), .missing = std::move(pdf->missing)};
}

Result<void> prepare_report(Deed& deed, const DecidedStep& step, const workspace::Root& root) {
  if (step.paths.size() != 1)
    return fail(Errc::invalid_args, "a report is one file", {"give one path"});
  auto path = workspace::normal_path(step.paths.front());
  if (!path) return std::unexpected(std::move(path.error()));
  if (const auto form = is_pdf(*path); !form) return std::unexpected(form.error());
  auto hash = hash_at(root, *path);
  if (!hash) return std::unexpected(std::move(hash.error()));
  deed.files.push_back({.action = hash->empty() ? "create" : "edit",
                        .path = std::move(*path),
                        .before_hash = std::move(*hash)});
  return {};
}

Result<std::string> write_report(const Deed& deed,
                                 ReportFile report,
                                 const std::string& id,
                                 const workspace::Root& root,
                                 const std::string& records) {
  if (deed.files.size() != 1) return fail(Errc::damaged, "a report is one file");
  const DeedFile& file = deed.files.front();
  workspace::Change change;
  change.action = file.before_hash.empty() ? workspace::Action::create : workspace::Action::edit;
  change.path = file.path;
  change.content = std::move(report.bytes);
  change.base_hash = file.before_hash;
  const auto prepared = workspace::prepare(root, std::array{std::move(change)});
  if (!prepared) return std::unexpected(prepared.error());
  if (auto done = workspace::apply(root, *prepared, id, records); !done)
    return std::unexpected(std::move(done.error()));
  return "wrote " + file.path + ", " + std::to_string(prepared->front().after.size()) + " bytes" +
         (report.missing.empty() ? "" : ", without " + report.missing);
}

Result<Standing> inspect_report(const Deed& deed, const workspace::Root& root) {
  if (deed.files.size() != 1) return fail(Errc::damaged, "a report is one file");
  const auto hash = hash_at(root, deed.files.front().path);
  if (!hash) return std::unexpected(hash.error());
  return *hash == deed.files.front().before_hash ? Standing::before : Standing::other;
}

}  // namespace hearth::packs::mandates
