#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "sql/open.h"
#include "sql/sqlite_connection.h"
#include "sql/sqlite_file.h"

namespace kronborg::sql {

namespace {

namespace fs = std::filesystem;

base::Error file_failure(const char* what, const fs::path& file, const std::error_code& failed) {
  return {base::Code::file_error,
          fmt::format("{} {}: {}.", what, base::printable(file.string()), failed.message())};
}

/// A private copy to be examined: SQLite makes files beside what it opens, and a backup may lie on
/// a medium that cannot be written.
base::Result<void> copy_backup(const fs::path& backup, const fs::path& copy) {
  std::error_code failed;
  if (fs::exists(beside(backup, "-wal"), failed)) {
    return base::Error(base::Code::file_error,
                       fmt::format("The file {} has a write-ahead log beside it: it is a store in "
                                   "use and not a backup.",
                                   base::printable(backup.string())),
                       "Make a backup with 'kronborg store backup FILE'.");
  }
  fs::remove(copy, failed);
  TRY_VOID(create_private_file(copy));
  if (!fs::copy_file(backup, copy, fs::copy_options::overwrite_existing, failed)) {
    return file_failure("Cannot copy", backup, failed);
  }
  fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write, failed);
  if (failed) return file_failure("Cannot write", copy, failed);
  return {};
}

base::Result<void> require_sound(const fs::path& copy, std::int64_t newest_version) {
  TRY(auto connection, SqliteConnection::connect(copy));
  TRY_VOID(connection->require_ours());
  TRY(const auto findings, connection->check());
  if (!findings.empty()) {
    return base::Error(base::Code::store_damaged,
                       fmt::format("The backup is damaged: {}", findings.front()),
                       "Restore another backup; nothing was changed.");
  }
  TRY(const auto version, connection->schema_version());
  if (!version) {
    return base::Error(base::Code::store_damaged, "The backup holds no schema.",
                       "Restore another backup; nothing was changed.");
  }
  if (*version > newest_version) return base::Code::store_newer;
  TRY_VOID(connection->use_write_ahead_log());
  return {};
}

/// Nothing of the old store may be left in a log that would be replayed over the new one. A sound
/// store takes its log into the file first, so that a crash before the rename loses nothing of it;
/// the log of a damaged one goes with it.
void retire_log(const fs::path& store) {
  std::error_code ignored;
  if (fs::exists(store, ignored)) {
    if (auto old = SqliteConnection::connect(store)) static_cast<void>((*old)->fold_log());
  }
  fs::remove(beside(store, "-wal"), ignored);
  fs::remove(beside(store, "-shm"), ignored);
}

}  // namespace

base::Result<void> restore_sqlite(const fs::path& sqlite_file, const fs::path& backup,
                                  std::int64_t newest_version) {
  TRY(const auto lock, FileLock::take(sqlite_file));
  const auto copy = beside(sqlite_file, ".restored");
  auto restored = [&]() -> base::Result<void> {
    TRY_VOID(copy_backup(backup, copy));
    TRY_VOID(require_sound(copy, newest_version));
    TRY_VOID(sync_file(copy));
    retire_log(sqlite_file);
    std::error_code failed;
    fs::rename(copy, sqlite_file, failed);
    if (failed) return file_failure("Cannot replace", sqlite_file, failed);
    return sync_folder_of(sqlite_file);
  }();
  std::error_code ignored;
  if (!restored) fs::remove(copy, ignored);
  return restored;
}

}  // namespace kronborg::sql
