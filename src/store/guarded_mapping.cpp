#include "store/guarded_mapping.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>

namespace hearth::store {

// Read by the handler on whatever thread: atomics without locks.
struct GuardedMapping::Slot {
  std::atomic<std::uintptr_t> begin = 0;  // 0: free, or being made
  std::atomic<std::size_t> size = 0;
  std::atomic<bool> is_cut = false;
  std::atomic<bool> is_taken = false;

  // Puts zeros from the page of `address` to the end: all of it lies beyond the file.
  bool mend(std::uintptr_t address) {
    const std::uintptr_t from = begin;
    const std::uintptr_t end = from + size;
    if (from == 0 || address < from || address >= end) return false;
    const std::uintptr_t at = address / page * page;
    void* const zeros = ::mmap(reinterpret_cast<void*>(at), end - at, PROT_READ,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    is_cut = true;
    return zeros != MAP_FAILED;
  }

  static constexpr std::size_t most = 4096;
  static std::array<Slot, most> all;
  static struct sigaction before;
  static std::uintptr_t page;

  static void handle(int /*number*/, siginfo_t* info, void* /*context*/) {
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    for (Slot& slot : all) {
      if (slot.mend(address)) return;
    }
    // None of ours: the read is repeated, and whoever was asked before decides.
    ::sigaction(SIGBUS, &before, nullptr);
  }
  static void install() {
    page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action{};
    action.sa_sigaction = &handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGBUS, &action, &before);
  }
};

std::array<GuardedMapping::Slot, GuardedMapping::Slot::most> GuardedMapping::Slot::all;
struct sigaction GuardedMapping::Slot::before;
std::uintptr_t GuardedMapping::Slot::page = 0;

GuardedMapping::Slot* GuardedMapping::take_slot(void* data, std::size_t size) {
  static std::once_flag installed;
  std::call_once(installed, &Slot::install);
  for (Slot& slot : Slot::all) {
    if (slot.is_taken.exchange(true)) continue;
    slot.is_cut = false;
    slot.size = size;
    slot.begin = reinterpret_cast<std::uintptr_t>(data);
    return &slot;
  }
  return nullptr;
}

GuardedMapping::GuardedMapping(void* data, std::size_t size)
    : data_(data), size_(size), slot_(size == 0 ? nullptr : take_slot(data, size)) {}

GuardedMapping::~GuardedMapping() {
  if (slot_ != nullptr) slot_->begin = 0;
  if (size_ != 0) ::munmap(data_, size_);
  if (slot_ != nullptr) slot_->is_taken = false;
}

bool GuardedMapping::is_cut() const {
  return slot_ != nullptr && slot_->is_cut;
}

}  // namespace hearth::store
