#include "packs/sql/sessions.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/log.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;

// How long what is idle may be overlooked: while an engine runs, and while none does.
constexpr std::chrono::seconds short_pause{15};
constexpr std::chrono::minutes long_pause{2};

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Sessions::Sessions(ToolRunner& runner, DirectoryOf directory_of, Times times)
    : runner_(runner), directory_of_(std::move(directory_of)), times_(times) {
  find_left_behind(*state_.lock(), "default");
  thread_ = std::thread([this] { run(); });
}

void Sessions::close() {
  state_.lock()->is_closed = true;
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sessions::find_left_behind(State& state, const std::string& name_space) {
  if (!state.seen.insert(name_space).second || !directory_of_) return;
  for (const std::string& id : runner_.restore_attachments(name_space)) {
    state.closing.emplace(name_space + "/" + id, now() + times_.scratch_kept);
  }
  const auto directory = directory_of_(name_space);
  if (!directory) return;
  std::error_code none;
  for (const auto& each : fs::directory_iterator(fs::path(*directory) / "scratch", none)) {
    state.closing.emplace(name_space + "/" + each.path().filename().string(),
                          now() + times_.scratch_kept);
  }
}

std::vector<std::string> Sessions::name_spaces() {
  const auto state = state_.lock();
  return {state->seen.begin(), state->seen.end()};
}

void Sessions::changed(const std::string& name_space, const std::string& id, bool is_open) {
  const std::string key = name_space + "/" + id;
  const auto state = state_.lock();
  if (is_open) {
    find_left_behind(*state, name_space);
    ++state->open[key];
    state->closing.erase(key);
  } else if (const auto found = state->open.find(key);
             found != state->open.end() && --found->second == 0) {
    state->open.erase(found);
    state->closing[key] = now() + times_.scratch_kept;
    state_.notify_all();
  }
}

void Sessions::run() {
  for (;;) {
    const MonotonicTime due = tidy();
    auto state = state_.lock();
    if (state->is_closed) return;
    const auto closing = state->closing.size();
    (void)state.wait_until(due, [closing](const State& seen) {
      return seen.is_closed || seen.closing.size() > closing;
    });
    if (state->is_closed) return;
  }
}

// Does what is due and returns when something is next.
MonotonicTime Sessions::tidy() {
  std::vector<SessionRef> gone;
  MonotonicTime due = now() + long_pause;
  {
    const auto state = state_.lock();
    for (auto each = state->closing.begin(); each != state->closing.end();) {
      if (each->second > now()) {
        due = std::min(due, each->second);
        ++each;
        continue;
      }
      const auto slash = each->first.find('/');
      gone.push_back({.id = each->first.substr(slash + 1),
                      .name_space = each->first.substr(0, slash),
                      .roots = {}});
      runner_.begin_forgetting(gone.back());  // before it can come back
      each = state->closing.erase(each);
    }
  }
  for (const SessionRef& each : gone) {
    runner_.forget(each);
    log::info("swept a scratch database", {log::kv("session", each.id)});
  }
  (void)runner_.cursors().close_idle(now() - Cursors::lifetime);
  (void)runner_.connections().close_idle(now() - idle_connection);
  return rest_engines() ? due : std::min(due, now() + short_pause);
}

// Whether none runs.
bool Sessions::rest_engines() {
  const auto quiet = runner_.connections().quiet_since();
  bool all_rest = true;
  for (const auto& engine : runner_.databases().engines()) {
    const bool may_rest = times_.engine_idle.count() > 0 && quiet;
    if (may_rest && now() - *quiet > times_.engine_idle) engine->rest();
    all_rest = !engine->status().is_running && all_rest;
  }
  return all_rest;
}

}  // namespace hearth::packs::sql
