// What the engine asks of the world: the pack implements these with its sandbox, its model client
// and the tools of other packs. All of them block, on a thread of the run, and end soon after
// `stop` is requested, with `cancelled`. Texts are opaque to the engine, and hold no secrets.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/engine/firing.hpp"
#include "packs/mandates/engine/ledger.hpp"
#include "packs/mandates/engine/plan.hpp"
#include "packs/mandates/engine/runs.hpp"
#include "packs/mandates/engine/wave.hpp"

namespace hearth::packs::mandates {

// What a mandate allows its runs.
struct RunRules {
  int most_cycles = 10;
  int most_bad_cycles = 3;  // in a row: cycles in which a step failed
  int most_alike = 3;       // plans in a row that are the same: a loop
  std::chrono::milliseconds deadline = std::chrono::hours(24);  // from its beginning
  std::chrono::milliseconds approval_time = std::chrono::hours(8);
  RetryRule retry;  // of a phase that failed
  Budget budget;
};

// What a run knows when it is asked something.
struct RunContext {
  std::string run;
  std::string mandate;
  std::string spec;   // the mandate's
  std::string cause;  // what began it: "schedule", "changed docs/a.md"
  int cycle = 1;
  std::array<std::string, phase_count> outputs;  // of this cycle's completed phases
  std::string last_reflection;                   // of the cycle before
  std::vector<StepRow> steps;                    // of this cycle that ended
};

// Something that is charged to a run: does it, and tells what it used; nothing: not known.
using Charged = std::function<std::optional<Amounts>()>;
// Reserves the worst case, does it, settles. An error, and it is not done, where a budget leaves
// too little.
using Charge = std::function<Result<void>(const Amounts& worst, const Charged& act)>;

class Observer {
 public:
  virtual ~Observer() = default;
  // Why no phase may begin now, since what it would show is not known well enough; nothing: it may.
  // Asked again when the run is woken.
  [[nodiscard]] virtual std::optional<std::string> obstacle() { return std::nullopt; }
  // An error of `charge` ends it.
  [[nodiscard]] virtual Result<std::string> observe(const RunContext& context,
                                                    const std::stop_token& stop,
                                                    const Charge& charge) = 0;
};

struct Thought {
  // `unavailable`: there is no model now; the run waits visibly and asks again later.
  Result<std::string> text;
  std::optional<Amounts> used;  // also of a failed call; nothing: not known
};

class Thinker {
 public:
  virtual ~Thinker() = default;
  // Why nobody can be asked now; nothing: think() may be called. Asked again when the run is woken.
  [[nodiscard]] virtual std::optional<std::string> absence(const RunContext& /*context*/) {
    return std::nullopt;
  }
  // Before each request, also a repeated one: reserves what it could use at most. An error of it
  // ends think().
  using Reserve = std::function<Result<void>(const Amounts& worst)>;
  // Orient, decide or reflect. What decide and reflect give must be readable by the two below.
  [[nodiscard]] virtual Thought think(Phase phase,
                                      const RunContext& context,
                                      const std::stop_token& stop,
                                      const Reserve& reserve) = 0;
  // Pure.
  [[nodiscard]] virtual Result<Plan> plan(std::string_view decision) = 0;
  [[nodiscard]] virtual Result<bool> is_goal_reached(std::string_view reflection) = 0;
  [[nodiscard]] virtual Result<RunRules> rules(std::string_view spec) = 0;
};

// How to find out, after a kill, whether an effect happened.
enum class Recovery : std::uint8_t {
  by_world,    // inspect() tells
  by_key,      // who carries it out knows the key, and does it once (keys_kept)
  repeatable,  // doing it again does no harm: reading, running tests
};

// A key is known for a day to who carried it out under it; this is with room for the way there.
inline constexpr std::chrono::hours keys_kept{23};

// An effect before it happens.
struct Intent {
  std::string key;  // filled by the engine: names run, cycle and step
  std::string kind;
  std::string target;
  std::string identity;
  std::string before_hash;
  std::string after_hash;
  std::string payload;  // exactly what will be done
  Recovery recovery = Recovery::by_world;
  bool is_resend = false;  // filled by the engine: it may have been carried out before
};

enum class Standing : std::uint8_t { before, after, other };

struct Judgement {
  enum class Word : std::uint8_t { automatic, ask, elevate, deny };
  Word word = Word::deny;
  std::string reason;
};

// How carrying out an effect went.
struct Performed {
  enum class End : std::uint8_t {
    done,
    failed,   // done to its end, or refused: either way nothing of it goes on
    cut,      // by the stop, before it had begun, or where doing it again does no harm
    unknown,  // it may have happened, or in part: inspect() is asked, or a person
  };
  End end = End::failed;
  std::string text;                         // what it gave, or why it did not
  std::optional<Amounts> used = Amounts();  // of what worst_case() reserved; nothing: not known
};

class Actor {
 public:
  virtual ~Actor() = default;
  // Looks, and changes nothing. `unavailable` where acting is impossible (no sandbox).
  [[nodiscard]] virtual Result<Intent> prepare(const RunContext& context, const Step& step) = 0;
  [[nodiscard]] virtual Judgement judge(const RunContext& context, const Intent& intent) = 0;
  // Whether a step keeps the plan's order: none before it is still under way when it begins, and
  // none after it begins before it has ended. Pure.
  [[nodiscard]] virtual bool keeps_order(const Step& /*step*/) { return false; }
  // Of so many steps, each of which gets a seat in it.
  [[nodiscard]] virtual std::unique_ptr<Wave> wave(std::size_t /*steps*/) { return nullptr; }
  // What performing it could use at most. Pure.
  [[nodiscard]] virtual Amounts worst_case(const Intent& /*intent*/) { return {}; }
  // Fails when the world is not as the intent found it.
  [[nodiscard]] virtual Performed perform(const Intent& intent,
                                          Seat seat,
                                          const std::stop_token& stop) = 0;
  [[nodiscard]] virtual Result<Standing> inspect(const Intent& intent) = 0;
};

struct Ports {
  Observer& observer;
  Thinker& thinker;
  Actor& actor;
};

}  // namespace hearth::packs::mandates
