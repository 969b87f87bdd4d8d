// Observes what a mandate names: files of its workspace, what commands print in the sandbox, what
// tools of other packs answer. What cannot be observed is told as that, and does not end the run.
#pragma once

#include <string>

#include "packs/mandates/engine/ports.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/workbench.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates {

class WorkspaceObserver final : public Observer {
 public:
  WorkspaceObserver(Workbench& bench, std::string name_space)
      : bench_(bench), name_space_(std::move(name_space)) {}
  // Secrets that are not known yet.
  [[nodiscard]] std::optional<std::string> obstacle() override;
  [[nodiscard]] Result<std::string> observe(const RunContext& context,
                                            const std::stop_token& stop,
                                            const Charge& charge) override;

 private:
  void add_files(std::string& text, const MandateSpec& spec, const workspace::Root& root);
  [[nodiscard]] Result<void> add_commands(std::string& text,
                                          const MandateSpec& spec,
                                          const workspace::Root& root,
                                          const std::stop_token& stop,
                                          const Charge& charge);
  [[nodiscard]] Result<void> add_tools(std::string& text,
                                       const RunContext& context,
                                       const MandateSpec& spec,
                                       const std::stop_token& stop);

  Workbench& bench_;
  const std::string name_space_;
};

// The first bytes of a text, whole characters, and how much it was when it was more.
[[nodiscard]] std::string clipped(std::string text, std::size_t most);
// The same of a text whose end matters most: a quarter of it is its beginning.
[[nodiscard]] std::string clipped_within(std::string text, std::size_t most);
// "exited with status 1", and the ends of both streams, without secrets.
[[nodiscard]] std::string describe_command(const sandbox::Outcome& outcome,
                                           const secrets::Redactor& redactor,
                                           std::size_t most);

}  // namespace hearth::packs::mandates
