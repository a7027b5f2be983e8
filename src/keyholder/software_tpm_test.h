#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string>

#include "keyholder/descriptor.h"

namespace kronborg::keyholder {

/// A real TPM 2.0 in software (swtpm), in a process of its own. It listens before the constructor
/// returns, so that nobody has to wait for it.
class SoftwareTpm {
 public:
  /// The state lies in `folder`: another one there later is the same TPM after a restart.
  explicit SoftwareTpm(const std::filesystem::path& folder) : path_(folder / "socket") {
    std::filesystem::remove(path_);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    const Descriptor listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    EXPECT_EQ(::listen(listening.get(), 8), 0);
    start(folder, listening.get());
  }
  SoftwareTpm(const SoftwareTpm&) = delete;
  SoftwareTpm& operator=(const SoftwareTpm&) = delete;
  ~SoftwareTpm() { stop(); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// As when the machine loses it.
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  void start(const std::filesystem::path& folder, int listening) {
    constexpr int place = 3;
    const Descriptor high(::fcntl(listening, F_DUPFD_CLOEXEC, place + 1));
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, high.get(), place);
    std::array<std::string, 9> words{"swtpm",
                                     "socket",
                                     "--tpm2",
                                     "--server",
                                     "type=unixio,fd=3",
                                     "--tpmstate",
                                     "dir=" + folder.string(),
                                     "--flags",
                                     "not-need-init,startup-clear"};
    std::array<char*, words.size() + 1> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
    const int failed = ::posix_spawnp(&pid_, "swtpm", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    EXPECT_EQ(failed, 0) << "the Debian package swtpm is needed";
    if (failed != 0) pid_ = 0;
  }

  std::filesystem::path path_;
  pid_t pid_ = 0;
};

}  // namespace kronborg::keyholder
