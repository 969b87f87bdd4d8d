// Thinks with a language model, of a server or of a client that follows the run: what it is told,
// what its answers must look like, what they cost.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "packs/mandates/engine/ports.hpp"
#include "packs/mandates/followers.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/model/chat_model.hpp"
#include "packs/mandates/workbench.hpp"

namespace hearth::packs::mandates {

// Of one namespace; several threads.
class ModelThinker final : public Thinker {
 public:
  ModelThinker(Workbench& bench, Followers& followers);
  [[nodiscard]] std::optional<std::string> absence(const RunContext& context) override;
  [[nodiscard]] Amounts worst_case(Phase phase, const RunContext& context) override;
  [[nodiscard]] Thought think(Phase phase,
                              const RunContext& context,
                              const std::stop_token& stop,
                              const Reserve& reserve) override;
  [[nodiscard]] Result<Plan> plan(std::string_view decision) override;
  [[nodiscard]] Result<bool> is_goal_reached(std::string_view reflection) override;
  [[nodiscard]] Result<RunRules> rules(std::string_view spec) override;

 private:
  [[nodiscard]] model::Question question_of(Phase phase, const RunContext& context) const;
  // Whether a client's model is asked: where the mandate wants that, or there is no other.
  [[nodiscard]] bool is_by_client(const RunContext& context) const;
  // Of a request of so many bytes; no token has less than one.
  [[nodiscard]] Amounts request_at_worst(const model::Question& question) const;
  [[nodiscard]] Amounts amounts_of(const model::Spent& spent, const Amounts& worst) const;
  [[nodiscard]] Result<model::Answer> ask_client(const std::string& run,
                                                 const model::Question& question,
                                                 model::Spent& spent,
                                                 const std::stop_token& stop,
                                                 const Reserve& reserve);

  Workbench& bench_;
  Followers& followers_;
  std::unique_ptr<model::ChatModel> model_;  // null: none is configured
};

// Pure: what a phase asks. `secrets` says which places for secrets a tool's arguments may have.
using SecretsFor = std::function<std::vector<std::string>(const std::string& tool)>;
[[nodiscard]] model::Question question_of(Phase phase,
                                          const RunContext& context,
                                          const SecretsFor& secrets = {});

}  // namespace hearth::packs::mandates
