#include "daemon/guide.hpp"

namespace hearth::daemon {
namespace {

std::string nature_of(const pack::Annotations& annotations) {
  if (annotations.read_only) return "reads only";
  if (annotations.destructive) return "may overwrite or remove";
  return annotations.idempotent ? "writes; the same call twice changes nothing more" : "writes";
}

}  // namespace

std::string make_guide(const mcp::Catalog& catalog) {
  std::string text =
      "# Using hearth\n\n"
      "One daemon serves all clients of this user. What one session stores, every other session of "
      "the same namespace finds, now and after restarts. An answered write is on disk.\n\n"
      "- Errors are `{code, message, suggestions}`; the message says what to do next.\n"
      "- `truncated` means that there is more; the answer says how to get it. `degraded` says what "
      "was not ready; `hearth_status` tells when it is.\n"
      "- `busy` and `draining` mean that nothing was done: call again. `outcome_unknown` means "
      "that "
      "the daemon went away during a call: look before you repeat it.\n";
  std::string pack;
  for (const auto& tool : catalog.entries()) {
    if (tool->pack != pack) text.append("\n## ").append(tool->pack).append("\n\n");
    pack = tool->pack;
    text.append("- `").append(tool->name).append("`: ").append(tool->spec.description);
    text.append(" (").append(nature_of(tool->spec.annotations)).append(")\n");
  }
  return text;
}

}  // namespace hearth::daemon
