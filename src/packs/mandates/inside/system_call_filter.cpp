#include "packs/mandates/inside/system_call_filter.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>

#include "packs/mandates/inside/kernel_numbers.hpp"

namespace hearth::packs::mandates::inside {
namespace {

constexpr std::array refused{
    // other processes
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise), SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd),
    // namespaces and mounts
    SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
    SCMP_SYS(chroot), SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(mount_setattr),
    SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at), syscall_open_tree_attr,
    syscall_file_setattr,
    // doors to the kernel
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(add_key),
    SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(lookup_dcookie), SCMP_SYS(fanotify_init),
    SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd), SCMP_SYS(syslog), SCMP_SYS(vhangup),
    // the machine
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff),
    SCMP_SYS(acct), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    // memory that is counted for nobody
    SCMP_SYS(shmget), SCMP_SYS(msgget), SCMP_SYS(semget), SCMP_SYS(memfd_secret),
    SCMP_SYS(mlockall)};

// Programs try these and do without.
constexpr std::array unknown{SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
                             SCMP_SYS(io_uring_register), SCMP_SYS(memfd_create),
                             // Its flags lie in memory, where no filter looks: the C library takes
                             // clone(2) then. openat2 likewise has its mode there.
                             SCMP_SYS(clone3), SCMP_SYS(openat2)};

// A socket of AF_UNIX that somebody else listens on may lie in the workspace; a pair leads nowhere.
constexpr std::array<std::uint64_t, 3> families{AF_INET, AF_INET6, AF_NETLINK};
constexpr std::array<std::uint64_t, 1> pairs{AF_UNIX};
constexpr std::array<std::uint64_t, 8> namespaces{CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                                  CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
                                                  CLONE_NEWNET, CLONE_NEWTIME};

// Of AF_INET and AF_INET6: for these the kernel loads modules, and nobody needs them here.
constexpr std::array<std::uint64_t, 5> protocols{IPPROTO_DCCP, 115 /* L2TP */, IPPROTO_SCTP,
                                                 IPPROTO_UDPLITE, 256 /* SMC */};

class Filter final {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release) {
    if (context_ == nullptr) error_ = -ENOMEM;
  }

  // What the architecture does not have is left out.
  void refuse(int number, int reason) { add(number, reason, nullptr, 0); }
  void refuse(int number, int reason, scmp_arg_cmp argument) { add(number, reason, &argument, 1); }
  void refuse(int number, int reason, scmp_arg_cmp argument, scmp_arg_cmp other) {
    const std::array both{argument, other};
    add(number, reason, both.data(), both.size());
  }
  [[nodiscard]] int load() { return error_ != 0 ? error_ : ::seccomp_load(context_.get()); }

 private:
  void add(int number, int reason, const scmp_arg_cmp* arguments, unsigned count) {
    if (error_ != 0 || number < 0) return;
    error_ = ::seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(reason)),
                                      number, count, arguments);
  }

  std::unique_ptr<void, decltype(&::seccomp_release)> context_;
  int error_ = 0;
};

// It looks at the low 32 bits.
constexpr std::uint64_t low_bits = 0xFFFF'FFFF;

// All but these, of those that a kernel may have.
void refuse_families(Filter& filter, int number, std::span<const std::uint64_t> allowed) {
  for (std::uint64_t family = 0; family <= 63; ++family) {
    if (std::ranges::find(allowed, family) == allowed.end())
      filter.refuse(number, EAFNOSUPPORT, {0, SCMP_CMP_MASKED_EQ, low_bits, family});
  }
}

void refuse_protocols(Filter& filter) {
  for (const std::uint64_t family : {std::uint64_t{AF_INET}, std::uint64_t{AF_INET6}}) {
    for (const std::uint64_t protocol : protocols)
      filter.refuse(SCMP_SYS(socket), EPROTONOSUPPORT, {0, SCMP_CMP_MASKED_EQ, low_bits, family},
                    {2, SCMP_CMP_MASKED_EQ, low_bits, protocol});
  }
  // Only the one that tells of interfaces and routes.
  filter.refuse(SCMP_SYS(socket), EPROTONOSUPPORT,
                {0, SCMP_CMP_MASKED_EQ, low_bits, std::uint64_t{AF_NETLINK}},
                {2, SCMP_CMP_NE, std::uint64_t{NETLINK_ROUTE}, 0});
}

// Process 1 is the watchdog, and of the same user: its limits, priority and processors are not to
// be changed. A descriptor fewer than it needs, and it would not see.
void protect_process_1(Filter& filter) {
  constexpr std::uint64_t first = 1;
  for (const int number :
       {SCMP_SYS(prlimit64), SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_setscheduler),
        SCMP_SYS(sched_setparam), SCMP_SYS(sched_setattr)})
    filter.refuse(number, EPERM, {0, SCMP_CMP_MASKED_EQ, low_bits, first});
  struct Priority {
    int number;
    std::uint64_t all_of_user;
  };
  static constexpr std::array priorities{Priority{SCMP_SYS(setpriority), PRIO_USER},
                                         Priority{SCMP_SYS(ioprio_set), 3 /* IOPRIO_WHO_USER */}};
  for (const Priority& each : priorities) {
    filter.refuse(each.number, EPERM, {1, SCMP_CMP_MASKED_EQ, low_bits, first});
    filter.refuse(each.number, EPERM, {0, SCMP_CMP_MASKED_EQ, low_bits, each.all_of_user});
  }
}

// A file that runs with its owner's rights for whoever starts it, outside.
void refuse_setuid_files(Filter& filter) {
  struct Mode {
    int number;
    unsigned argument;
  };
  static constexpr std::array with_mode{
      Mode{SCMP_SYS(chmod), 1},   Mode{SCMP_SYS(fchmod), 1}, Mode{SCMP_SYS(fchmodat), 2},
      Mode{syscall_fchmodat2, 2}, Mode{SCMP_SYS(creat), 1},  Mode{SCMP_SYS(mknod), 1},
      Mode{SCMP_SYS(mknodat), 2}, Mode{SCMP_SYS(mkdir), 1},  Mode{SCMP_SYS(mkdirat), 2}};
  // The mode follows the flags, and means nothing where they make no file.
  static constexpr std::array with_flags{Mode{SCMP_SYS(open), 1}, Mode{SCMP_SYS(openat), 2}};
  constexpr std::uint64_t unnamed = O_TMPFILE & ~std::uint64_t{O_DIRECTORY};
  for (const std::uint64_t bit : {std::uint64_t{S_ISUID}, std::uint64_t{S_ISGID}}) {
    for (const Mode& each : with_mode)
      filter.refuse(each.number, EPERM, {each.argument, SCMP_CMP_MASKED_EQ, bit, bit});
    for (const Mode& each : with_flags) {
      for (const std::uint64_t flag : {std::uint64_t{O_CREAT}, unnamed})
        filter.refuse(each.number, EPERM, {each.argument, SCMP_CMP_MASKED_EQ, flag, flag},
                      {each.argument + 1, SCMP_CMP_MASKED_EQ, bit, bit});
    }
  }
}

}  // namespace

Result<void> install_system_call_filter() {
  Filter filter;
  for (const int number : refused) filter.refuse(number, EPERM);
  for (const int number : unknown) filter.refuse(number, ENOSYS);
  for (const std::uint64_t flag : namespaces)
    filter.refuse(SCMP_SYS(clone), EPERM, scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, flag, flag});
  refuse_families(filter, SCMP_SYS(socket), families);
  refuse_families(filter, SCMP_SYS(socketpair), pairs);
  refuse_protocols(filter);
  protect_process_1(filter);
  refuse_setuid_files(filter);
  // Characters typed into the terminal that somebody else reads from.
  for (const std::uint64_t request : {std::uint64_t{TIOCSTI}, std::uint64_t{TIOCLINUX}})
    filter.refuse(SCMP_SYS(ioctl), EPERM, scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, low_bits, request});
  if (const int error = filter.load(); error != 0) return fail_errno("seccomp", -error);
  return {};
}

}  // namespace hearth::packs::mandates::inside
