#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "sql/database.h"

namespace kronborg::sql {

struct OpenOptions {
  std::filesystem::path sqlite_file = {};  ///< used when `url` is empty
  std::string url = {};                    ///< "", or postgresql://…
  int readers = 4;                         ///< read connections at most
};

/// Opens the store and takes it for this process alone (SQLite: a lock on a file beside it;
/// PostgreSQL: a session advisory lock). Does not migrate. Errors: store_in_use, store_unavailable,
/// store_damaged, file_error, config_invalid (unknown scheme).
base::Result<std::unique_ptr<Database>> open(const OpenOptions& options);

/// Replaces the SQLite file by a backup after checking that one is sound and not from a newer
/// version than `newest_version`. No store may be open on it. Errors: store_damaged, store_newer,
/// store_in_use, file_error.
base::Result<void> restore_sqlite(const std::filesystem::path& sqlite_file,
                                  const std::filesystem::path& backup, std::int64_t newest_version);

}  // namespace kronborg::sql
