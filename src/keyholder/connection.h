#pragma once

#include <atomic>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "base/result.h"
#include "keyholder/process.h"
#include "keyholder/protocol.h"

namespace kronborg::keyholder {

/// Asks the holder, one request at a time. Once it has failed to answer it is killed and every
/// further request fails: a restart is the owner's decision. Thread-safe.
class Connection {
 public:
  explicit Connection(HolderProcess process);

  /// Waits until the new process is ready. Error: keyholder_failed.
  base::Result<void> greet();

  /// Errors: those of the reply; keyholder_failed when there is none, or one of another type.
  template <class R>
  base::Result<R> ask(Request request, std::span<const int> descriptors = {}) {
    TRY(Reply reply, call(std::move(request), descriptors, answer_ms));
    if (auto* const wanted = std::get_if<R>(&reply)) return std::move(*wanted);
    return base::Error(base::Code::keyholder_failed, "The key holder gave another answer.");
  }

  [[nodiscard]] bool alive() const;
  [[nodiscard]] pid_t pid() const { return process_.pid(); }

 private:
  /// Argon2id at its greatest cost on a slow machine, and more: only a holder that hangs takes
  /// longer.
  static constexpr int answer_ms = 180'000;
  static constexpr int greeting_ms = 30'000;

  base::Result<Reply> call(Request request, std::span<const int> descriptors, int timeout_ms);
  base::Error give_up(std::string why);

  std::mutex mutex_;
  HolderProcess process_;  // the descriptor stays open to the end: alive() looks at it at any time
  std::string failure_;    // guarded by mutex_; not empty once it has failed
  std::atomic<bool> failed_ = false;
};

}  // namespace kronborg::keyholder
