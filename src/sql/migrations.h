#pragma once

#include <span>

#include "sql/database.h"

namespace kronborg::sql {

/// One step of the schema: statements run in order, all in one transaction with the raised version.
/// Steps are never edited after a release; a new one is appended.
struct Migration {
  std::int64_t version;  ///< 1, 2, 3 … without gaps
  std::span<const Text> statements;
};

/// Brings the store to the newest version. Error: store_newer when it is already beyond it
/// (nothing is changed then).
base::Result<void> migrate(Database& database, std::span<const Migration> migrations);

}  // namespace kronborg::sql
