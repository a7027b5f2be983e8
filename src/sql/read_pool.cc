#include "sql/read_pool.h"

#include <algorithm>
#include <utility>

#include "sql/session.h"

namespace kronborg::sql {

ReadPool::ReadPool(Connect connect, int most)
    : connect_(std::move(connect)), most_(static_cast<std::size_t>(std::max(1, most))) {}

base::Result<void> ReadPool::read(const Work& work) {
  return with([&](Connection& connection) -> base::Result<void> {
    TRY_VOID(connection.begin(Access::read));
    Session session(connection);
    auto outcome = session.perform(work);
    connection.rollback();
    return outcome;
  });
}

base::Result<void> ReadPool::with(const std::function<base::Result<void>(Connection&)>& use) {
  TRY(auto connection, take());
  auto outcome = use(*connection);
  give_back(std::move(connection));
  return outcome;
}

base::Result<std::unique_ptr<Connection>> ReadPool::take() {
  const auto self = std::this_thread::get_id();
  {
    std::unique_lock lock(mutex_);
    // Waiting for a second connection while holding one can wait for ever.
    if (std::ranges::find(holders_, self) != holders_.end()) {
      return base::Error(base::Code::internal_error, "A read was called inside a read.");
    }
    returned_.wait(lock, [&] { return holders_.size() < most_; });
    holders_.push_back(self);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  auto connection = connect_();
  if (!connection) give_back(nullptr);
  return connection;
}

void ReadPool::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    holders_.erase(std::ranges::find(holders_, std::this_thread::get_id()));
    if (connection && connection->usable()) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace kronborg::sql
