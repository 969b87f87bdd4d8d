// Thinks with a language model, of a server or of a client that follows the run: what it is told,
// what its answers must look like, what they cost.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/guarded.hpp"
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
  [[nodiscard]] static bool is_by_client(const RunContext& context, const ModelSettings& model);
  // The server that is configured now, and its settings.
  struct Server {
    std::shared_ptr<const Configuration> configuration;
    std::shared_ptr<model::ChatModel> model;  // null: none is
    [[nodiscard]] const ModelSettings& settings() const { return configuration->settings.model; }
  };
  [[nodiscard]] Server server();
  // Of a request of so many bytes; no token has less than one.
  [[nodiscard]] static Amounts request_at_worst(const ModelSettings& model,
                                                const model::Question& question);
  [[nodiscard]] static Amounts amounts_of(const ModelSettings& model,
                                          const model::Spent& spent,
                                          const Amounts& worst);
  [[nodiscard]] Result<model::Answer> ask_client(const std::string& run,
                                                 const model::Question& question,
                                                 std::chrono::milliseconds timeout,
                                                 model::Spent& spent,
                                                 const std::stop_token& stop,
                                                 const model::ChatModel::Admission& admission);

  Workbench& bench_;
  Followers& followers_;
  Guarded<Server> server_;
};

// Pure: what a phase asks. `secrets` says which places for secrets a tool's arguments may have.
using SecretsFor = std::function<std::vector<std::string>(const std::string& tool)>;
[[nodiscard]] model::Question question_of(Phase phase,
                                          const RunContext& context,
                                          const SecretsFor& secrets = {});

}  // namespace hearth::packs::mandates
