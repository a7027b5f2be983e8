#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "sql/connection.h"

namespace kronborg::sql {

/// A few connections that only read, made when first needed. Thread-safe; a caller waits for a free
/// one.
class ReadPool {
 public:
  using Connect = std::function<base::Result<std::unique_ptr<Connection>>()>;

  ReadPool(Connect connect, int most);

  /// Database::read.
  base::Result<void> read(const Work& work);

  /// Lends a connection outside a transaction; one that is no longer usable() is not kept.
  base::Result<void> with(const std::function<base::Result<void>(Connection&)>& use);

 private:
  base::Result<std::unique_ptr<Connection>> take();
  void give_back(std::unique_ptr<Connection> connection);

  const Connect connect_;
  const std::size_t most_;

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::vector<std::thread::id> holders_;  // one per connection lent
};

}  // namespace kronborg::sql
