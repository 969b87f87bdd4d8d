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

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Sessions::Sessions(ToolRunner& runner, std::string stores) : runner_(runner) {
  if (!stores.empty()) find_left_behind(stores);
  thread_ = std::thread([this] { run(); });
}

void Sessions::close() {
  state_.lock()->is_closed = true;
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sessions::find_left_behind(const std::string& stores) {
  const auto state = state_.lock();
  std::error_code error;
  for (const auto& name_space : fs::directory_iterator(stores, error)) {
    const fs::path scratch = name_space.path() / "sql" / "scratch";
    std::error_code none;
    for (const auto& each : fs::directory_iterator(scratch, none)) {
      const std::string key =
          name_space.path().filename().string() + "/" + each.path().filename().string();
      state->closing.emplace(key, now() + kept);
    }
  }
}

void Sessions::changed(const std::string& name_space, const std::string& id, bool is_open) {
  const std::string key = name_space + "/" + id;
  const auto state = state_.lock();
  if (is_open) {
    ++state->open[key];
    state->closing.erase(key);
  } else if (const auto found = state->open.find(key);
             found != state->open.end() && --found->second == 0) {
    state->open.erase(found);
    state->closing[key] = now() + kept;
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
  MonotonicTime due = now() + std::chrono::seconds(30);
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
      each = state->closing.erase(each);
    }
  }
  for (const SessionRef& each : gone) {
    runner_.cursors().drop(each);
    runner_.connections().drop(each);
    runner_.databases().forget(each);
    for (const auto& engine : runner_.databases().engines()) engine->forget(each);
    log::info("swept a scratch database", {log::kv("session", each.id)});
  }
  (void)runner_.cursors().close_idle(now() - Cursors::lifetime);
  (void)runner_.connections().close_idle(now() - idle_connection);
  return due;
}

}  // namespace hearth::packs::sql
