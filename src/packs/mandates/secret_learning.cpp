#include "packs/mandates/secret_learning.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/log.hpp"

namespace hearth::packs::mandates {

void SecretLearning::take(std::vector<SecretToLearn> secrets) {
  const std::lock_guard lock(mutex_);
  all_.clear();
  for (SecretToLearn& each : secrets) all_.push_back({.secret = std::move(each), .why = {}});
  ++taken_;
  reading_.request_stop();
  changed_.notify_all();
}

void SecretLearning::begin() {
  const std::lock_guard lock(mutex_);
  begin_locked();
}

// Where there is nothing to read there is no thread.
void SecretLearning::begin_locked() {
  if (is_closed_ || all_.empty() || thread_.joinable()) return;
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  } catch (const std::system_error& error) {
    log::error("no thread to read secrets", {log::kv("why", error.what())});
    tried_at_ = clock_.monotonic();
    for (Each& each : all_) each = {std::move(each.secret), true, error.what()};
  }
}

std::optional<std::string> SecretLearning::obstacle() {
  const std::lock_guard lock(mutex_);
  if (all_.empty()) return std::nullopt;
  if (is_closed_) return "the daemon is leaving";
  begin_locked();
  if (next_locked() == nullptr && clock_.monotonic() - tried_at_ >= pause) reopen_locked(true);
  const Each* const next = next_locked();
  if (next == nullptr) return std::nullopt;
  return next->secret.name + " is being read";
}

void SecretLearning::try_again() {
  const std::lock_guard lock(mutex_);
  begin_locked();
  reopen_locked(clock_.monotonic() - tried_at_ >= short_pause);
}

void SecretLearning::reopen_locked(bool with_commands) {
  for (Each& each : all_) {
    const bool stays = each.why.empty() || (each.secret.is_command && !with_commands);
    each.is_tried = each.is_tried && stays;
  }
  changed_.notify_all();
}

SecretLearning::Each* SecretLearning::next_locked() {
  const auto next = std::ranges::find(all_, false, &Each::is_tried);
  return next == all_.end() ? nullptr : &*next;
}

bool SecretLearning::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  begin_locked();
  const bool is_over =
      changed_.wait(lock, stop, [&] { return is_closed_ || next_locked() == nullptr; });
  return is_over && !is_closed_;
}

std::vector<UnreadSecret> SecretLearning::unread() const {
  const std::lock_guard lock(mutex_);
  std::vector<UnreadSecret> unread;
  for (const Each& each : all_) {
    if (!each.is_tried || !each.why.empty()) unread.push_back({each.secret.name, each.why});
  }
  return unread;
}

std::size_t SecretLearning::size() const {
  const std::lock_guard lock(mutex_);
  return all_.size();
}

void SecretLearning::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [&] { return next_locked() != nullptr; })) {
    if (stop.stop_requested()) return;
    read_one(lock, *next_locked());
    if (next_locked() != nullptr || stop.stop_requested()) continue;
    changed_.notify_all();
    if (!told_) continue;
    lock.unlock();
    told_();
    lock.lock();
  }
}

// Unlocked meanwhile: the list may be another one afterwards.
void SecretLearning::read_one(std::unique_lock<std::mutex>& lock, Each& each) {
  const SecretToLearn secret = each.secret;
  const std::uint64_t taken = taken_;
  reading_ = std::stop_source();
  const std::stop_token stop = reading_.get_token();
  lock.unlock();
  const auto read = secret.read(stop);
  if (!read && !stop.stop_requested())
    log::warning("a secret is not known",
                 {log::kv("which", secret.name), log::kv("why", read.error().message)});
  lock.lock();
  if (taken != taken_ || is_closed_) return;
  // Nobody else touches the list but take().
  each.is_tried = true;
  each.why = read ? std::string() : read.error().message;
  tried_at_ = clock_.monotonic();
}

void SecretLearning::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    reading_.request_stop();
    thread_.request_stop();
    changed_.notify_all();
  }
  // Only here, and one at a time: who comes second waits, too.
  const std::lock_guard closing(closing_);
  if (thread_.joinable()) thread_.join();
}

}  // namespace hearth::packs::mandates
