#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/result.h"
#include "keyholder/descriptor.h"

namespace kronborg::keyholder {

/// Readable (poll) when the process has ended; also for one that is not a child. May be invalid.
Descriptor watch_process(pid_t pid);

/// The child process and the parent's end of the socket pair. Not thread-safe.
class HolderProcess {
 public:
  /// `executable key-holder` with the other end of the socket as descriptor 3, standard input and
  /// output at /dev/null, standard error kept, every other descriptor closed and the environment
  /// empty but for settings of the allocator and of sanitizers. Killed by the kernel when the
  /// thread that called this was the main thread and the parent dies; in any case it ends with the
  /// socket. Error: keyholder_failed.
  static base::Result<HolderProcess> start(const std::filesystem::path& executable);

  HolderProcess(HolderProcess&& other) noexcept;
  HolderProcess& operator=(HolderProcess&&) = delete;
  ~HolderProcess();

  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Kills it if it still runs. Says how it ended, for an error text.
  std::string end_now();

 private:
  HolderProcess(pid_t pid, Descriptor socket);

  pid_t pid_;
  Descriptor socket_;
  bool ended_ = false;
  std::string how_;
};

}  // namespace kronborg::keyholder
