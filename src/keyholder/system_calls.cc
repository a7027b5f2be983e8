#include <seccomp.h>
#include <sys/mman.h>

#include <array>
#include <memory>
#include <string>
#include <system_error>

#include "keyholder/confinement.h"

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KRONBORG_SANITIZED 1
#else
#define KRONBORG_SANITIZED 0
#endif

namespace kronborg::keyholder {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

/// Reading and writing the descriptors it was given, waiting for one (a TPM), randomness, memory,
/// time, the end.
constexpr std::array allowed{
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    SCMP_SYS(getrandom),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/// What the sanitizers' runtimes do beside the program; only builds for tests hold them.
constexpr std::array allowed_to_sanitizers{
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(openat),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(newfstatat),
    SCMP_SYS(readlink),
    SCMP_SYS(tgkill),
    SCMP_SYS(prctl),
    SCMP_SYS(pipe2),
    SCMP_SYS(pipe),
};

int allow(const Filter& filter, int call) {
  return seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
}

/// Only where the argument of that number, under the mask, is the value.
int allow_when(const Filter& filter, int call, unsigned argument, std::uint64_t mask,
               std::uint64_t value) {
  const scmp_arg_cmp condition{
      .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
  return seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &condition);
}

int add_rules(const Filter& filter, int socket) {
  constexpr std::uint64_t all_of_an_int = 0xffffffff;
  int failed = 0;
  for (const int call : allowed) {
    if (failed == 0) failed = allow(filter, call);
  }
  for (const int call : {SCMP_SYS(recvmsg), SCMP_SYS(sendmsg)}) {
    const auto number = static_cast<std::uint64_t>(socket);
    if (failed == 0) failed = allow_when(filter, call, 0, all_of_an_int, number);
  }
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    if (failed == 0) failed = allow_when(filter, call, 2, PROT_EXEC, 0);
  }
  if constexpr (KRONBORG_SANITIZED == 1) {
    for (const int call : allowed_to_sanitizers) {
      if (failed == 0) failed = allow(filter, call);
    }
  }
  return failed;
}

}  // namespace

base::Result<void> filter_system_calls(int socket) {
  const Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS), &seccomp_release);
  int failed = filter ? 0 : -ENOMEM;
  if (failed == 0) failed = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (failed == 0) failed = add_rules(filter, socket);
  if (failed == 0) failed = seccomp_load(filter.get());
  if (failed == 0) return {};
  return base::Error(base::Code::keyholder_failed,
                     "The key holder cannot filter its system calls: " +
                         std::system_category().message(-failed) + ".",
                     "The kernel needs CONFIG_SECCOMP_FILTER, also inside containers.");
}

}  // namespace kronborg::keyholder
