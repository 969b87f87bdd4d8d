// For LD_PRELOAD: programs see a wall clock that is HEARTH_TEST_CLOCK_SHIFT seconds ahead, as after
// a wrong date was set. Waiting for a wall time is the kernel's, and goes by the true one.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

// <ctime> declares it.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long done = ::syscall(SYS_clock_gettime, clock, time);
  const char* const shift = std::getenv("HEARTH_TEST_CLOCK_SHIFT");
  if (done == 0 && clock == CLOCK_REALTIME && shift != nullptr) time->tv_sec += std::atol(shift);
  return static_cast<int>(done);
}
