#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "sql/connection.h"

namespace kronborg::sql {

/// The one writer of a store: a thread with the only connection that writes. Everything that waits
/// when it is free shares one transaction and one commit, each work in its own savepoint, so that
/// one failing work takes nothing else down and 64 writers cost one write to the disk.
/// Thread-safe.
class GroupCommit {
 public:
  static constexpr std::size_t most_waiting = 4096;  ///< works; one more is `overloaded`

  GroupCommit(std::unique_ptr<Connection> connection, std::size_t most_together);
  /// Finishes what waits.
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  /// Database::write.
  base::Result<void> write(const Work& work);

  /// Works that are not in a batch yet.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Waiting {
    explicit Waiting(const Work& w) : work(&w) {}
    void answer();

    const Work* work;
    base::Result<void> outcome;
    std::vector<std::function<void()>> publications;
    std::mutex mutex;
    std::condition_variable answered;
    bool done = false;  // under mutex
  };

  void serve();
  void commit_together(std::span<Waiting* const> batch);
  base::Result<void> perform_one(Waiting& waiting);
  base::Result<void> perform_each(std::span<Waiting* const> batch);

  // Constant after construction; the connection belongs to the thread.
  const std::unique_ptr<Connection> connection_;
  const std::size_t most_together_;

  // Under mutex_.
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting*> queue_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace kronborg::sql
