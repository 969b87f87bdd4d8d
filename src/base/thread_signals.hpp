// Which signals a thread takes.
#pragma once

#include <pthread.h>

#include <csignal>

namespace hearth {

// Signals belong to the loop thread. Those that a thread brings upon itself stay its own: where
// they are blocked, the kernel ends the process without asking a handler.
inline void leave_signals_to_the_loop() {
  sigset_t set;
  ::sigfillset(&set);
  for (const int own : {SIGBUS, SIGSEGV, SIGFPE, SIGILL}) ::sigdelset(&set, own);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace hearth
