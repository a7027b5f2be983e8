#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace kronborg::cli {

/// Shows on a terminal, on standard error, that something goes on which takes over a second; the
/// line is gone with the object. Elsewhere nothing (docs/protocol/cli.md rule 8).
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void tell();

  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace kronborg::cli
