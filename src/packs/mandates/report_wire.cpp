#include "packs/mandates/report_wire.hpp"

namespace hearth::packs::mandates::wire {

json::Notes notes(const ReportAnswer*) {
  return {{"markdown", "What a run was for, did and cost"}};
}
json::Notes notes(const ReportFileRequest*) {
  return {{"run", run_text, word()},
          {"path", "A file of the project that ends in .md or .pdf", json::range(1, 4'096)},
          {"overwrite", "Replace a file that is there", json::defaulted}};
}
json::Notes notes(const ReportFileAnswer*) {
  return {{"path", "Absolute"}, {"bytes", ""}, {"missing", "Characters that no font had"}};
}

}  // namespace hearth::packs::mandates::wire
