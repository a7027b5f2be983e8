#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/database.h"

namespace kronborg::sql {

enum class Access : std::uint8_t { read, write };

/// What a driver implements; the writer (group_commit.h) and the readers (read_pool.h) are common.
/// One thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Opens a transaction; a driver that lost its server connects again first.
  virtual base::Result<void> begin(Access access) = 0;
  /// On success everything since begin() is durable. On an error nothing of it is visible, unless
  /// the text of the error says that the outcome is unknown. The transaction is over either way.
  virtual base::Result<void> commit() = 0;
  /// Leaves no transaction open; never fails (a connection that cannot is no longer usable()).
  virtual void rollback() = 0;

  /// One savepoint, not nested: set, then either kept or undone.
  virtual base::Result<void> savepoint() = 0;
  virtual base::Result<void> keep_savepoint() = 0;
  virtual base::Result<void> undo_savepoint() = 0;

  /// False when the store ended the transaction by itself: a full disk, a lost connection.
  [[nodiscard]] virtual bool in_transaction() const = 0;
  [[nodiscard]] virtual bool usable() const = 0;

  virtual base::Result<Answer> run(std::string_view sql, const std::vector<Value>& parameters) = 0;

  /// The version in the table that migrations.cc keeps; nothing when there is no such table.
  virtual base::Result<std::optional<std::int64_t>> schema_version() = 0;

  /// Upkeep between two batches, after their callers have been answered.
  virtual void tidy() {}
};

}  // namespace kronborg::sql
