#include "keyholder/keyring.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "keyholder/keystore.h"

namespace kronborg::keyholder {
namespace {

/// A keyring answers at once: nobody is asked anything.
constexpr int answer_ms = 60'000;
constexpr std::size_t max_report_bytes = 1024;

base::Error unavailable(std::string text) {
  return {base::Code::keystore_unavailable, std::move(text),
          "The keystore kind secret-service needs the desktop session of its owner."};
}

base::Error cannot_ask(int number) {
  return unavailable(
      fmt::format("The keyring cannot be asked: {}.", std::system_category().message(number)));
}

struct Pipe {
  Descriptor read, write;
};

base::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return cannot_ask(errno);
  Pipe made{Descriptor(ends[0]), Descriptor(ends[1])};
  // In the child it takes the place of a low number, which must not be its own already.
  made.write = Descriptor(::fcntl(ends[1], F_DUPFD_CLOEXEC, keyring_key_fd + 1));
  if (!made.write.valid()) return cannot_ask(errno);
  return made;
}

/// What leads to the session's bus, and nothing else.
std::vector<std::string> environment() {
  std::vector<std::string> kept;
  for (const char* const name : {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME",
                                 "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* const value = ::secure_getenv(name)) {
      kept.push_back(fmt::format("{}={}", name, value));
    }
  }
  return kept;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// Descriptors 0 to 3 of the child: nothing, the report, the parent's errors, the key.
class Actions {
 public:
  Actions(int report, int key) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, report, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, key, keyring_key_fd);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, keyring_key_fd + 1);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// No signal is blocked or handled in the child.
class Attributes {
 public:
  Attributes() {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

base::Result<pid_t> start(const std::filesystem::path& executable, KeyringVerb verb,
                          const std::string& item, int report, int key) {
  std::vector<std::string> arguments{"kronborg", "keyring", std::string(verb_name(verb)), item};
  std::vector<std::string> variables = environment();
  const Actions actions(report, key);
  const Attributes attributes;
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, executable.c_str(), actions.get(), attributes.get(),
                                   pointers(arguments).data(), pointers(variables).data());
  if (failed == 0) return pid;
  return cannot_ask(failed);
}

/// All that the child says, up to its end; nothing when it is not over in time.
std::optional<std::string> report_of(int fd) {
  std::string report;
  std::array<char, 256> buffer{};
  for (;;) {
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, answer_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return report;
    if (report.size() < max_report_bytes)
      report.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool ended_well(pid_t pid) {
  int status = -1;
  pid_t found = 0;
  do {
    found = ::waitpid(pid, &status, 0);
  } while (found < 0 && errno == EINTR);
  return found == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::string_view verb_name(KeyringVerb verb) {
  switch (verb) {
    case KeyringVerb::put:
      return "put";
    case KeyringVerb::get:
      return "get";
    case KeyringVerb::remove:
      return "remove";
  }
  return {};
}

base::Result<KeyringKey> ask_keyring(const std::filesystem::path& executable, KeyringVerb verb,
                                     const std::string& item) {
  TRY(Pipe report, make_pipe());
  TRY(Pipe key, make_pipe());
  TRY(const pid_t child, start(executable, verb, item, report.write.get(), key.write.get()));
  report.write.close();
  key.write.close();
  auto said = report_of(report.read.get());
  if (!said) ::kill(child, SIGKILL);
  const bool well = ended_well(child);
  if (!said) return unavailable("The desktop keyring does not answer.");
  while (said->ends_with('\n')) said->pop_back();
  if (!well) {
    return unavailable(said->empty() ? "The process that asks the keyring ended early." : *said);
  }
  KeyringKey answer;
  answer.item = verb == KeyringVerb::put ? *std::move(said) : item;
  if (!is_item_name(answer.item)) return unavailable("The keyring gave an odd answer.");
  if (verb != KeyringVerb::remove) answer.key = std::move(key.read);
  return answer;
}

}  // namespace kronborg::keyholder
