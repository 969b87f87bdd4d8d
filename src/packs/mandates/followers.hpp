// Who follows runs: calls that are kept until a run has ended. They are told of its progress, and
// those whose client can sample lend the run its language model.
//
// A question ends the round of the call that is asked; its answer comes with the call's next round
// (pack/reply.hpp). Who leaves in between answers nothing: the run waits for a model again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "pack/pack.hpp"

namespace hearth::packs::mandates {

// Of one namespace. Members are for any thread.
class Followers final {
 public:
  // `context` outlives it.
  explicit Followers(pack::PackContext& context);
  ~Followers();  // close()
  Followers(const Followers&) = delete;
  Followers& operator=(const Followers&) = delete;

  // Keeps the call until the run's end, a question, or its own end. `lends`: its model may be
  // asked.
  void add(const std::string& run, pack::Call call, bool lends);
  [[nodiscard]] bool lends_model(const std::string& run) const;
  // sampling/createMessage's result from one that lends the run its model; blocks. `unavailable`
  // when there is none (`was_asked` stays false), it leaves, or does not answer in time.
  [[nodiscard]] Result<std::string> ask(const std::string& run,
                                        std::string params,
                                        std::chrono::milliseconds timeout,
                                        const std::stop_token& stop,
                                        bool& was_asked);
  // The state that a question leaves in its call, and the name that its answer has.
  static constexpr const char* question_name = "model";
  // What the next round of an asked call brings; nothing happens when nobody waits for it any more.
  void answer(const std::string& question, std::string result);
  // The session is gone: it answers nothing any more.
  void left(const std::string& session);

  void tell(const std::string& run, const std::string& message);
  // The runs that are followed, each once.
  [[nodiscard]] std::vector<std::string> runs() const;
  void end(const std::string& run, const Result<pack::Reply>& outcome);
  // Answers all; later ones at once. Idempotent.
  void close();

 private:
  struct Follower;
  struct Asked;
  struct State;
  pack::PackContext& context_;
  // Shared with what calls have posted, which may come after us.
  const std::shared_ptr<Guarded<State>> state_;
};

}  // namespace hearth::packs::mandates
