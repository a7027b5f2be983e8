#include "sql/group_commit.h"

#include <algorithm>
#include <utility>

#include "sql/session.h"

namespace kronborg::sql {

namespace {

/// A publication that throws would leave memory behind the disk (a revocation that is not seen):
/// noexcept makes that the end of the process instead.
void publish(std::span<const std::function<void()>> publications) noexcept {
  for (const auto& publication : publications) publication();
}

}  // namespace

GroupCommit::GroupCommit(std::unique_ptr<Connection> connection, std::size_t most_together)
    : connection_(std::move(connection)), most_together_(most_together) {
  thread_ = std::thread([this] { serve(); });
}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

base::Result<void> GroupCommit::write(const Work& work) {
  if (std::this_thread::get_id() == thread_.get_id()) {
    return base::Error(base::Code::internal_error, "A write was called inside a write.");
  }
  Waiting waiting(work);
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= most_waiting) return base::Code::overloaded;
    queue_.push_back(&waiting);
  }
  arrived_.notify_one();
  std::unique_lock lock(waiting.mutex);
  waiting.answered.wait(lock, [&] { return waiting.done; });
  return std::move(waiting.outcome);
}

std::size_t GroupCommit::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void GroupCommit::Waiting::answer() {
  // Under the lock: as soon as the caller can see `done` it destroys this object.
  const std::lock_guard lock(mutex);
  done = true;
  answered.notify_one();
}

void GroupCommit::serve() {
  std::vector<Waiting*> batch;
  batch.reserve(most_together_);
  while (true) {
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), most_together_));
      batch.assign(queue_.begin(), queue_.begin() + count);
      queue_.erase(queue_.begin(), queue_.begin() + count);
    }
    commit_together(batch);
    for (Waiting* waiting : batch) waiting->answer();
    connection_->tidy();
  }
}

void GroupCommit::commit_together(std::span<Waiting* const> batch) {
  auto together = connection_->begin(Access::write);
  if (together) {
    together = batch.size() == 1 ? perform_one(*batch.front()) : perform_each(batch);
    const bool any =
        std::ranges::any_of(batch, [](auto* each) { return each->outcome.has_value(); });
    if (together && any) {
      together = connection_->commit();
    } else {
      connection_->rollback();
    }
  }
  if (!together) {
    // What failed by itself keeps its own error.
    for (Waiting* waiting : batch) {
      if (waiting->outcome) waiting->outcome = together.error();
    }
    return;
  }
  for (const Waiting* waiting : batch) {
    if (waiting->outcome) publish(waiting->publications);
  }
}

base::Result<void> GroupCommit::perform_one(Waiting& waiting) {
  Session session(*connection_);
  waiting.outcome = session.perform(*waiting.work);
  waiting.publications = session.take_publications();
  return {};
}

/// An error here is one of the whole batch: its transaction is gone.
base::Result<void> GroupCommit::perform_each(std::span<Waiting* const> batch) {
  for (Waiting* waiting : batch) {
    TRY_VOID(connection_->savepoint());
    TRY_VOID(perform_one(*waiting));
    if (waiting->outcome) {
      TRY_VOID(connection_->keep_savepoint());
    } else if (!connection_->in_transaction()) {
      return waiting->outcome.error();
    } else {
      TRY_VOID(connection_->undo_savepoint());
    }
  }
  return {};
}

}  // namespace kronborg::sql
