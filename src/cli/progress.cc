#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

namespace kronborg::cli {

Progress::Progress() {
  if (isatty(STDERR_FILENO) != 0) thread_ = std::thread([this] { tell(); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard guard(mutex_);
    over_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Progress::tell() {
  std::unique_lock lock(mutex_);
  int seconds = 0;
  while (!ended_.wait_for(lock, std::chrono::seconds(1), [this] { return over_; })) {
    fmt::print(stderr, "\r... {} s", ++seconds);
    std::fflush(stderr);
  }
  if (seconds > 0) fmt::print(stderr, "\r{:{}}\r", "", 12);
}

}  // namespace kronborg::cli
