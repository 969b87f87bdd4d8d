// A value together with the lock that protects it, so that neither is used without the other.
//
//   Guarded<std::vector<int>> queue;
//   queue.lock()->push_back(1);           // locked for this statement
//   auto access = queue.lock();           // locked until `access` goes
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace hearth {

template <typename T>
class Guarded {
 public:
  class Access {
   public:
    T& operator*() const { return *value_; }
    T* operator->() const { return value_; }
    // Waits until `ready(value)`; the lock is released meanwhile. Use notify_* of the Guarded to
    // wake.
    template <typename Predicate>
    void wait(Predicate ready) {
      owner_->changed_.wait(lock_, [&] { return ready(*value_); });
    }
    template <typename Deadline, typename Predicate>
    [[nodiscard]] bool wait_until(Deadline deadline, Predicate ready) {
      return owner_->changed_.wait_until(lock_, deadline, [&] { return ready(*value_); });
    }

   private:
    friend class Guarded;
    explicit Access(Guarded& owner) : owner_(&owner), lock_(owner.mutex_), value_(&owner.value_) {}
    Guarded* owner_;
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  [[nodiscard]] Access lock() { return Access(*this); }
  void notify_one() { changed_.notify_one(); }
  void notify_all() { changed_.notify_all(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

}  // namespace hearth
