#include "keyholder/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

namespace kronborg::keyholder {
namespace {

constexpr int socket_in_child = 3;
/// Above the descriptors that the child rearranges.
constexpr int first_free = 10;
/// For the request that runs when the parent stops; then it is killed.
constexpr int grace_ms = 5000;

base::Error failed(std::string_view what) {
  return {base::Code::keyholder_failed, fmt::format("The key holder cannot be started: {}: {}.",
                                                    what, std::system_category().message(errno))};
}

/// The holder needs none of the parent's environment. Of freed memory glibc keeps the content,
/// unless it is told to overwrite it; its per-thread cache would be exempt from that. The TPM2
/// software stack would write its own lines to standard error; errors are told in ours.
std::vector<std::string> environment() {
  std::vector<std::string> kept{
      "GLIBC_TUNABLES=glibc.malloc.perturb=165:glibc.malloc.tcache_count=0", "TSS2_LOG=all+NONE"};
  for (const char* const name :
       {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "ASAN_SYMBOLIZER_PATH"}) {
    if (const char* const value = ::secure_getenv(name))
      kept.push_back(fmt::format("{}={}", name, value));
  }
  return kept;
}

/// Everything that the child needs, made before the fork: between fork and exec there are system
/// calls only, because another thread may have held any lock.
struct Launch {
  std::string executable;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int socket;
  pid_t parent;
  bool die_with_parent;
};

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become_holder(const Launch& launch) {
  if (launch.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != launch.parent) ::_exit(126);
  }
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere < 0 || ::dup2(nowhere, STDIN_FILENO) < 0 || ::dup2(nowhere, STDOUT_FILENO) < 0 ||
      ::dup2(launch.socket, socket_in_child) < 0) {
    ::_exit(126);
  }
  ::close_range(socket_in_child + 1, ~0U, 0);
  reset_signals();
  ::execve(launch.executable.c_str(), launch.arguments.data(), launch.environment.data());
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// No handler of the parent may run in the child.
pid_t fork_without_signals(const Launch& launch) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) become_holder(launch);
  const int number = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return pid;
}

std::string words_of(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("it was killed by signal {} ({})", WTERMSIG(status),
                       ::sigdescr_np(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) >= 126) return "its program cannot be run";
  return fmt::format("it ended with status {}", WEXITSTATUS(status));
}

}  // namespace

// Not <sys/pidfd.h>: glibc 2.36 declares its functions without C linkage.
Descriptor watch_process(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

base::Result<HolderProcess> HolderProcess::start(const std::filesystem::path& executable) {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return failed("socketpair");
  }
  Descriptor ours(pair[0]);
  const Descriptor theirs(pair[1]);
  const Descriptor high(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, first_free));
  if (!high.valid()) return failed("fcntl");
  std::vector<std::string> arguments{"kronborg", "key-holder"};
  std::vector<std::string> variables = environment();
  const Launch launch{.executable = executable.string(),
                      .arguments = pointers(arguments),
                      .environment = pointers(variables),
                      .socket = high.get(),
                      .parent = ::getpid(),
                      // The kernel watches the thread, not the process, that forked.
                      .die_with_parent = ::gettid() == ::getpid()};
  const pid_t pid = fork_without_signals(launch);
  if (pid < 0) return failed("fork");
  return HolderProcess(pid, std::move(ours));
}

HolderProcess::HolderProcess(pid_t pid, Descriptor socket)
    : pid_(pid), socket_(std::move(socket)) {}

HolderProcess::HolderProcess(HolderProcess&& other) noexcept
    : pid_(other.pid_),
      socket_(std::move(other.socket_)),
      ended_(std::exchange(other.ended_, true)),
      how_(std::move(other.how_)) {}

HolderProcess::~HolderProcess() {
  if (ended_) return;
  socket_.close();  // it sees the end, wipes its memory and leaves
  const Descriptor watch = watch_process(pid_);
  pollfd end{.fd = watch.get(), .events = POLLIN, .revents = 0};
  if (watch.valid()) {
    while (::poll(&end, 1, grace_ms) < 0 && errno == EINTR) continue;
  }
  end_now();
}

std::string HolderProcess::end_now() {
  if (ended_) return how_;
  ended_ = true;
  ::kill(pid_, SIGKILL);
  int status = 0;
  pid_t found = 0;
  do {
    found = ::waitpid(pid_, &status, 0);
  } while (found < 0 && errno == EINTR);
  how_ = found == pid_ ? words_of(status) : "it is gone";
  return how_;
}

}  // namespace kronborg::keyholder
