#include "store/guarded_mapping.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>

namespace hearth::store {

// Read by the handler on whatever thread: atomics without locks.
struct GuardedMapping::Slot {
  std::atomic<char*> begin = nullptr;  // null: free, or being made
  std::atomic<std::size_t> size = 0;
  std::atomic<bool> is_cut = false;
  std::atomic<bool> is_taken = false;

  // Puts zeros from the page of `address` to the end: all of it lies beyond the file. The system
  // call itself: mmap() is not on POSIX's list of what a signal handler may call, and a sanitizer's
  // would count as a write to the pages.
  bool mend(const char* address) {
    char* const from = begin;
    const std::size_t bytes = size;
    const std::less<const char*> is_before;  // of pointers into anything
    if (from == nullptr || is_before(address, from) || !is_before(address, from + bytes)) {
      return false;
    }
    const std::size_t at = static_cast<std::size_t>(address - from) / page * page;
    const auto zeros = ::syscall(SYS_mmap, from + at, bytes - at, PROT_READ,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    is_cut = true;
    return zeros != -1;
  }

  static constexpr std::size_t most = 4096;
  static std::array<Slot, most> all;
  static struct sigaction before;
  static std::size_t page;

  static void handle(int /*number*/, siginfo_t* info, void* /*context*/) {
    const auto* const address = static_cast<const char*>(info->si_addr);
    for (Slot& slot : all) {
      if (slot.mend(address)) return;
    }
    // None of ours: the read is repeated, and whoever was asked before decides.
    ::sigaction(SIGBUS, &before, nullptr);
  }
  static void install() {
    page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action{};
    action.sa_sigaction = &handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGBUS, &action, &before);
  }
};

std::array<GuardedMapping::Slot, GuardedMapping::Slot::most> GuardedMapping::Slot::all;
struct sigaction GuardedMapping::Slot::before;
std::size_t GuardedMapping::Slot::page = 0;

GuardedMapping::Slot* GuardedMapping::take_slot(void* data, std::size_t size) {
  static std::once_flag installed;
  std::call_once(installed, &Slot::install);
  for (Slot& slot : Slot::all) {
    if (slot.is_taken.exchange(true)) continue;
    slot.is_cut = false;
    slot.size = size;
    slot.begin = static_cast<char*>(data);
    return &slot;
  }
  return nullptr;
}

GuardedMapping::GuardedMapping(void* data, std::size_t size)
    : data_(data), size_(size), slot_(size == 0 ? nullptr : take_slot(data, size)) {}

GuardedMapping::~GuardedMapping() {
  if (slot_ != nullptr) slot_->begin = nullptr;
  if (size_ != 0) ::munmap(data_, size_);
  if (slot_ != nullptr) slot_->is_taken = false;
}

bool GuardedMapping::is_cut() const {
  return slot_ != nullptr && slot_->is_cut;
}

}  // namespace hearth::store
