#include "packs/mandates/followers.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/ids.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_followers = 200;

using OnStop = std::stop_callback<std::function<void()>>;

std::unexpected<Error> leaving() {
  return fail(Errc::draining, "the daemon is leaving", {"follow the run again"});
}

}  // namespace

struct Followers::Follower {
  std::string run;
  std::shared_ptr<pack::Call> call;
  bool lends = false;
  std::unique_ptr<OnStop> on_stop;
};

struct Followers::Asked {
  std::string session;
  std::optional<Result<std::string>> result;
};

struct Followers::State {
  bool is_closed = false;
  std::uint64_t last = 0;
  double reports = 0;  // of all: it has to grow over the rounds of a call
  std::map<std::uint64_t, Follower> followers;
  std::map<std::string, Asked> asked;  // by the question's id
};

Followers::Followers(pack::PackContext& context)
    : context_(context), state_(std::make_shared<Guarded<State>>()) {}

Followers::~Followers() {
  close();
}

void Followers::add(const std::string& run, pack::Call call, bool lends) {
  auto kept = std::make_shared<pack::Call>(std::move(call));
  std::uint64_t number = 0;
  Result<void> may;
  {
    auto state = state_->lock();
    if (state->is_closed)
      may = leaving();
    else if (state->followers.size() >= most_followers)
      may = fail(Errc::busy, "200 calls follow runs already", {"end some of them"});
    else
      number = ++state->last;
    if (may) state->followers.emplace(number, Follower{run, kept, lends, nullptr});
  }
  if (!may) return kept->answer(std::unexpected(std::move(may.error())));
  // On whatever thread ends the call: never waits for our lock.
  auto on_stop = std::make_unique<OnStop>(
      kept->stop(), [&context = context_, weak = std::weak_ptr(state_), number] {
        context.post([weak, number] {
          const auto shared = weak.lock();
          if (!shared) return;
          Follower gone;
          {
            auto state = shared->lock();
            const auto place = state->followers.find(number);
            if (place == state->followers.end()) return;
            gone = std::move(place->second);
            state->followers.erase(place);
          }
          gone.call->answer(fail(Errc::cancelled, "the run is not followed any more"));
        });
      });
  auto state = state_->lock();
  const auto place = state->followers.find(number);
  if (place != state->followers.end()) place->second.on_stop = std::move(on_stop);
}

bool Followers::lends_model(const std::string& run) const {
  auto state = state_->lock();
  return std::ranges::any_of(state->followers, [&](const auto& each) {
    return each.second.run == run && each.second.lends;
  });
}

std::vector<std::string> Followers::runs() const {
  std::set<std::string> all;
  auto state = state_->lock();
  for (const auto& [number, follower] : state->followers) all.insert(follower.run);
  return {all.begin(), all.end()};
}

Result<std::string> Followers::ask(const std::string& run,
                                   std::string params,
                                   std::chrono::milliseconds timeout,
                                   const std::stop_token& stop,
                                   bool& was_asked) {
  const std::string id = random_hex(16);
  Follower asked;
  {
    auto state = state_->lock();
    const auto place = std::ranges::find_if(state->followers, [&](const auto& each) {
      return each.second.run == run && each.second.lends;
    });
    if (place == state->followers.end())
      return fail(Errc::unavailable, "no client lends its model to the run");
    asked = std::move(place->second);
    state->followers.erase(place);
    state->asked.emplace(id, Asked{.session = asked.call->caller().session, .result = {}});
  }
  was_asked = true;
  const auto fail_with = [shared = state_, id](Error error) {
    auto state = shared->lock();
    const auto place = state->asked.find(id);
    if (place != state->asked.end() && !place->second.result)
      place->second.result = std::unexpected(std::move(error));
    shared->notify_all();
  };
  // The same token in all rounds: the client cancels, refuses or is gone.
  const OnStop on_left(asked.call->stop(), [fail_with] {
    fail_with({Errc::unavailable, "the client that lent its model has left", {}});
  });
  const OnStop on_stop(stop,
                       [fail_with] { fail_with({Errc::cancelled, "the run was cut off", {}}); });
  pack::Reply reply;
  reply.questions.emplace();
  reply.questions->ask[question_name] = {.kind = pack::QuestionKind::sample,
                                         .params = std::move(params)};
  reply.questions->state = id;
  asked.on_stop.reset();
  asked.call->answer(std::move(reply));
  Result<std::string> result =
      fail(Errc::unavailable, "the client that lent its model has not answered in time");
  {
    auto state = state_->lock();
    (void)state.wait_until(std::chrono::steady_clock::now() + timeout,
                           [&](const State& each) { return each.asked.at(id).result.has_value(); });
    if (auto& told = state->asked.at(id).result) result = std::move(*told);
    state->asked.erase(id);
  }
  return result;
}

void Followers::answer(const std::string& question, std::string result) {
  auto state = state_->lock();
  const auto place = state->asked.find(question);
  if (place == state->asked.end() || place->second.result) return;
  place->second.result = std::move(result);
  state_->notify_all();
}

void Followers::left(const std::string& session) {
  auto state = state_->lock();
  for (auto& [id, asked] : state->asked) {
    if (asked.session != session || asked.result) continue;
    asked.result = fail(Errc::unavailable, "the client that lent its model has left");
  }
  state_->notify_all();
}

void Followers::tell(const std::string& run, const std::string& message) {
  // Within the lock, so that nobody answers the call meanwhile.
  auto state = state_->lock();
  for (auto& [number, follower] : state->followers) {
    if (follower.run == run) follower.call->progress(++state->reports, {}, message);
  }
}

void Followers::end(const std::string& run, const Result<pack::Reply>& outcome) {
  std::vector<Follower> ended;
  {
    auto state = state_->lock();
    for (auto each = state->followers.begin(); each != state->followers.end();) {
      if (each->second.run != run) {
        ++each;
        continue;
      }
      ended.push_back(std::move(each->second));
      each = state->followers.erase(each);
    }
  }
  for (Follower& each : ended) {
    each.on_stop.reset();
    each.call->answer(outcome);
  }
}

void Followers::close() {
  std::map<std::uint64_t, Follower> open;
  {
    auto state = state_->lock();
    state->is_closed = true;
    open = std::exchange(state->followers, {});
    for (auto& [id, asked] : state->asked) {
      if (!asked.result) asked.result = leaving();
    }
  }
  state_->notify_all();
  for (auto& [number, each] : open) {
    each.on_stop.reset();
    each.call->answer(leaving());
  }
}

}  // namespace hearth::packs::mandates
