#include "packs/mandates/inside/probes.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "packs/mandates/inside/kernel_numbers.hpp"
#include "packs/mandates/inside/landlock.hpp"

namespace hearth::packs::mandates::inside {
namespace {

// What must not be reachable, as the daemon named it.
struct Targets {
  std::vector<std::string> files;
  std::vector<std::string> variables;
  std::vector<pid_t> processes;
};

Targets read_targets() {
  Targets targets;
  std::string kind;
  while (std::cin >> kind) {
    std::string value;
    std::getline(std::cin >> std::ws, value);
    if (kind == "file") targets.files.push_back(value);
    if (kind == "variable") targets.variables.push_back(value);
    if (kind == "process") targets.processes.push_back(std::atoi(value.c_str()));
  }
  return targets;
}

bool opens(const std::string& path, int flags) {
  return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0600)).valid();
}

// Each says what was possible; empty: nothing was.

std::string try_system() {
  for (const char* const path : {"/usr/bin/.hearth-probe", "/etc/.hearth-probe", "/.hearth-probe",
                                 "/run/.hearth-probe", "/dev/.hearth-probe"}) {
    if (!opens(path, O_WRONLY | O_CREAT)) continue;
    ::unlink(path);
    return std::string("created ") + path;
  }
  for (const char* const path :
       {"/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe"}) {
    if (opens(path, O_WRONLY)) return std::string("opened ") + path + " for writing";
  }
  return {};
}

std::string try_files(const Targets& targets) {
  for (const std::string& path : targets.files) {
    if (opens(path, O_RDONLY | O_PATH)) return "saw " + path;
    // Not through the roots of other processes either.
    for (const char* const process : {"1", "self"}) {
      const std::string around = "/proc/" + std::string(process) + "/root" + path;
      if (opens(around, O_RDONLY | O_PATH)) return "saw " + around;
    }
  }
  for (const char* const path :
       {"/etc/shadow", "/sys", "/boot", "/run/user", "/var/run/docker.sock"}) {
    if (opens(path, O_RDONLY)) return std::string("opened ") + path;
  }
  return {};
}

std::string try_environment(const Targets& targets) {
  for (const std::string& name : targets.variables) {
    if (std::getenv(name.c_str()) != nullptr) return "read the variable " + name;
  }
  return {};
}

std::string try_descriptors() {
  for (int descriptor = 3; descriptor < 1024; ++descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
      return "inherits descriptor " + std::to_string(descriptor);
  }
  return {};
}

std::string try_network() {
  const UniqueFd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(0xC0000201);  // 192.0.2.1, of nobody (RFC 5737)
  const auto* const place = reinterpret_cast<const sockaddr*>(&address);
  if (tcp.valid() && (::connect(tcp.get(), place, sizeof address) == 0 || errno != ENETUNREACH))
    return "a way to 192.0.2.1 over TCP";
  const UniqueFd udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (udp.valid() && ::connect(udp.get(), place, sizeof address) == 0)
    return "a way to 192.0.2.1 over UDP";
  for (const int family : {AF_UNIX, AF_VSOCK, AF_PACKET, AF_ALG}) {
    if (UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)).valid() || errno != EAFNOSUPPORT)
      return "a socket of the family " + std::to_string(family);
  }
  return {};
}

std::string try_processes(const Targets& targets) {
  for (const pid_t pid : targets.processes) {
    // Its number may be another's in here; ours is what lies in /proc.
    if (::kill(pid, 0) == 0 && pid != ::getpid() && pid != 1)
      return "may signal process " + std::to_string(pid) + " outside";
  }
  if (::getppid() != 1) return "is not a child of process 1";
  if (landlock_version() >= 6 && ::kill(1, 0) == 0) return "may signal process 1";
  if (::ptrace(PTRACE_SEIZE, 1, nullptr, nullptr) == 0) return "may trace process 1";
  if (opens("/proc/1/environ", O_RDONLY) || opens("/proc/1/mem", O_RDONLY))
    return "reads the memory of process 1";
  return {};
}

std::string try_privileges() {
  if (::getuid() == 0 || ::geteuid() == 0 || ::getgid() == 0) return "is root";
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return "cannot tell its capabilities";
  for (const auto& set : sets) {
    if (set.effective != 0 || set.permitted != 0 || set.inheritable != 0) return "has capabilities";
  }
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return "may gain privileges";
  return {};
}

// Each in a child of its own, for what it might change.
bool succeeds(const std::array<long, 4>& call) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(::syscall(call[0], call[1], call[2], call[3], 0, 0) == -1 ? 1 : 0);
  int status = 0;
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

std::string try_namespaces() {
  for (const int flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID}) {
    if (succeeds({SYS_unshare, flag, 0, 0})) return "made a namespace";
  }
  if (succeeds({SYS_mount, reinterpret_cast<long>("none"), reinterpret_cast<long>("/tmp"),
                reinterpret_cast<long>("tmpfs")}))
    return "mounted a file system";
  return {};
}

// On a file of its own in /tmp.
std::string try_setuid_files() {
  static constexpr const char* name = "/tmp/.hearth-probe";
  constexpr mode_t mode = S_ISUID | 0700;
  const UniqueFd file(::open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (!file.valid()) return "no file in /tmp to try on";
  const bool is_possible =
      ::chmod(name, mode) == 0 || ::fchmod(file.get(), mode) == 0 ||
      ::syscall(syscall_fchmodat2, AT_FDCWD, name, mode, 0) == 0 ||
      ::mknod("/tmp/.hearth-node", S_IFREG | mode, 0) == 0 ||
      UniqueFd(::open("/tmp/.hearth-new", O_CREAT | O_RDWR | O_CLOEXEC, mode)).valid();
  for (const char* const each : {name, "/tmp/.hearth-node", "/tmp/.hearth-new"}) ::unlink(each);
  return is_possible ? "made a set-user-ID file" : "";
}

std::string try_system_calls() {
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2) return "there is no filter";
  if (::syscall(SYS_keyctl, 0, -3, 0) != -1 || errno != EPERM) return "keyctl";
  if (::syscall(SYS_io_uring_setup, 1, nullptr) != -1 || errno != ENOSYS) return "io_uring";
  if (::syscall(SYS_memfd_create, "probe", 0U) != -1 || errno != ENOSYS) return "memfd_create";
  if (::syscall(SYS_bpf, 0, nullptr, 0) != -1 || errno != EPERM) return "bpf";
  return try_setuid_files();
}

// Landlock alone forbids this: every user may list the root directory.
std::string try_landlock() {
  return opens("/", O_RDONLY | O_DIRECTORY) ? "listed /" : "";
}

void say(const char* wall, const std::string& possible) {
  std::cout << wall << (possible.empty() ? " holds" : " broken: " + possible) << '\n';
}

int try_walls() {
  const Targets targets = read_targets();
  say("system", try_system());
  say("files", try_files(targets));
  say("environment", try_environment(targets));
  say("descriptors", try_descriptors());
  say("network", try_network());
  say("processes", try_processes(targets));
  say("privileges", try_privileges());
  say("namespaces", try_namespaces());
  say("system_calls", try_system_calls());
  if (landlock_version() == 0)
    std::cout << "landlock absent\n";
  else
    say("landlock", try_landlock());
  std::cout.flush();
  return 0;
}

bool take_memory(std::size_t bytes, int flags) {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  std::memset(memory, 1, bytes);
  return true;
}

// RLIMIT_DATA stops the first kind; only the watchdog sees the second.
int eat_memory() {
  constexpr std::size_t part = std::size_t{4} << 20;
  rlimit own{};
  ::getrlimit(RLIMIT_DATA, &own);
  const std::size_t most = own.rlim_cur / 2;
  std::size_t taken = 0;
  while (taken < 4 * own.rlim_cur && take_memory(part, MAP_PRIVATE)) {
    taken += part;
    if (taken > most) break;  // else the watchdog may see it first
  }
  std::cout << (take_memory(own.rlim_cur, MAP_PRIVATE) ? "unlimited\n" : "limited\n") << std::flush;
  for (; taken < 4 * own.rlim_cur; taken += part) {
    if (!take_memory(part, MAP_SHARED)) break;
  }
  ::sleep(10);
  return 0;
}

int begin_processes() {
  constexpr int enough = 1'000;
  int begun = 1;  // this one
  const UniqueFd lock(::open("lock", O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  ::flock(lock.get(), LOCK_EX);
  while (begun < enough) {
    const pid_t pid = ::fork();
    if (pid < 0) break;
    if (pid == 0) {
      ::setsid();
      for (const int stream : {0, 1, 2}) ::close(stream);
      for (;;) ::pause();
    }
    ++begun;
  }
  std::cout << begun << '\n' << std::flush;
  ::usleep(200'000);  // so that the watchdog may count
  return 0;
}

int print_for_ever() {
  const std::string line(1'023, 'x');
  for (;;) std::cout << line << '\n';
}

}  // namespace

int run_probe(std::string_view what) {
  if (what == "walls") return try_walls();
  if (what == "memory") return eat_memory();
  if (what == "processes") return begin_processes();
  if (what == "output") return print_for_ever();
  for (;;) ::pause();
}

}  // namespace hearth::packs::mandates::inside
