#include "keyholder/confinement.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <system_error>

namespace kronborg::keyholder {
namespace {

/// What Argon2id takes for its default cost, and some more.
constexpr std::size_t room_for_argon2id = 288UL * 1024 * 1024;

base::Error refused(std::string_view what) {
  return {base::Code::keyholder_failed, "The key holder cannot " + std::string(what) + ": " +
                                            std::system_category().message(errno) + "."};
}

/// Whether that much can be mapped under the limits that hold now. Touches none of it.
bool has_room(std::size_t bytes) {
  void* const probe =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) return false;
  ::munmap(probe, bytes);
  return true;
}

}  // namespace

base::Result<HolderStatus> give_up_privileges() {
  const rlimit nothing{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &nothing) != 0) return refused("forbid core files");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused("become not dumpable");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("give up new privileges");
  ::prctl(PR_SET_NAME, "key-holder", 0, 0, 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) {
    if (::signal(signal, SIG_IGN) == SIG_ERR) return refused("ignore signals");
  }
  rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) != 0) return refused("read its limits");
  HolderStatus status;
  status.dumpable = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
  status.core_files = core.rlim_cur != 0;
  return status;
}

bool lock_all_memory() {
  // On fault: pages that were never touched take no memory.
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) return false;
  if (has_room(room_for_argon2id)) return true;
  ::munlockall();
  return false;
}

}  // namespace kronborg::keyholder
