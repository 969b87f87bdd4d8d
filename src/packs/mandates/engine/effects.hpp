// Effects: what a run changes in the world, recorded before and after, and decided after a kill by
// looking at the world.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/engine/approvals.hpp"
#include "packs/mandates/engine/mandate_store.hpp"
#include "packs/mandates/engine/ports.hpp"

namespace hearth::packs::mandates {

// "held": intended, and cut off before it began; it will be taken up.
enum class EffectState : std::uint8_t { intended, done, failed, review, held };
[[nodiscard]] std::string_view effect_state_name(EffectState state);

// What to do about an effect that was intended, and of which nothing else is known.
enum class Recover : std::uint8_t { done, retry, needs_review };
// `age`: since it was intended.
[[nodiscard]] Recover recover(const Intent& intent,
                              Standing standing,
                              std::chrono::milliseconds age = {});

struct Effect {
  EffectState state = EffectState::intended;
  Intent intent;
  std::string output;
  WallTime intended;
};

// Members are for any thread.
class Effects final {
 public:
  explicit Effects(MandateStore& store) : store_(store) {}

  [[nodiscard]] Result<std::optional<Effect>> find(const std::string& key);
  // Records what is about to happen, and uses up the approval that allows it, if it needed one.
  // `conflict` when the key is known.
  [[nodiscard]] Result<void> intend(const Run& run,
                                    const Intent& intent,
                                    const std::optional<Proposal>& approval);
  // Nothing of it has happened yet, says who was to carry it out: after a restart the world is not
  // asked.
  [[nodiscard]] Result<void> hold_back(const Run& run, const std::string& key);
  // It is about to happen, as when it was intended.
  [[nodiscard]] Result<void> take_up(const Run& run, const std::string& key);
  // The step's end, and its effect's if it had one, together.
  [[nodiscard]] Result<void> end_step(const Run& run,
                                      const Step& step,
                                      const std::string& effect_key,
                                      StepState state,
                                      std::string_view output);
  // Nobody but a person can tell what happened; `why` is for that person.
  [[nodiscard]] Result<void> mark_for_review(const Run& run,
                                             const std::string& key,
                                             std::string_view why);
  // The person's word: it happened (`is_done`), or it did not and the step has failed.
  [[nodiscard]] Result<void> resolve(const std::string& key, bool is_done, std::string reviewer);
  [[nodiscard]] Result<std::vector<std::string>> for_review();

 private:
  MandateStore& store_;
};

}  // namespace hearth::packs::mandates
