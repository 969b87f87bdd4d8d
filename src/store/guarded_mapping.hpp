// Mapped files that somebody may cut short while they are read.
//
// Who reads beyond the new end of a mapped file gets SIGBUS (mmap(2)), which ends the process.
// Here such a page becomes zeros, and the mapping is known to be cut: whoever reads it finds that
// its contents make no sense, and says so.
#pragma once

#include <cstddef>

namespace hearth::store {

class GuardedMapping final {
 public:
  // Of memory that mmap has given, shared and read-only; unmaps it at the end.
  GuardedMapping(void* data, std::size_t size);
  ~GuardedMapping();
  GuardedMapping(const GuardedMapping&) = delete;
  GuardedMapping& operator=(const GuardedMapping&) = delete;

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Something was read that is not there any more.
  [[nodiscard]] bool is_cut() const;

 private:
  struct Slot;
  static Slot* take_slot(void* data, std::size_t size);

  void* const data_;
  const std::size_t size_;
  Slot* const slot_;  // null when all are taken: then it is a mapping like any other
};

}  // namespace hearth::store
